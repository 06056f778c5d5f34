import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Vni } from '../../model/vni.ts';
import { ranks, type Kind } from './kind.ts';
import { inNamespace, linkPlace, neighbourPlace, portPlace } from './place.ts';
import { ipIn, namespaceName, type NetworkScope, type SandboxScope } from './scope.ts';

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
  /** Empty in an observation: the device is a port of no bridge. */
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
  /** Empty in an observation: the device is a port of no bridge. */
  readonly bridge: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly peer: {
    readonly scope: SandboxScope;
    readonly name: string;
    readonly mac: Mac;
  };
}

export const bridgeKind: Kind<Bridge> = {
  rank: () => ranks.bridge,
  provides: (o) => [linkPlace(o.scope, o.name), neighbourPlace(o.scope, o.name)],
  uses: (o) => [inNamespace(o.scope)],
  create: (o) => [
    `${ipIn(o.scope)} link add ${o.name} address ${o.mac} mtu ${o.mtu} type bridge mcast_snooping 0`,
    setLink(o, 'up'),
  ],
  change: (o, from) => [
    ...lines(o.mac !== from.mac, () => setLink(o, `address ${o.mac}`)),
    ...lines(o.mtu !== from.mtu, () => setLink(o, `mtu ${o.mtu}`)),
  ],
  remove: removeLink,
};

export const vxlanKind: Kind<Vxlan> = {
  rank: () => ranks.vxlan,
  provides: (o) => [linkPlace(o.scope, o.name), portPlace(o.scope, o.name), neighbourPlace(o.scope, o.name)],
  uses: (o) => [inNamespace(o.scope), { place: linkPlace(o.scope, o.bridge), fate: 'stays' }],
  create: (o) => [
    `ip link add ${o.name} netns ${namespaceName(o.scope)} mtu ${o.mtu} type vxlan id ${o.vni} local ${o.local} dstport ${o.port} nolearning proxy`,
    ...joinVxlan(o),
    setLink(o, 'up'),
  ],
  change: (o, from) => [
    ...lines(o.local !== from.local, () => setLink(o, `type vxlan id ${o.vni} local ${o.local}`)),
    ...lines(o.mtu !== from.mtu, () => setLink(o, `mtu ${o.mtu}`)),
    ...(o.bridge === from.bridge ? [] : joinVxlan(o)),
  ],
  remove: removeLink,
};

export const vethKind: Kind<Veth> = {
  rank: () => ranks.veth,
  provides: (o) => [
    linkPlace(o.scope, o.name),
    portPlace(o.scope, o.name),
    neighbourPlace(o.scope, o.name),
    linkPlace(o.peer.scope, o.peer.name),
  ],
  uses: (o) => [inNamespace(o.scope), { place: linkPlace(o.scope, o.bridge), fate: 'stays' }],
  create: (o) => [
    `${ipIn(o.scope)} link add ${o.name} mtu ${o.mtu} type veth peer name ${o.peer.name} address ${o.peer.mac} mtu ${o.mtu} netns ${namespaceName(o.peer.scope)}`,
    ...joinVeth(o),
    ...(o.up ? setBoth(o, 'up') : []),
  ],
  change: (o, from) => [
    ...lines(o.peer.mac !== from.peer.mac, () => setPeer(o, `address ${o.peer.mac}`)),
    ...(o.mtu === from.mtu ? [] : setBoth(o, `mtu ${o.mtu}`)),
    ...(o.bridge === from.bridge ? [] : joinVeth(o)),
    ...(o.up === from.up ? [] : setBoth(o, o.up ? 'up' : 'down')),
  ],
  remove: removeLink,
};

function lines(wanted: boolean, line: () => string): readonly string[] {
  return wanted ? [line()] : [];
}

function setLink(o: Bridge | Vxlan | Veth, what: string): string {
  return `${ipIn(o.scope)} link set ${o.name} ${what}`;
}

function setPeer(o: Veth, what: string): string {
  return `${ipIn(o.peer.scope)} link set ${o.peer.name} ${what}`;
}

function setBoth(o: Veth, what: string): readonly string[] {
  return [setLink(o, what), setPeer(o, what)];
}

function joinVxlan(o: Vxlan): readonly string[] {
  return [
    setLink(o, `master ${o.bridge}`),
    `bridge -n ${namespaceName(o.scope)} link set dev ${o.name} learning off`,
  ];
}

function joinVeth(o: Veth): readonly string[] {
  return [
    setLink(o, `master ${o.bridge}`),
    `bridge -n ${namespaceName(o.scope)} link set dev ${o.name} learning off flood off`,
  ];
}

function removeLink(o: Bridge | Vxlan | Veth): readonly string[] {
  return [`${ipIn(o.scope)} link del ${o.name}`];
}
