import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Vni } from '../../model/vni.ts';
import { ownEntry, type PortFdbEntry } from './forwarding.ts';
import { ranks, type Kind } from './kind.ts';
import { inNamespace, linkPlace, neighbourPlace, portPlace } from './place.ts';
import type { NetworkScope, SandboxScope } from './scope.ts';
import { quoted, type Shell } from './shell.ts';

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

export const bridgeKind: Kind<Bridge, PortFdbEntry> = {
  rank: () => ranks.bridge,
  provides: (o) => [linkPlace(o.scope, o.name), portPlace(o.scope, o.name), neighbourPlace(o.scope, o.name)],
  uses: (o) => [inNamespace(o.scope)],
  brings: (o) => [ownEntry(o)],
  // A bridge keeps its MTU whatever its ports have, but only one that differs from the one it was made with.
  create: (o, sh) => [
    `${sh.ip(o.scope)} link add ${quoted(o.name)} address ${o.mac} mtu ${o.mtu - 1} type bridge mcast_snooping 0`,
    setLink(o, `mtu ${o.mtu} up`, sh),
  ],
  // What is not as it was made is told by an MTU of 0; which option it is, nobody knows here.
  change: (o, from, sh) => [
    ...lines(o.mac !== from.mac, () => setLink(o, `address ${o.mac}`, sh)),
    ...lines(o.mtu !== from.mtu, () => setLink(o, `mtu ${o.mtu} up type bridge mcast_snooping 0`, sh)),
    ...lines(from.mtu === 0, () => setLink(o, `type bridge ${plainBridge}`, sh)),
  ],
  remove: removeLink,
};

export const vxlanKind: Kind<Vxlan> = {
  rank: () => ranks.vxlan,
  provides: (o) => [linkPlace(o.scope, o.name), portPlace(o.scope, o.name), neighbourPlace(o.scope, o.name)],
  uses: (o) => [inNamespace(o.scope), { place: linkPlace(o.scope, o.bridge), fate: 'stays' }],
  create: (o, sh) => [
    `ip link add ${quoted(o.name)} netns ${sh.netns(o.scope)} mtu ${o.mtu} type vxlan id ${o.vni} local ${o.local} dstport ${o.port} nolearning proxy`,
    ...joinVxlan(o, sh),
    setLink(o, 'up', sh),
  ],
  // A device that is down, or has an option that is not as it was made, is told by an MTU of 0.
  change: (o, from, sh) => [
    ...lines(o.local !== from.local, () => setLink(o, `type vxlan id ${o.vni} local ${o.local}`, sh)),
    ...lines(o.mtu !== from.mtu, () => setLink(o, `mtu ${o.mtu} up`, sh)),
    ...lines(from.mtu === 0, () => setLink(o, `type vxlan id ${o.vni} ${plainTunnel}`, sh)),
    ...(o.bridge === from.bridge ? [] : [...joinVxlan(o, sh), makePlain(o, sh)]),
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
  create: (o, sh) => [
    `${sh.ip(o.scope)} link add ${quoted(o.name)} mtu ${o.mtu} type veth peer name ${quoted(o.peer.name)} address ${o.peer.mac} mtu ${o.mtu} netns ${sh.netns(o.peer.scope)}`,
    ...joinVeth(o, sh),
    ...(o.up ? setBoth(o, 'up', sh) : []),
  ],
  change: (o, from, sh) => [
    ...lines(o.peer.mac !== from.peer.mac, () => setPeer(o, `address ${o.peer.mac}`, sh)),
    ...(o.mtu === from.mtu ? [] : setBoth(o, `mtu ${o.mtu}`, sh)),
    ...(o.bridge === from.bridge ? [] : [...joinVeth(o, sh), makePlain(o, sh)]),
    ...(o.up === from.up ? [] : setBoth(o, o.up ? 'up' : 'down', sh)),
  ],
  remove: removeLink,
};

/** The values that a new one has, of all options that iproute2 and every build of the kernel know. */
const plainBridge = 'stp_state 0 group_fwd_mask 0 nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0';
const plainTunnel = 'ttl auto tos 0 df unset ageing 300 nolearning';
const plainPort =
  'hairpin off guard off root_block off fastleave off mcast_flood on mcast_to_unicast off bcast_flood on neigh_suppress off isolated off locked off';

function makePlain(o: Vxlan | Veth, sh: Shell): string {
  return `${sh.bridge(o.scope)} link set dev ${quoted(o.name)} ${plainPort}`;
}

function lines(wanted: boolean, line: () => string): readonly string[] {
  return wanted ? [line()] : [];
}

function setLink(o: Bridge | Vxlan | Veth, what: string, sh: Shell): string {
  return `${sh.ip(o.scope)} link set ${quoted(o.name)} ${what}`;
}

function setPeer(o: Veth, what: string, sh: Shell): string {
  return `${sh.ip(o.peer.scope)} link set ${quoted(o.peer.name)} ${what}`;
}

function setBoth(o: Veth, what: string, sh: Shell): readonly string[] {
  return [setLink(o, what, sh), setPeer(o, what, sh)];
}

function joinVxlan(o: Vxlan, sh: Shell): readonly string[] {
  return joinBridge(o, 'learning off flood on', sh);
}

function joinVeth(o: Veth, sh: Shell): readonly string[] {
  return joinBridge(o, 'learning off flood off', sh);
}

function joinBridge(o: Vxlan | Veth, flags: string, sh: Shell): readonly string[] {
  return [
    setLink(o, `master ${quoted(o.bridge)}`, sh),
    `${sh.bridge(o.scope)} link set dev ${quoted(o.name)} ${flags}`,
  ];
}

function removeLink(o: Bridge | Vxlan | Veth, sh: Shell): readonly string[] {
  return [`${sh.ip(o.scope)} link del ${quoted(o.name)}`];
}
