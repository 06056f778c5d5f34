import type { Ip } from './ip.ts';
import type { Mac } from './mac.ts';
import type { Name } from './name.ts';
import type { Prefix } from './prefix.ts';
import type { Vni } from './vni.ts';

declare const brand: unique symbol;
/** 16 lower-case hex digits, random. Everything of a network hangs on its id, never on its name. */
export type NetworkId = string & { readonly [brand]: 'NetworkId' };

export const networkIdPattern = /^[0-9a-f]{16}$/;

/** Kinds of network. `overlay`: VXLAN between hosts. */
export type Driver = 'overlay';

/** The most that one network may declare: its acceptance must fit one store transaction (Consul: 64 operations). */
export const networkLimits = { subnets: 8, auxiliary: 32, labels: 64, labelBytes: 4096 } as const;

/** A subnet as accepted: everything that the wish left open is decided here. */
export interface Subnet {
  readonly prefix: Prefix;
  /** First hop inside the network namespace, the same on every node; never given to an endpoint. */
  readonly gateway: Ip;
  /** Automatic addresses come from here; absent: from the whole prefix. */
  readonly range?: Prefix;
  /** Addresses kept out of allocation, by name. */
  readonly auxiliary: ReadonlyMap<Name, Ip>;
}

/** `network-state/<name>`: the accepted spec. Agents program from this and never from the wish. */
export interface Network {
  readonly id: NetworkId;
  readonly name: Name;
  readonly driver: Driver;
  readonly vni: Vni;
  readonly subnets: readonly Subnet[];
  /** Bytes of an IP packet inside; absent: the least VTEP MTU of all nodes less the tunnel's overhead. */
  readonly mtu?: number;
  /** No route leads out of the network. */
  readonly internal: boolean;
  readonly allowOverlap: boolean;
  readonly labels: ReadonlyMap<string, string>;
  readonly phase: Phase;
  /** SHA-256 (hex) of the wish's canonical JSON: a wish equal by hash is accepted already. */
  readonly wishHash: string;
  /** The value of the `network-accept` counter when this spec was accepted. */
  readonly acceptance: number;
  /** Node that accepted it, or the user who called its API. */
  readonly creator: string;
  /** Wall-clock time of creation, ISO 8601, for people. */
  readonly createdAt: string;
  /** The last acceptance that changed it: who, and when; absent: none has. */
  readonly changed?: { readonly by: string; readonly at: string };
}

export type Phase =
  | { readonly kind: 'active'; readonly refused?: RefusedEdit }
  | { readonly kind: 'removing'; readonly force: boolean; readonly by: string };

/** A later wish that could not be accepted: the accepted spec stays, the reason is shown. */
export interface RefusedEdit {
  readonly wishHash: string;
  readonly why: string;
}

/** A wish of which nothing was ever accepted. */
export interface RefusedNetwork {
  readonly name: Name;
  readonly wishHash: string;
  readonly why: string;
}

/** The gateway's MAC address is the same on every node, so that an endpoint that moves keeps its first hop. */
export const gatewayMac = '02:57:00:00:00:01' as Mac;

/** Does traffic between subnets of this network need the router in the network namespace? */
export function isRouted(network: Pick<Network, 'subnets'>): boolean {
  let v6 = 0;
  for (const { prefix } of network.subnets) if (prefix.includes(':')) v6 += 1;
  return v6 > 1 || network.subnets.length - v6 > 1;
}
