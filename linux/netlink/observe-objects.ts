import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Vni } from '../../model/vni.ts';
import { weftProtocol } from '../objects/ip-config.ts';
import { ownEntry } from '../objects/forwarding.ts';
import type { LinuxObject } from '../objects/object.ts';
import { isSandbox, unknownSandbox, type NetworkScope, type SandboxScope } from '../objects/scope.ts';
import type { AddressRow } from './codec/address.ts';
import { nud, rtn, rtProt, rtScope, rtTableMain } from './codec/constants.ts';
import type { LinkRow } from './codec/link-row.ts';
import type { FdbRow, NeighbourRow } from './codec/neighbour.ts';
import type { RouteRow } from './codec/route.ts';

/** Names of the links of one namespace by their indexes. */
export type LinkNames = Pick<ReadonlyMap<number, string>, 'get'>;

/** The other end of a port: the interface in a sandbox. */
export interface Peer {
  readonly scope: SandboxScope;
  readonly link: LinkRow;
}

/**
 * The links of a network namespace; `peers` are the other ends of its ports by the ports' indexes. Kinds that we never make are
 * not there: the kernel puts some into every namespace by itself.
 *
 * What an object cannot express is told by a value that nobody wishes, so that a plan repairs it: a bridge or tunnel device that
 * is down, or has an option that is not as we make it and can be changed in place, has MTU 0; a tunnel device with one that cannot
 * has VNI 0; and a port with other flags than ours is a port of no bridge.
 */
export function linkObjects(
  scope: NetworkScope,
  links: readonly LinkRow[],
  peers: ReadonlyMap<number, Peer> = new Map(),
  names: LinkNames = namesOf(links),
): LinuxObject[] {
  return links
    .map((link) => linkObject(scope, link, names, peers.get(link.index)))
    .filter((o) => o !== undefined);
}

function linkObject(
  scope: NetworkScope,
  link: LinkRow,
  names: LinkNames,
  peer: Peer | undefined,
): LinuxObject | undefined {
  const { name, details } = link;
  switch (details.kind) {
    case 'bridge': {
      const mtu = link.up && details.odd.length === 0 ? link.mtu : 0;
      return { kind: 'bridge', scope, name, mac: link.mac, mtu };
    }
    case 'vxlan': {
      const isFixed = details.odd.some(({ how }) => how === 'replace');
      const vni = (isFixed ? 0 : details.vni) as Vni;
      const local = details.local ?? ('0.0.0.0' as Ip);
      const bridge = bridgeOf(link, names, true);
      const mtu = link.up && (isFixed || details.odd.length === 0) ? link.mtu : 0;
      return { kind: 'vxlan', scope, name, bridge, vni, local, port: details.port, mtu };
    }
    case 'veth': {
      const up = link.up && peer?.link.up !== false;
      const mtu = peer === undefined || peer.link.mtu === link.mtu ? link.mtu : 0;
      const end =
        peer === undefined
          ? { scope: unknownSandbox, name: '', mac: '00:00:00:00:00:00' as Mac }
          : { scope: peer.scope, name: peer.link.name, mac: peer.link.mac };
      return { kind: 'veth', scope, name, bridge: bridgeOf(link, names, false), mtu, up, peer: end };
    }
    case 'other':
      return undefined;
  }
}

/** The bridge that the link is a port of, with our flags. */
function bridgeOf({ port, master }: LinkRow, names: LinkNames, flood: boolean): string {
  const isOurs = port?.learning === false && port.flood === flood && port.odd.length === 0;
  return isOurs ? (names.get(master) ?? '') : '';
}

export function namesOf(links: readonly LinkRow[]): Map<number, string> {
  return new Map(links.map((l) => [l.index, l.name]));
}

/** An entry of a tunnel device, a static one of a bridge port, or the bridge's own; not one that the kernel makes for a port. */
export function fdbObject(scope: NetworkScope, row: FdbRow, names: LinkNames): LinuxObject | undefined {
  const { mac, dst } = row;
  const dev = names.get(row.dev);
  if (dev === undefined) return undefined;
  if (dst !== undefined) return { kind: 'fdb', scope, dev, mac, dst };
  if (row.where === 'own') return ownEntry({ scope, name: dev, mac });
  if (row.where === 'device' || row.state !== nud.noarp) return undefined;
  return { kind: 'port-fdb', scope, dev, mac };
}

/** A permanent entry: what the kernel learns by itself comes and goes. */
export function neighbourObject(
  scope: NetworkScope,
  row: NeighbourRow,
  names: LinkNames,
): LinuxObject | undefined {
  const { ip, mac } = row;
  const dev = names.get(row.dev);
  if (dev === undefined || (row.state & nud.permanent) === 0) return undefined;
  return { kind: 'neighbour', scope, dev, ip, mac };
}

/** Addresses on the named links: in a sandbox ours by IFA_PROTO, elsewhere all but those that are good for one link only. */
export function addressObjects(
  scope: NetworkScope | SandboxScope,
  rows: readonly AddressRow[],
  names: LinkNames,
): LinuxObject[] {
  const ours = (row: AddressRow): boolean =>
    isSandbox(scope) ? row.protocol === weftProtocol : row.scope < rtScope.link;
  return rows.flatMap((row): LinuxObject[] => {
    const dev = names.get(row.dev);
    if (dev === undefined || !ours(row)) return [];
    return [{ kind: 'address', scope, dev, ip: row.ip, length: row.length }];
  });
}

/**
 * Routes of the main table: in a sandbox ours by protocol, over the named links; elsewhere all but what the kernel makes for links
 * and not for addresses. One that leads nowhere (also by `lo`), or several ways, has no device.
 */
export function routeObjects(
  scope: NetworkScope | SandboxScope,
  rows: readonly RouteRow[],
  names: LinkNames,
): LinuxObject[] {
  const [isOurs, nowhere] = isSandbox(scope) ? [isMarked, undefined] : [isAnybodys, ''];
  return rows.flatMap((row): LinuxObject[] => {
    const { prefix, via, src, metric } = row;
    if (row.table !== rtTableMain || !isOurs(row)) return [];
    const dev = (row.type === rtn.unicast ? names.get(row.dev) : undefined) ?? nowhere;
    if (dev === undefined || (dev === '' && row.protocol === rtProt.kernel)) return [];
    const way = { ...(via === undefined ? {} : { via }), ...(src === undefined ? {} : { src }) };
    return [{ kind: 'route', scope, dev, prefix, ...way, metric }];
  });
}

const isMarked = ({ protocol, via }: RouteRow): boolean => protocol === weftProtocol && via !== undefined;

function isAnybodys({ protocol, prefix }: RouteRow): boolean {
  if (protocol === rtProt.kernel) return !linkLocal.test(prefix);
  return protocol !== rtProt.routerAdvertisement;
}

/** fe80::/10 (RFC 4291 2.5.6) and ff00::/8. */
const linkLocal = /^(fe[89ab]|ff)/;
