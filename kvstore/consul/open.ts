import { invariant } from '../../model/errors.ts';
import { noCredentials } from '../credentials.ts';
import type { StorePorts } from '../ports.ts';
import type { Store } from '../store.ts';
import { Channel } from './channel.ts';
import { ConsulStore } from './consul-store.ts';

export interface ConsulAddress {
  readonly endpoints: readonly { readonly host: string; readonly port: number }[];
  /** TLS, and a server that proves its name or address. */
  readonly secure: boolean;
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
  { endpoints, secure, prefix, minLeaseTtl = 10_000 }: ConsulAddress,
  ports: StorePorts,
): Promise<Store> {
  const channelPorts = { clock: ports.clock, credentials: ports.credentials ?? noCredentials, secure };
  const [first, ...others] = endpoints.map((endpoint) => new Channel(endpoint, channelPorts));
  invariant(first !== undefined, 'a Consul store without a server');
  return new ConsulStore([first, ...others], { prefix, minLeaseTtl }, ports);
}
