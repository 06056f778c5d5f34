import { Address4, Address6 } from 'ip-address';
import { WeftError } from './errors.ts';

declare const brand: unique symbol;
/** An IP address in canonical text: dotted quad, or RFC 5952 (lower case, longest zero run as `::`). */
export type Ip = string & { readonly [brand]: 'Ip' };
export type Family = 4 | 6;

export const addressBits = { 4: 32, 6: 128 } as const satisfies Record<Family, number>;

/** The first colon of an IPv6 address is among its first five characters. */
export function familyOf(ip: Ip): Family {
  for (let i = 0; i < 5; i += 1) if (ip.charCodeAt(i) === colon) return 6;
  return 4;
}

const colon = 58;

/** @throws INPUT_INVALID. Refuses zones (`%eth0`), prefixes (`/24`), ports and IPv4-mapped IPv6. */
export function parseIp(text: string): Ip {
  const ip = tryParseIp(text);
  if (ip !== undefined) return ip;
  throw new WeftError(
    'INPUT_INVALID',
    `${JSON.stringify(text.slice(0, 80))} is not an IPv4 or IPv6 address`,
    {
      details: { address: text },
    },
  );
}

export function tryParseIp(text: string): Ip | undefined {
  if (text.length > 45 || /[/%\s]/.test(text)) return undefined;
  if (/^\d{1,3}(\.\d{1,3}){3}$/.test(text)) {
    if (!Address4.isValid(text)) return undefined;
    return new Address4(text).correctForm() as Ip;
  }
  if (!text.includes(':') || text.includes('.') || !Address6.isValid(text)) return undefined;
  return ipFromBigint(6, new Address6(text).bigInt());
}

/** The address as an unsigned integer of 32 or 128 bits, network byte order. */
export function ipToBigint(ip: Ip): bigint {
  if (familyOf(ip) === 4) return BigInt(ip4ToNumber(ip));
  const bytes = new Uint8Array(16);
  writeIp6(ip, bytes, 0);
  const words = new DataView(bytes.buffer);
  return (words.getBigUint64(0) << 64n) | words.getBigUint64(8);
}

/** An IPv4 address as an unsigned 32-bit number. */
export function ip4ToNumber(ip: Ip): number {
  let value = 0;
  let part = 0;
  for (let i = 0; i <= ip.length; i += 1) {
    const code = ip.charCodeAt(i);
    if (code >= 48 && code <= 57) part = part * 10 + code - 48;
    else {
      value = value * 256 + part;
      part = 0;
    }
  }
  return value;
}

export function ipFromBigint(family: Family, value: bigint): Ip {
  if (family === 6) {
    return formatIp6(Array.from({ length: 8 }, (_, i) => Number((value >> BigInt(112 - 16 * i)) & 0xffffn)));
  }
  const n = Number(value);
  return `${n >>> 24}.${(n >>> 16) & 255}.${(n >>> 8) & 255}.${n & 255}` as Ip;
}

/** RFC 5952 text of eight groups. An IPv4-mapped address stays hexadecimal: it is one address with one spelling. */
function formatIp6(groups: readonly number[]): Ip {
  let [best, length] = [8, 1];
  for (let i = 0; i < 8; i += 1) {
    let end = i;
    while (end < 8 && groups[end] === 0) end += 1;
    if (end - i > length) [best, length] = [i, end - i];
    if (end > i) i = end;
  }
  let text = '';
  for (let i = 0; i < 8; i += 1) {
    if (i === best) {
      text += '::';
      i += length - 1;
    } else {
      const isFirst = i === 0 || i === best + length;
      text += isFirst ? (groups[i] ?? 0).toString(16) : `:${(groups[i] ?? 0).toString(16)}`;
    }
  }
  return text as Ip;
}

/** 4 or 16 bytes in network order at `offset`. */
export function ipFromBytes(bytes: Uint8Array, family: Family, offset = 0): Ip {
  if (family === 4) {
    return `${bytes[offset]}.${bytes[offset + 1]}.${bytes[offset + 2]}.${bytes[offset + 3]}` as Ip;
  }
  const groups = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let i = 0; i < 8; i += 1) {
    groups[i] = ((bytes[offset + 2 * i] ?? 0) << 8) | (bytes[offset + 2 * i + 1] ?? 0);
  }
  return formatIp6(groups);
}

/** Writes 4 or 16 bytes at `offset` and returns how many. */
export function writeIp(ip: Ip, bytes: Uint8Array, offset = 0): 4 | 16 {
  if (familyOf(ip) === 4) {
    const n = ip4ToNumber(ip);
    bytes[offset] = n >>> 24;
    bytes[offset + 1] = (n >>> 16) & 255;
    bytes[offset + 2] = (n >>> 8) & 255;
    bytes[offset + 3] = n & 255;
    return 4;
  }
  writeIp6(ip, bytes, offset);
  return 16;
}

function writeIp6(ip: Ip, bytes: Uint8Array, offset: number): void {
  bytes.fill(0, offset, offset + 16);
  const zeros = ip.indexOf('::');
  if (zeros < 0) {
    writeGroups(ip, 0, ip.length, bytes, offset);
    return;
  }
  writeGroups(ip, 0, zeros, bytes, offset);
  let behind = zeros + 2 < ip.length ? 1 : 0;
  for (let i = zeros + 2; i < ip.length; i += 1) if (ip.charCodeAt(i) === colon) behind += 1;
  writeGroups(ip, zeros + 2, ip.length, bytes, offset + 16 - 2 * behind);
}

/** The groups in the text from `start` to `end`, two bytes each. */
function writeGroups(text: string, start: number, end: number, bytes: Uint8Array, offset: number): void {
  if (start === end) return;
  let at = offset;
  let group = 0;
  for (let i = start; i <= end; i += 1) {
    const code = i === end ? colon : text.charCodeAt(i);
    if (code !== colon) {
      group = (group << 4) | (code < colon ? code - 48 : code - 87);
      continue;
    }
    bytes[at] = group >> 8;
    bytes[at + 1] = group & 255;
    at += 2;
    group = 0;
  }
}
