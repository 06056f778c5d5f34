import { addressBits, familyOf, ipFromBytes, type Ip } from '../../../model/ip.ts';
import { macFromBytes, type Mac } from '../../../model/mac.ts';
import type { FdbEntry, NeighbourEntry } from '../../objects/forwarding.ts';
import type { NetlinkRequest } from '../message.ts';
import { familyFromAf } from './address.ts';
import { af, nda, nlm, ntf, rtm } from './constants.ts';
import { findAttribute, lengthOf, readU16, readU32, readU8 } from './reader.ts';
import type { BodyWriter } from './writer.ts';

/** `bridge fdb show`: the entries of all devices and of all bridges. */
export function dumpFdb(w: BodyWriter): NetlinkRequest {
  return {
    type: rtm.getNeighbour,
    flags: nlm.request | nlm.dump,
    body: head(w, af.bridge, 0, 0, 0).finish(),
  };
}

/** `ip neigh show`, both families. */
export function dumpNeighbours(w: BodyWriter): NetlinkRequest {
  return {
    type: rtm.getNeighbour,
    flags: nlm.request | nlm.dump,
    body: head(w, af.unspec, 0, 0, 0).finish(),
  };
}

/** `bridge fdb get MAC dev DEV self` */
export function getFdb(w: BodyWriter, o: FdbEntry, dev: number): NetlinkRequest {
  const body = head(w, af.bridge, dev, 0, ntf.self).attributeMac(nda.lladdr, o.mac).finish();
  return { type: rtm.getNeighbour, flags: nlm.request, body };
}

/** `ip neigh get IP dev DEV` */
export function getNeighbour(w: BodyWriter, o: NeighbourEntry, dev: number): NetlinkRequest {
  const family = familyOf(o.ip) === 4 ? af.inet : af.inet6;
  const body = head(w, family, dev, 0, 0).attributeIp(nda.dst, o.ip).finish();
  return { type: rtm.getNeighbour, flags: nlm.request, body };
}

/** One FDB entry as a dump shows it. */
export interface FdbRow {
  readonly dev: number;
  readonly mac: Mac;
  /** The VTEP of a tunnel device's entry. */
  readonly dst: Ip | undefined;
  readonly state: number;
  /** In the FDB of the bridge that the device is a port of, or is (`own`), or in that of the device itself? */
  readonly where: 'bridge' | 'own' | 'device';
}

/** Reads an RTM_NEWNEIGH message of family AF_BRIDGE, its body from `from` to `end`; undefined for an entry without a MAC. */
export function readFdb(bytes: Uint8Array, from = 0, end = bytes.length): FdbRow | undefined {
  if (readU8(bytes, from) !== af.bridge) return undefined;
  const attributes = from + headLength;
  const mac = findAttribute(bytes, attributes, end, nda.lladdr);
  if (mac === undefined || lengthOf(bytes, mac) !== 6) return undefined;
  const dst = findAttribute(bytes, attributes, end, nda.dst);
  const master = findAttribute(bytes, attributes, end, nda.master);
  const dev = readU32(bytes, from + 4);
  return {
    dev,
    mac: macFromBytes(bytes, mac),
    dst: dst === undefined ? undefined : ipFromBytes(bytes, lengthOf(bytes, dst) === 4 ? 4 : 6, dst),
    state: readU16(bytes, from + 8),
    where: master === undefined ? 'device' : readU32(bytes, master) === dev ? 'own' : 'bridge',
  };
}

/** One neighbour entry as a dump shows it. */
export interface NeighbourRow extends KnownNeighbour {
  readonly mac: Mac;
}

/** The same as a notice shows it. */
export interface KnownNeighbour {
  readonly dev: number;
  readonly ip: Ip;
  /** undefined: nobody knows it, or the entry is being removed. */
  readonly mac: Mac | undefined;
  readonly state: number;
}

/** Reads an RTM_NEWNEIGH message of IPv4 or IPv6, its body from `from` to `end`; undefined for one that knows no MAC. */
export function readNeighbour(bytes: Uint8Array, from = 0, end = bytes.length): NeighbourRow | undefined {
  const family = familyFromAf(readU8(bytes, from));
  const attributes = from + headLength;
  const ip = findAttribute(bytes, attributes, end, nda.dst);
  const mac = findAttribute(bytes, attributes, end, nda.lladdr);
  if (family === undefined || ip === undefined || mac === undefined) return undefined;
  if (lengthOf(bytes, mac) !== 6 || lengthOf(bytes, ip) !== addressBits[family] / 8) return undefined;
  return {
    dev: readU32(bytes, from + 4),
    ip: ipFromBytes(bytes, family, ip),
    mac: macFromBytes(bytes, mac),
    state: readU16(bytes, from + 8),
  };
}

/** Reads an RTM_NEWNEIGH or RTM_DELNEIGH message of IPv4 or IPv6. */
export function readAnyNeighbour(bytes: Uint8Array): KnownNeighbour | undefined {
  const row = readNeighbour(bytes);
  if (row !== undefined) return row;
  const family = familyFromAf(readU8(bytes));
  const ip = findAttribute(bytes, headLength, bytes.length, nda.dst);
  if (family === undefined || ip === undefined || lengthOf(bytes, ip) !== addressBits[family] / 8)
    return undefined;
  return {
    dev: readU32(bytes, 4),
    ip: ipFromBytes(bytes, family, ip),
    mac: undefined,
    state: readU16(bytes, 8),
  };
}

/** struct ndmsg */
const headLength = 12;

function head(w: BodyWriter, family: number, dev: number, state: number, flags: number): BodyWriter {
  return w.begin().u32(family).u32(dev).u16(state).u8(flags).u8(0);
}
