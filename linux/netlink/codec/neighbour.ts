import { familyOf, ipFromBytes, type Ip } from '../../../model/ip.ts';
import { macFromBytes, type Mac } from '../../../model/mac.ts';
import type { FdbEntry, NeighbourEntry, PortFdbEntry } from '../../objects/forwarding.ts';
import type { NetlinkRequest } from '../message.ts';
import { familyFromAf } from './address.ts';
import { af, change, nda, nlm, ntf, nud, rtm } from './constants.ts';
import { readAttributes, readU16, readU32, readU8 } from './reader.ts';
import type { BodyWriter } from './writer.ts';

const put = change | nlm.create | nlm.replace;

/** `bridge fdb replace MAC dev DEV self permanent dst IP`, and `bridge fdb del ...` */
export function fdbRequest(w: BodyWriter, o: FdbEntry, dev: number, op: 'put' | 'delete'): NetlinkRequest {
  const body = head(w, af.bridge, dev, nud.permanent, ntf.self)
    .attributeMac(nda.lladdr, o.mac)
    .attributeIp(nda.dst, o.dst);
  return request(op, body);
}

/** `bridge fdb replace MAC dev PORT master static`, and `bridge fdb del ...` */
export function portFdbRequest(
  w: BodyWriter,
  o: PortFdbEntry,
  dev: number,
  op: 'put' | 'delete',
): NetlinkRequest {
  return request(op, head(w, af.bridge, dev, nud.noarp, ntf.master).attributeMac(nda.lladdr, o.mac));
}

/** `ip neigh replace IP lladdr MAC dev DEV nud permanent`, and `ip neigh del IP dev DEV` */
export function neighbourRequest(
  w: BodyWriter,
  o: NeighbourEntry,
  dev: number,
  op: 'put' | 'delete',
): NetlinkRequest {
  const family = familyOf(o.ip) === 4 ? af.inet : af.inet6;
  const body = head(w, family, dev, nud.permanent, 0)
    .attributeIp(nda.dst, o.ip)
    .attributeMac(nda.lladdr, o.mac);
  return request(op, body);
}

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

/** Reads the body of an RTM_NEWNEIGH message of IPv4 or IPv6; undefined for one that knows no MAC. */
export function readNeighbour(body: Uint8Array): NeighbourRow | undefined {
  const row = readAnyNeighbour(body);
  return row?.mac === undefined ? undefined : (row as NeighbourRow);
}

/** Reads the body of an RTM_NEWNEIGH or RTM_DELNEIGH message of IPv4 or IPv6. */
export function readAnyNeighbour(body: Uint8Array): KnownNeighbour | undefined {
  const family = familyFromAf(readU8(body));
  if (family === undefined) return undefined;
  const attributes = readAttributes(body, headLength);
  const [ip, mac] = [attributes.get(nda.dst), attributes.get(nda.lladdr)];
  if (ip === undefined) return undefined;
  return {
    dev: readU32(body, 4),
    ip: ipFromBytes(ip, family),
    mac: mac?.length === 6 ? macFromBytes(mac) : undefined,
    state: readU16(body, 8),
  };
}

/** struct ndmsg */
const headLength = 12;

function head(w: BodyWriter, family: number, dev: number, state: number, flags: number): BodyWriter {
  return w.begin().u32(family).u32(dev).u16(state).u8(flags).u8(0);
}

function request(op: 'put' | 'delete', body: BodyWriter): NetlinkRequest {
  return op === 'put'
    ? { type: rtm.newNeighbour, flags: put, body: body.finish() }
    : { type: rtm.delNeighbour, flags: change, body: body.finish() };
}
