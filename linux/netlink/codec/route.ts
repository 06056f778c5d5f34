import { ipFromBytes, type Ip } from '../../../model/ip.ts';
import { prefixFamily, prefixLength, type Prefix } from '../../../model/prefix.ts';
import { weftProtocol } from '../../objects/ip-config.ts';
import type { Route } from '../../objects/route.ts';
import type { NetlinkRequest } from '../message.ts';
import { familyFromAf } from './address.ts';
import { af, change, nlm, rta, rtm, rtn, rtProt, rtScope, rtTableMain } from './constants.ts';
import { readAttributes, readU32, readU8 } from './reader.ts';
import type { BodyWriter } from './writer.ts';

/**
 * `ip route add|replace PREFIX via VIA dev DEV proto 87 metric METRIC`, or `PREFIX dev DEV proto kernel scope link src SRC metric
 * METRIC`; `add` refuses any route of that prefix and metric.
 */
export function putRoute(w: BodyWriter, o: Route, dev: number, how: 'add' | 'replace'): NetlinkRequest {
  const way =
    o.via === undefined
      ? { protocol: rtProt.kernel, scope: rtScope.link, type: rtn.unicast }
      : { protocol: weftProtocol, scope: rtScope.universe, type: rtn.unicast };
  const body = route(w, o, dev, way);
  const flags = change | nlm.create | (how === 'add' ? nlm.excl : nlm.replace);
  return { type: rtm.newRoute, flags, body: body.finish() };
}

/** `ip route del PREFIX via VIA dev DEV metric METRIC`, with `proto 87` when only ours may go; `dev` 0: wherever it leads. */
export function deleteRoute(w: BodyWriter, o: Route, dev: number, whose: 'ours' | 'any'): NetlinkRequest {
  const proof =
    whose === 'ours' ? { protocol: weftProtocol, type: rtn.unicast } : { protocol: 0, type: rtn.unspec };
  const body = route(w, o, dev, { ...proof, scope: rtScope.nowhere });
  return { type: rtm.delRoute, flags: change, body: body.finish() };
}

/** `ip route show table main`, both families. */
export function dumpRoutes(w: BodyWriter): NetlinkRequest {
  const body = w.begin().u32(0).u32(rtTableMain).u32(0).finish();
  return { type: rtm.getRoute, flags: nlm.request | nlm.dump, body };
}

/** One route as a dump shows it. */
export interface RouteRow {
  readonly prefix: Prefix;
  /** undefined: the destination is on the link. */
  readonly via: Ip | undefined;
  /** The preferred source address. */
  readonly src: Ip | undefined;
  /** 0: there is none, or there are several. */
  readonly dev: number;
  readonly metric: number;
  readonly table: number;
  /** Who put it there: RTPROT_*. */
  readonly protocol: number;
  /** RTN_*: 1 is unicast. */
  readonly type: number;
}

/** Reads the body of an RTM_NEWROUTE message; undefined for a route that is neither IPv4 nor IPv6. */
export function readRoute(body: Uint8Array): RouteRow | undefined {
  const family = familyFromAf(readU8(body));
  if (family === undefined) return undefined;
  const attributes = readAttributes(body, 12);
  const address = (attribute: number): Ip | undefined => {
    const bytes = attributes.get(attribute);
    return bytes === undefined ? undefined : ipFromBytes(bytes, family);
  };
  const network = address(rta.dst) ?? (family === 4 ? '0.0.0.0' : '::');
  const table = attributes.get(rta.table);
  return {
    prefix: `${network}/${readU8(body, 1)}` as Prefix,
    via: address(rta.gateway),
    src: address(rta.prefSrc),
    dev: readU32(attributes.get(rta.oif)),
    metric: readU32(attributes.get(rta.priority)),
    table: table === undefined ? readU8(body, 4) : readU32(table),
    protocol: readU8(body, 5),
    type: readU8(body, 7),
  };
}

/** A body with struct rtmsg and what says which route it is. */
function route(
  w: BodyWriter,
  o: Route,
  dev: number,
  { protocol, scope, type }: { readonly protocol: number; readonly scope: number; readonly type: number },
): BodyWriter {
  const length = prefixLength(o.prefix);
  w.begin()
    .u8(prefixFamily(o.prefix) === 4 ? af.inet : af.inet6)
    .u8(length)
    .u8(0)
    .u8(0)
    .u8(rtTableMain)
    .u8(protocol)
    .u8(scope)
    .u8(type)
    .u32(0);
  if (length > 0) w.attributeIp(rta.dst, o.prefix.slice(0, o.prefix.indexOf('/')) as Ip);
  if (o.via !== undefined) w.attributeIp(rta.gateway, o.via);
  if (o.src !== undefined) w.attributeIp(rta.prefSrc, o.src);
  if (dev !== 0) w.attribute32(rta.oif, dev);
  return w.attribute32(rta.priority, o.metric);
}
