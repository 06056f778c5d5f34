import type { Ip } from '../../model/ip.ts';
import type { Prefix } from '../../model/prefix.ts';
import type { NetworkScope, SandboxScope } from './scope.ts';

/**
 * An address on an interface (`ip addr add IP/LEN dev DEV`; IPv6 with `nodad`: the claim in the store is the duplicate
 * check). In a sandbox it is proven ours by IFA_PROTO (`proto 0x57`).
 */
export interface Address {
  readonly kind: 'address';
  readonly scope: NetworkScope | SandboxScope;
  readonly dev: string;
  readonly ip: Ip;
  readonly length: number;
}

/** A route by a gateway (`ip route replace PREFIX via VIA dev DEV proto 87`); the protocol number proves that it is ours. */
export interface Route {
  readonly kind: 'route';
  readonly scope: NetworkScope | SandboxScope;
  readonly dev: string;
  /** `0.0.0.0/0` and `::/0` are the default routes. */
  readonly prefix: Prefix;
  readonly via: Ip;
  readonly metric: number;
}

/** A kernel setting of a network namespace (`sysctl -w KEY=VALUE`), for instance `net/ipv4/ip_forward`. */
export interface Sysctl {
  readonly kind: 'sysctl';
  readonly scope: NetworkScope;
  /** Path below /proc/sys. */
  readonly key: string;
  readonly value: string;
  /** The setting exists only with a kernel feature; without it there is nothing to set. */
  readonly optional: boolean;
}

/** rtm_protocol of our routes and IFA_PROTO of our addresses: `W`. */
export const weftProtocol = 0x57;
