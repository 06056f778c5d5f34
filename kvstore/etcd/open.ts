import { invariant } from '../../model/errors.ts';
import type { StorePorts } from '../ports.ts';
import type { Store } from '../store.ts';
import { Channel } from './channel.ts';
import { EtcdStore } from './etcd-store.ts';

export interface EtcdAddress {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  /** Before every key. */
  readonly prefix: string;
}

/**
 * A client of an etcd v3 cluster. No server needs to be there: calls then fail with STORE_UNAVAILABLE, and watches begin
 * by themselves once one is.
 */
export async function openEtcdStore(address: EtcdAddress, ports: StorePorts): Promise<Store> {
  const [first, ...others] = address.endpoints.map(({ host, port }) => {
    return new Channel(`${host.includes(':') ? `[${host}]` : host}:${port}`);
  });
  invariant(first !== undefined, 'an etcd store without a server');
  return new EtcdStore([first, ...others], address.prefix, ports);
}
