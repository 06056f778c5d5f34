import { familyOf, ipFromBytes, type Family, type Ip } from '../../../model/ip.ts';
import { weftProtocol, type Address } from '../../objects/ip-config.ts';
import type { NetlinkRequest } from '../message.ts';
import { af, change, ifa, ifaFlag, nlm, rtm, rtScope } from './constants.ts';
import { readAttributes, readU32, readU8 } from './reader.ts';
import type { BodyWriter } from './writer.ts';

/** `ip addr add|replace IP/LEN dev DEV proto 0x57`, of IPv6 with `nodad`; `add` refuses one that exists, `replace` makes it ours. */
export function putAddress(w: BodyWriter, o: Address, dev: number, how: 'add' | 'replace'): NetlinkRequest {
  const body = address(w, o, dev, familyOf(o.ip) === 6 ? ifaFlag.noDad : 0).attribute8(
    ifa.proto,
    weftProtocol,
  );
  return {
    type: rtm.newAddress,
    flags: change | nlm.create | (how === 'add' ? nlm.excl : nlm.replace),
    body: body.finish(),
  };
}

/** `ip addr del IP/LEN dev DEV` */
export function deleteAddress(w: BodyWriter, o: Address, dev: number): NetlinkRequest {
  return { type: rtm.delAddress, flags: change, body: address(w, o, dev, 0).finish() };
}

/** `ip addr show` */
export function dumpAddresses(w: BodyWriter): NetlinkRequest {
  const body = w.begin().u32(0).u32(0).finish();
  return { type: rtm.getAddress, flags: nlm.request | nlm.dump, body };
}

/** One address as a dump shows it. */
export interface AddressRow {
  readonly dev: number;
  readonly ip: Ip;
  readonly length: number;
  /** rtnetlink(7), RT_SCOPE_*: 0 is global. */
  readonly scope: number;
  /** IFA_PROTO: who put it there; 0 when nobody said. */
  readonly protocol: number;
}

/** Reads the body of an RTM_NEWADDR message; undefined for an address that is neither IPv4 nor IPv6. */
export function readAddress(body: Uint8Array): AddressRow | undefined {
  const family = familyFromAf(readU8(body));
  const attributes = readAttributes(body, 8);
  // On a link with two ends IFA_ADDRESS is the other one.
  const ip = attributes.get(ifa.local) ?? attributes.get(ifa.address);
  if (family === undefined || ip === undefined) return undefined;
  return {
    dev: readU32(body, 4),
    ip: ipFromBytes(ip, family),
    length: readU8(body, 1),
    scope: readU8(body, 3),
    protocol: readU8(attributes.get(ifa.proto)),
  };
}

export function familyFromAf(number: number): Family | undefined {
  if (number === af.inet) return 4;
  return number === af.inet6 ? 6 : undefined;
}

/** A body with struct ifaddrmsg and the address. */
function address(w: BodyWriter, o: Address, dev: number, flags: number): BodyWriter {
  const family = familyOf(o.ip) === 4 ? af.inet : af.inet6;
  w.begin().u8(family).u8(o.length).u8(flags).u8(rtScope.universe).u32(dev);
  return w.attributeIp(ifa.local, o.ip).attributeIp(ifa.address, o.ip);
}
