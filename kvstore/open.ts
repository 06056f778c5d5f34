import type { StorePorts } from './ports.ts';
import type { Store } from './store.ts';
import { parseStoreUrl } from './url.ts';

/**
 * Opens the store that the URL names. Only the back end in use is loaded: a file store costs no memory for the clients of servers.
 *
 * @throws INPUT_INVALID for a URL that names no store.
 */
export async function openStore(url: string, ports: StorePorts): Promise<Store> {
  const address = parseStoreUrl(url);
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
