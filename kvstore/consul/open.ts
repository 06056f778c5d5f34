import { invariant } from '../../model/errors.ts';
import type { StorePorts } from '../ports.ts';
import type { Store } from '../store.ts';
import { Channel } from './channel.ts';
import { ConsulStore } from './consul-store.ts';

export interface ConsulAddress {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  /** Before every key. */
  readonly prefix: string;
  /** Milliseconds: `session_ttl_min` of the servers, where it is not the usual 10 s. */
  readonly minLeaseTtl?: number;
}

/**
 * A client of a Consul cluster. No server needs to be there: calls then fail with STORE_UNAVAILABLE, and watches begin by
 * themselves once one is.
 */
export async function openConsulStore(
  { endpoints, prefix, minLeaseTtl = 10_000 }: ConsulAddress,
  ports: StorePorts,
): Promise<Store> {
  const [first, ...others] = endpoints.map((endpoint) => new Channel(endpoint, ports.clock));
  invariant(first !== undefined, 'a Consul store without a server');
  return new ConsulStore([first, ...others], { prefix, minLeaseTtl }, ports);
}
