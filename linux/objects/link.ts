import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Vni } from '../../model/vni.ts';
import type { NetworkScope, SandboxScope } from './scope.ts';

/** `br0` of a network namespace: explicit MAC, `mcast_snooping 0`, up. */
export interface Bridge {
  readonly kind: 'bridge';
  readonly scope: NetworkScope;
  readonly name: string;
  readonly mac: Mac;
  readonly mtu: number;
}

/**
 * The tunnel device, born through the node namespace's socket so that its UDP socket stays on the underlay; a port of
 * `bridge` with `learning off`; `nolearning proxy`; up.
 */
export interface Vxlan {
  readonly kind: 'vxlan';
  readonly scope: NetworkScope;
  readonly name: string;
  readonly bridge: string;
  readonly vni: Vni;
  /** Our VTEP address. */
  readonly local: Ip;
  /** UDP port. */
  readonly port: number;
  readonly mtu: number;
}

/**
 * A container's port: a veth pair made in place. This end is a port of `bridge` in the network namespace with
 * `learning off flood off`; the other end is the interface inside the sandbox. Both ends up unless `up` is false.
 */
export interface Veth {
  readonly kind: 'veth';
  readonly scope: NetworkScope;
  readonly name: string;
  readonly bridge: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly peer: {
    readonly scope: SandboxScope;
    readonly name: string;
    readonly mac: Mac;
  };
}
