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
  switch (address.kind) {
    case 'file': {
      const { openFileStore } = await import('./file/store.ts');
      return openFileStore(address, ports);
    }
    case 'etcd': {
      if (!address.secure && secrets.password !== undefined) {
        ports.logger.warn('the password goes to etcd in clear text; etcds:// protects it', { store: url });
      }
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

function misfit(
  { kind, secure }: Exclude<StoreAddress, { readonly kind: 'file' }>,
  secrets: Secrets,
): string | undefined {
  if (kind === 'consul') {
    return Object.keys(secrets).length === 0
      ? undefined
      : 'is open: credentials for Consul are not known yet';
  }
  if (!secure && (secrets.ca !== undefined || secrets.cert !== undefined)) {
    return 'has no TLS, so that the certificates that are set would protect nothing; write etcds://';
  }
  return secrets.token === undefined
    ? undefined
    : 'takes a user and a password; a token means nothing to etcd';
}
