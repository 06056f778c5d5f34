import { familyOf } from '../../model/ip.ts';
import type { LinuxObject } from '../objects/object.ts';
import type { Place } from '../objects/kind.ts';
import { neighbourPlace, portPlace } from '../objects/place.ts';

/** One attribute of a kind, and what a different value means for the kernel object. Attributes of the key are not listed. */
export interface Attribute<O> {
  readonly name: string;
  of(o: O): string | number | boolean;
  readonly how: 'in place' | 'replace';
  readonly why: string;
  /** Places that vanish for a moment although the object lives on: what goes with them must be made again. */
  loses?(from: O): readonly Place[];
}

type ChangeTable = {
  readonly [K in LinuxObject['kind']]: readonly Attribute<Extract<LinuxObject, { kind: K }>>[];
};

/** All that is compared, and what can be changed in place. */
export const changeTable: ChangeTable = {
  netns: [
    {
      name: 'mark',
      of: (o) => o.mark,
      how: 'in place',
      why: 'The alias of lo can be rewritten while everything in the namespace lives on.',
    },
  ],
  bridge: [
    {
      name: 'mac',
      of: (o) => o.mac,
      how: 'in place',
      why: 'A bridge takes a new address at once and keeps it whatever its ports have, but forgets its neighbours.',
      loses: (from) => [neighbourPlace(from.scope, from.name)],
    },
    {
      name: 'mtu',
      of: (o) => o.mtu,
      how: 'in place',
      why: 'A bridge takes any MTU at once; once set, it no longer follows its ports.',
    },
  ],
  vxlan: [
    {
      name: 'bridge',
      of: (o) => o.bridge,
      how: 'in place',
      why: 'Joining a bridge leaves the FDB and the neighbours of the tunnel device alone.',
    },
    {
      name: 'vni',
      of: (o) => o.vni,
      how: 'replace',
      why: 'The kernel refuses another VNI on a living device (EOPNOTSUPP), as its sockets hash by VNI.',
    },
    {
      name: 'family',
      of: (o) => familyOf(o.local),
      how: 'replace',
      why: 'The kernel refuses a local address of the other family on a living device, as the socket is of one family.',
    },
    {
      name: 'local',
      of: (o) => o.local,
      how: 'in place',
      why: 'A local address of the same family is taken for the next packet; the FDB stays.',
    },
    {
      name: 'port',
      of: (o) => o.port,
      how: 'replace',
      why: 'The kernel refuses another UDP port on a living device, as the socket is bound when the device is made.',
    },
    {
      name: 'mtu',
      of: (o) => o.mtu,
      how: 'in place',
      why: 'The MTU is taken for the next packet.',
    },
  ],
  veth: [
    {
      name: 'bridge',
      of: (o) => o.bridge,
      how: 'in place',
      why: 'The pair lives on, but the bridge flushes the static FDB entries of a port that leaves it.',
      loses: (from) => [portPlace(from.scope, from.name)],
    },
    {
      name: 'mtu',
      of: (o) => o.mtu,
      how: 'in place',
      why: 'Both ends take a new MTU at once, under traffic.',
    },
    {
      name: 'up',
      of: (o) => o.up,
      how: 'in place',
      why: 'Both ends are set up or down; whoever is set down wants neither addresses nor routes.',
    },
    {
      name: 'peer.scope',
      of: (o) => o.peer.scope,
      how: 'replace',
      why: 'Another sandbox is another attachment: interfaces are born in place and never moved.',
    },
    {
      name: 'peer.name',
      of: (o) => o.peer.name,
      how: 'replace',
      why: 'An interface must be down to be renamed, and the program inside may hold on to the old name.',
    },
    {
      name: 'peer.mac',
      of: (o) => o.peer.mac,
      how: 'in place',
      why: 'A veth takes a new address while it is up (IFF_LIVE_ADDR_CHANGE).',
    },
  ],
  fdb: [
    {
      name: 'dst',
      of: (o) => o.dst,
      how: 'in place',
      why: 'Replacing the entry moves the MAC to another VTEP without a gap.',
    },
  ],
  'port-fdb': [],
  neighbour: [
    {
      name: 'mac',
      of: (o) => o.mac,
      how: 'in place',
      why: 'Replacing the entry moves the address to another MAC without a gap.',
    },
  ],
  address: [
    {
      name: 'length',
      of: (o) => o.length,
      how: 'replace',
      why: 'The same IPv4 address with another length is a second address beside the first.',
    },
  ],
  route: [
    {
      name: 'dev',
      of: (o) => o.dev,
      how: 'in place',
      why: 'Replacing the route of a prefix and metric changes its interface without a gap.',
    },
    {
      name: 'via',
      of: (o) => o.via ?? '',
      how: 'in place',
      why: 'Replacing the route of a prefix and metric changes its gateway without a gap.',
    },
    {
      name: 'src',
      of: (o) => o.src ?? '',
      how: 'replace',
      why: 'The kernel puts the route to the subnet of an address beside one that is there already, and not in its place.',
    },
  ],
  sysctl: [
    {
      name: 'value',
      of: (o) => o.value,
      how: 'in place',
      why: 'A setting is only ever written.',
    },
  ],
};

export type Difference =
  | { readonly kind: 'none' }
  | { readonly kind: 'in place'; readonly loses: readonly Place[] }
  /** Delete, then create: `attributes` say why; a kind's name means that another kind of link has the name. */
  | { readonly kind: 'replace'; readonly attributes: readonly string[] };

const none: Difference = { kind: 'none' };

/** How to come from `from` to `to`, which have the same key. */
export function difference(from: LinuxObject, to: LinuxObject): Difference {
  if (sameObject(from, to)) return none;
  if (from.kind !== to.kind) return { kind: 'replace', attributes: [from.kind] };
  const changed = attributesOf(to).filter((a) => a.of(from) !== a.of(to));
  const replacing = changed.filter((a) => a.how === 'replace').map((a) => a.name);
  if (replacing.length > 0) return { kind: 'replace', attributes: replacing };
  return { kind: 'in place', loses: changed.flatMap((a) => a.loses?.(from) ?? []) };
}

/** Do both say the same to the kernel? They must have the same key. */
export function sameObject(a: LinuxObject, b: LinuxObject): boolean {
  if (a === b) return true;
  if (a.kind !== b.kind) return false;
  for (const attribute of attributesOf(a)) if (attribute.of(a) !== attribute.of(b)) return false;
  return true;
}

/** The attributes of the object's kind; to be asked only about objects of that kind. */
export function attributesOf(o: LinuxObject): readonly Attribute<LinuxObject>[] {
  return changeTable[o.kind];
}
