import { ipFromBytes, type Ip } from '../../../model/ip.ts';
import { macFromBytes, type Mac } from '../../../model/mac.ts';
import type { NetlinkRequest } from '../message.ts';
import { familyFromAf } from './address.ts';
import { af, nda, nlm, rtm } from './constants.ts';
import { readAttributes, readU16, readU32, readU8 } from './reader.ts';
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

/** One FDB entry as a dump shows it. */
export interface FdbRow {
  readonly dev: number;
  readonly mac: Mac;
  /** The VTEP of a tunnel device's entry. */
  readonly dst: Ip | undefined;
  readonly state: number;
  /** In the FDB of the bridge that the device is a port of, or in that of the device itself? */
  readonly where: 'bridge' | 'device';
}

/** Reads the body of an RTM_NEWNEIGH message of family AF_BRIDGE; undefined for an entry without a MAC. */
export function readFdb(body: Uint8Array): FdbRow | undefined {
  const attributes = readAttributes(body, headLength);
  const [mac, dst] = [attributes.get(nda.lladdr), attributes.get(nda.dst)];
  if (readU8(body) !== af.bridge || mac?.length !== 6) return undefined;
  return {
    dev: readU32(body, 4),
    mac: macFromBytes(mac),
    dst: dst === undefined ? undefined : ipFromBytes(dst, dst.length === 4 ? 4 : 6),
    state: readU16(body, 8),
    where: attributes.has(nda.master) ? 'bridge' : 'device',
  };
}

/** One neighbour entry as a dump shows it. */
export interface NeighbourRow {
  readonly dev: number;
  readonly ip: Ip;
  readonly mac: Mac;
  readonly state: number;
}

/** Reads the body of an RTM_NEWNEIGH message of IPv4 or IPv6; undefined for one that knows no MAC. */
export function readNeighbour(body: Uint8Array): NeighbourRow | undefined {
  const family = familyFromAf(readU8(body));
  const attributes = readAttributes(body, headLength);
  const [ip, mac] = [attributes.get(nda.dst), attributes.get(nda.lladdr)];
  if (family === undefined || ip === undefined || mac?.length !== 6) return undefined;
  return {
    dev: readU32(body, 4),
    ip: ipFromBytes(ip, family),
    mac: macFromBytes(mac),
    state: readU16(body, 8),
  };
}

/** struct ndmsg */
const headLength = 12;

function head(w: BodyWriter, family: number, dev: number, state: number, flags: number): BodyWriter {
  return w.begin().u32(family).u32(dev).u16(state).u8(flags).u8(0);
}
