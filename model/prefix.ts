import { WeftError } from './errors.ts';
import { addressBits, familyOf, ipFromBigint, ipToBigint, tryParseIp, type Family, type Ip } from './ip.ts';

declare const brand: unique symbol;
/** A prefix in canonical text: the network address (host bits zero), `/`, the length. RFC 4632, RFC 4291 2.3. */
export type Prefix = string & { readonly [brand]: 'Prefix' };

/** A prefix taken apart: the first and the last address it covers, as integers. */
export interface Span {
  readonly family: Family;
  readonly length: number;
  readonly first: bigint;
  readonly last: bigint;
}

/** @throws INPUT_INVALID: malformed, or host bits set (the message names the prefix that was probably meant). */
export function parsePrefix(text: string): Prefix {
  const wrong = (why: string): WeftError =>
    new WeftError('INPUT_INVALID', `${JSON.stringify(text.slice(0, 80))} ${why}`, {
      details: { prefix: text },
    });
  const match = /^([^/]+)\/(\d{1,3})$/.exec(text);
  const ip = match === null ? undefined : tryParseIp(match[1] as string);
  if (match === null || ip === undefined) throw wrong('is not a prefix such as 10.7.0.0/24 or fd00:7::/64');
  const length = Number(match[2]);
  const bits = addressBits[familyOf(ip)];
  if (length > bits) throw wrong(`has a length beyond /${bits}`);
  const network = networkOf(ip, length);
  if (network !== ip) throw wrong(`has host bits set; did you mean ${network}/${length}?`);
  return `${network}/${length}` as Prefix;
}

/** The first address of the prefix of this length that holds `ip`. */
export function networkOf(ip: Ip, length: number): Ip {
  const family = familyOf(ip);
  const host = BigInt(addressBits[family] - length);
  return ipFromBigint(family, (ipToBigint(ip) >> host) << host);
}

export function spanOf(prefix: Prefix): Span {
  const slash = prefix.indexOf('/');
  const ip = prefix.slice(0, slash) as Ip;
  const family = familyOf(ip);
  const length = Number(prefix.slice(slash + 1));
  const first = ipToBigint(ip);
  return { family, length, first, last: first + (1n << BigInt(addressBits[family] - length)) - 1n };
}

export function prefixLength(prefix: Prefix): number {
  return Number(prefix.slice(prefix.indexOf('/') + 1));
}

export function prefixFamily(prefix: Prefix): Family {
  return prefix.includes(':') ? 6 : 4;
}

export function contains(prefix: Prefix, ip: Ip): boolean {
  const span = spanOf(prefix);
  if (span.family !== familyOf(ip)) return false;
  const value = ipToBigint(ip);
  return value >= span.first && value <= span.last;
}

export function overlaps(a: Prefix, b: Prefix): boolean {
  const x = spanOf(a);
  const y = spanOf(b);
  return x.family === y.family && x.first <= y.last && y.first <= x.last;
}

/** Does `outer` hold all of `inner`? */
export function covers(outer: Prefix, inner: Prefix): boolean {
  const x = spanOf(outer);
  const y = spanOf(inner);
  return x.family === y.family && x.first <= y.first && y.last <= x.last;
}

/**
 * The addresses of the prefix that an interface can have, or undefined when there is none. Not the network address and
 * the broadcast address of IPv4 (RFC 922), except in a /31 (RFC 3021); not the subnet-router anycast address of IPv6
 * (RFC 4291 2.6.1), except in a /127 (RFC 6164).
 */
export function hostSpan(prefix: Prefix): Span | undefined {
  const span = spanOf(prefix);
  const host = addressBits[span.family] - span.length;
  if (host === 0) return undefined;
  if (host === 1) return span;
  return { ...span, first: span.first + 1n, last: span.family === 4 ? span.last - 1n : span.last };
}
