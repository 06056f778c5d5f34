import { invariant } from '../../model/errors.ts';
import { noCredentials } from '../credentials.ts';
import type { StorePorts } from '../ports.ts';
import type { Store } from '../store.ts';
import { Channel } from './channel.ts';
import { EtcdStore } from './etcd-store.ts';
import { Login } from './login.ts';
import { TlsCredentials } from './tls.ts';

export interface EtcdAddress {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  /** TLS, and a server that proves its name or address. */
  readonly secure: boolean;
  /** Before every key. */
  readonly prefix: string;
}

/**
 * A client of an etcd v3 cluster. No server needs to be there: calls then fail with STORE_UNAVAILABLE, and watches begin
 * by themselves once one is.
 */
export async function openEtcdStore(address: EtcdAddress, ports: StorePorts): Promise<Store> {
  const credentials = ports.credentials ?? noCredentials;
  const login = new Login({ ...ports, credentials });
  const [first, ...others] = address.endpoints.map(({ host, port }) => {
    const tls = address.secure ? { tls: new TlsCredentials(host, credentials) } : {};
    return new Channel({ host, port }, { login, ...tls });
  });
  invariant(first !== undefined, 'an etcd store without a server');
  return new EtcdStore([first, ...others], login, address.prefix, ports);
}
