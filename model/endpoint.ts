import type { Ip } from './ip.ts';
import type { Mac } from './mac.ts';
import type { Name } from './name.ts';
import type { NetworkId } from './network.ts';
import type { NodeId } from './node.ts';

declare const brand: unique symbol;
/** 32 lower-case hex digits, derived from node id, network id and the caller's key: a repeated attach finds the same one. */
export type EndpointId = string & { readonly [brand]: 'EndpointId' };

export const endpointIdPattern = /^[0-9a-f]{32}$/;

/** The network namespace an endpoint's interface lives in, seen from its node. */
export interface Sandbox {
  /** What makes a repeated attach the same one: namespace name, container id + interface, or an id of the caller's own. */
  readonly key: string;
  /** Path of the namespace file, such as /run/netns/c1 or /proc/123/ns/net. */
  readonly path: string;
  /** /proc/sys/kernel/random/boot_id of the boot in which `cookie` means something. */
  readonly bootId: string;
  /** SO_NETNS_COOKIE of the namespace (64 bit, decimal): never used twice in one boot. */
  readonly cookie: string;
}

/** The most that one endpoint may have. */
export const endpointLimits = { aliases: 32, routePriority: 65_535 } as const;

export type EndpointState =
  | { readonly kind: 'active' }
  /** Somebody else holds what this endpoint had; peers do not program it, its port is down. */
  | { readonly kind: 'conflict'; readonly holder: string };

/** `net/<netid>/endpoint/<id>`: written by the node that holds it. */
export interface Endpoint {
  readonly id: EndpointId;
  readonly network: NetworkId;
  readonly node: NodeId;
  /** Unique in its network when present. */
  readonly name?: Name;
  /** Further names, which several endpoints of a network may have: nothing claims them. */
  readonly aliases: readonly Name[];
  readonly mac: Mac;
  /** At most one for each subnet of the network. */
  readonly addresses: readonly Ip[];
  readonly sandbox: Sandbox;
  /** Name of the interface inside the sandbox; at most 15 bytes. */
  readonly interfaceName: string;
  /**
   * Of the endpoints of a sandbox, the one with the highest priority gives the default route of each family in which it has an
   * address (vxlan/default-route.ts has the rule for equal ones); 0: never.
   */
  readonly routePriority: number;
  readonly labels: ReadonlyMap<string, string>;
  readonly state: EndpointState;
  readonly creator: string;
  /** Milliseconds since 1970, for people; 0: not known. */
  readonly createdAt: number;
}

/** What a claim key holds its value for. */
export type ClaimKind = 'endpoint' | 'reservation' | 'gateway' | 'auxiliary';

/** Value of `net/<netid>/claim/...`: who holds an address, a MAC or a name. The key itself is the allocation. */
export interface Claim {
  readonly kind: ClaimKind;
  /** Endpoint id, name of the reservation, `gateway`, or the auxiliary address's name. */
  readonly holder: string;
  /** Node id, or who asked for the reservation. */
  readonly owner: string;
  /** Milliseconds since 1970 after which a reservation may be dropped; 0: never. */
  readonly expiresAt: number;
  /** Of the name of a reservation: every address that is reserved with it. Absent from all other claims. */
  readonly addresses?: readonly Ip[];
}
