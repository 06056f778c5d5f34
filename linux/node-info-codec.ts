import { ipFromBytes, type Family, type Ip } from '../model/ip.ts';
import type { Prefix } from '../model/prefix.ts';
import { familyFromAf } from './netlink/codec/address.ts';
import { af, ifa, nlm, rtm, rtn, rtScope, rtTableMain } from './netlink/codec/constants.ts';
import { readLink } from './netlink/codec/link-row.ts';
import { readAttributes, readU32, readU8 } from './netlink/codec/reader.ts';
import { readRoute } from './netlink/codec/route.ts';
import type { NetlinkMessage, NetlinkRequest } from './netlink/message.ts';
import { weftProtocol } from './objects/ip-config.ts';

/** What matters of an interface of the node. */
export interface NodeLink {
  readonly index: number;
  readonly name: string;
  readonly mtu: number;
  readonly up: boolean;
  readonly loopback: boolean;
}

export interface NodeAddress {
  /** Of the interface that has it. */
  readonly index: number;
  readonly ip: Ip;
  /** Its scope is the world, as opposed to a link or this host. */
  readonly global: boolean;
  /** IPv6 only: temporary (RFC 8981), deprecated, or refused because somebody else has it. */
  readonly passing: boolean;
}

/** IFA_F_TEMPORARY, IFA_F_DADFAILED, IFA_F_DEPRECATED */
const passingFlags = 0x01 | 0x08 | 0x20;

/** `ip link show` */
export const readLinks: NetlinkRequest = { type: rtm.getLink, flags: nlm.dump, body: new Uint8Array(16) };
/** `ip address show` */
export const readAddresses: NetlinkRequest = {
  type: rtm.getAddress,
  flags: nlm.dump,
  body: new Uint8Array(8),
};
/** `ip route show`, of one family */
export function readRoutes(family: Family): NetlinkRequest {
  const body = Uint8Array.of(family === 4 ? af.inet : af.inet6, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
  return { type: rtm.getRoute, flags: nlm.dump, body };
}

export function linkIn({ type, body }: NetlinkMessage): readonly NodeLink[] {
  return type === rtm.newLink ? [readLink(body)] : [];
}

/** struct ifaddrmsg: family, prefix length, flags, scope, index (4). */
export function addressIn({ type, body }: NetlinkMessage): readonly NodeAddress[] {
  const family = familyFromAf(readU8(body));
  const attributes = readAttributes(body, 8);
  // On a link with two ends IFA_ADDRESS is the other one.
  const bytes = attributes.get(ifa.local) ?? attributes.get(ifa.address);
  if (type !== rtm.newAddress || family === undefined || bytes === undefined) return [];
  return [
    {
      index: readU32(body, 4),
      ip: ipFromBytes(bytes, family),
      global: readU8(body, 3) === rtScope.universe,
      // Among IPv4 addresses the first of the flags means "secondary".
      passing: family === 6 && (readU32(attributes.get(ifa.flags)) & passingFlags) !== 0,
    },
  ];
}

/** The destination of a unicast route in the main table that is neither the default, nor link-local, nor our own. */
export function routeIn({ type, body }: NetlinkMessage): readonly Prefix[] {
  if (type !== rtm.newRoute) return [];
  const route = readRoute(body);
  if (route?.table !== rtTableMain || route.type !== rtn.unicast || route.protocol === weftProtocol)
    return [];
  return /\/0$|^fe[89ab][0-9a-f]:|^::1\//.test(route.prefix) ? [] : [route.prefix];
}
