import { WeftError } from '../model/errors.ts';
import { noCredentials, type Secrets } from './credentials.ts';
import type { StorePorts } from './ports.ts';
import type { Store } from './store.ts';
import { parseStoreUrl, type StoreAddress } from './url.ts';

/**
 * Opens the store that the URL names. Only the back end in use is loaded: a file store costs no memory for etcd's client.
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
  }
}

/** Nothing that was set to protect the store is passed over in silence. */
function checkFit(url: string, address: StoreAddress, { ca, cert, token }: Secrets): void {
  if (address.kind === 'file') return;
  const { kind, secure } = address;
  const problem =
    !secure && (ca !== undefined || cert !== undefined)
      ? `has no TLS, so that the certificates that are set would protect nothing; write ${kind}s://`
      : token !== undefined
        ? 'takes a user and a password; a token means nothing to etcd'
        : undefined;
  if (problem === undefined) return;
  throw new WeftError('INPUT_INVALID', `store ${JSON.stringify(url)} ${problem}`, { details: { url } });
}
