import { fdbKind, neighbourKind, portFdbKind } from './forwarding.ts';
import { addressKind, sysctlKind } from './ip-config.ts';
import type { Kind, Place, Use } from './kind.ts';
import { bridgeKind, vethKind, vxlanKind } from './link.ts';
import { namespaceKind } from './namespace.ts';
import { keyOf, type LinuxObject } from './object.ts';
import { routeKind } from './route.ts';

const kinds: { readonly [K in LinuxObject['kind']]: Kind<Extract<LinuxObject, { kind: K }>, LinuxObject> } = {
  netns: namespaceKind,
  bridge: bridgeKind,
  vxlan: vxlanKind,
  veth: vethKind,
  fdb: fdbKind,
  'port-fdb': portFdbKind,
  neighbour: neighbourKind,
  address: addressKind,
  route: routeKind,
  sysctl: sysctlKind,
};

/** What the object's kind says about it. Ask it only about objects of that kind. */
export function kindOf(o: LinuxObject): Kind<LinuxObject, LinuxObject> {
  return kinds[o.kind];
}

export const rankOf = (o: LinuxObject): number => kindOf(o).rank(o);
/** Places that exist while the object exists. */
export const placesOf = (o: LinuxObject): readonly Place[] => kindOf(o).provides(o);
/** Places that the object needs. */
export const usesOf = (o: LinuxObject): readonly Use[] => kindOf(o).uses(o);
/** Objects that the kernel makes with this one, or when this one comes to be in the place of another form of it. */
export function broughtBy(o: LinuxObject, from?: LinuxObject): readonly LinuxObject[] {
  const all = kindOf(o).brings?.(o) ?? nothing;
  if (from === undefined || all.length === 0) return all;
  const before = new Set(broughtBy(from).map(keyOf));
  return all.filter((brought) => !before.has(keyOf(brought)));
}

const nothing: readonly LinuxObject[] = [];
