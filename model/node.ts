import type { AddressPool } from './address-pool.ts';
import type { Ip } from './ip.ts';
import type { Name } from './name.ts';
import type { Prefix } from './prefix.ts';

declare const brand: unique symbol;
/** 16 lower-case hex digits, random, made at the first start and kept in the state directory. */
export type NodeId = string & { readonly [brand]: 'NodeId' };

export const nodeIdPattern = /^[0-9a-f]{16}$/;

/** `nodes/<node-id>`: durable; written by that node only. */
export interface Node {
  readonly id: NodeId;
  readonly name: Name;
  /** Addresses of its tunnel end points, at most one of each family. */
  readonly vteps: readonly Ip[];
  /** MTU in bytes of the interface that carries the VTEP address. */
  readonly mtu: number;
  /** Counts the writes of this record, so that an older copy can be told from the last one. */
  readonly serial: number;
  /** Routes of this node, without default routes, for the overlap check of network declarations. As are the next two. */
  readonly routes: readonly Prefix[];
  /** Its addresses, without those that lie in a route of `routes`. */
  readonly addresses: readonly Ip[];
  /** Whom it asks for names. */
  readonly nameServers: readonly Ip[];
  /** Version of its agent, for people. */
  readonly version: string;
}

/** `alive/<node-id>`: leased. Tells two lives, or two clones, of one node id apart. */
export interface Generation {
  readonly counter: number;
  /** 16 hex digits of randomness, saved on disk before use. */
  readonly random: string;
}

export interface Alive {
  readonly node: NodeId;
  readonly generation: Generation;
}

/**
 * Why nothing may be attached to a node: it is being `collect`ed after a long absence, was `forget`ten by an operator's word, or
 * is being `drain`ed, which it does itself.
 */
export type FenceKind = 'collect' | 'forget' | 'drain';

/** `fences/<node-id>`. A node that joins lifts what was raised in its absence. */
export interface Fence {
  readonly node: NodeId;
  /** For people, when the node's record is gone. */
  readonly name: Name;
  readonly kind: FenceKind;
  /** The node that raised it, and that acts. */
  readonly by: NodeId;
}

/** Facts that the whole cluster shares: the store key `cluster`. */
export interface Cluster {
  readonly id: string;
  readonly epoch: number;
  readonly underlay: 4 | 6;
  /** UDP port of the tunnels; 4789 by IANA. */
  readonly port: number;
  readonly vniFirst: number;
  readonly vniLast: number;
  /** Where networks that declare no subnet get one. */
  readonly pools: readonly AddressPool[];
  /** Agents older than this must not join. */
  readonly minimumVersion: string;
}

/** Bytes that VXLAN adds in front of an inner IP packet: outer IP + UDP 8 + VXLAN 8 + inner Ethernet 14 (RFC 7348). */
export function tunnelOverhead(underlay: 4 | 6): 50 | 70 {
  return underlay === 4 ? 50 : 70;
}
