import { WeftError } from '../model/errors.ts';
import { noCredentials, type Secrets } from './credentials.ts';
import type { StorePorts } from './ports.ts';
import type { Store } from './store.ts';
import { parseStoreUrl, type StoreAddress } from './url.ts';

/**
 * Opens the store that the URL names. Only the back end in use is loaded: a file store costs no memory for the clients of servers.
 *
 * @throws INPUT_INVALID for a URL that names no store, and for credentials that are not good or do not go with it.
 */
export async function openStore(url: string, ports: StorePorts): Promise<Store> {
  const address = parseStoreUrl(url);
  const secrets = address.kind === 'file' ? {} : await (ports.credentials ?? noCredentials).read();
  checkFit(url, address, secrets);
  warnOfClearText(url, address, secrets, ports);
  switch (address.kind) {
    case 'file': {
      const { openFileStore } = await import('./file/store.ts');
      return openFileStore(address, ports);
    }
    case 'etcd': {
      const { openEtcdStore } = await import('./etcd/open.ts');
      return openEtcdStore(address, ports);
    }
    case 'consul': {
      const { openConsulStore } = await import('./consul/open.ts');
      return openConsulStore(address, ports);
    }
  }
}

/** Nothing that was set to protect the store is passed over in silence. */
function checkFit(url: string, address: StoreAddress, secrets: Secrets): void {
  const problem = address.kind === 'file' ? undefined : misfit(address, secrets);
  if (problem === undefined) return;
  throw new WeftError('INPUT_INVALID', `store ${JSON.stringify(url)} ${problem}`, { details: { url } });
}

type ServerAddress = Exclude<StoreAddress, { readonly kind: 'file' }>;

function misfit({ kind, secure }: ServerAddress, secrets: Secrets): string | undefined {
  if (!secure && (secrets.ca !== undefined || secrets.cert !== undefined)) {
    return `has no TLS, so that the certificates that are set would protect nothing; write ${kind}s://`;
  }
  switch (kind) {
    case 'etcd':
      return secrets.token === undefined
        ? undefined
        : 'takes a user and a password; a token means nothing to etcd';
    case 'consul':
      return secrets.user === undefined && secrets.password === undefined
        ? undefined
        : 'takes a token; a user and a password mean nothing to Consul';
  }
}

function warnOfClearText(
  url: string,
  address: StoreAddress,
  { password, token }: Secrets,
  { logger }: StorePorts,
): void {
  if (address.kind === 'file' || address.secure) return;
  const [what, to] = address.kind === 'etcd' ? ['password', 'etcd'] : ['token', 'Consul'];
  if ((password ?? token) === undefined) return;
  logger.warn(`the ${what} goes to ${to} in clear text; ${address.kind}s:// protects it`, { store: url });
}
