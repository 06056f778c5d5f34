import { WeftError } from './errors.ts';

declare const brand: unique symbol;
/** An Ethernet address in canonical form: six lower-case hex bytes joined by `:`. */
export type Mac = string & { readonly [brand]: 'Mac' };

const pattern = /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/;

/**
 * Reads `aa:bb:cc:dd:ee:ff` or `aa-bb-cc-dd-ee-ff`. An endpoint can only have a unicast address that is not all
 * zero (IEEE 802: bit 0 of the first byte is the group bit).
 *
 * @throws INPUT_INVALID
 */
export function parseMac(text: string): Mac {
  const canonical = text.toLowerCase().replaceAll('-', ':');
  const wrong = (why: string): WeftError =>
    new WeftError('INPUT_INVALID', `MAC address ${JSON.stringify(text.slice(0, 40))} ${why}`, {
      details: { mac: text },
    });
  if (!pattern.test(canonical)) throw wrong('is not six hex bytes such as 02:57:0a:07:00:02');
  if ((Number.parseInt(canonical.slice(0, 2), 16) & 1) === 1)
    throw wrong('is a multicast address; an endpoint needs a unicast one');
  if (canonical === '00:00:00:00:00:00') throw wrong('is all zero');
  return canonical as Mac;
}

/** The digits of a byte, as character codes. */
const digits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const high = Uint8Array.from(digits, (two) => two.charCodeAt(0));
const low = Uint8Array.from(digits, (two) => two.charCodeAt(1));
const h = (byte: number): number => high[byte] ?? 0;
const l = (byte: number): number => low[byte] ?? 0;

/** Six bytes at `offset`, as the kernel gives them: any value, group and zero addresses included. */
export function macFromBytes(bytes: Uint8Array, offset = 0): Mac {
  const at = (i: number): number => bytes[offset + i] ?? 0;
  const [a, b, c, d, e, f] = [at(0), at(1), at(2), at(3), at(4), at(5)];
  return textOf(h(a), l(a), _, h(b), l(b), _, h(c), l(c), _, h(d), l(d), _, h(e), l(e), _, h(f), l(f)) as Mac;
}

/** Makes it at once: a text that is joined of eleven others is a tree of them, three times as large and slow to read. */
const textOf = String.fromCharCode;
/** The colon. */
const _ = 58;

const digit = (code: number): number => (code < 58 ? code - 48 : code - 87);

/** Writes the six bytes at `offset`. The text must be canonical. */
export function writeMac(mac: Mac, bytes: Uint8Array, offset = 0): void {
  for (let i = 0; i < 6; i += 1) {
    bytes[offset + i] = (digit(mac.charCodeAt(3 * i)) << 4) | digit(mac.charCodeAt(3 * i + 1));
  }
}

/** A locally administered unicast MAC (first byte 02) from five given bytes. */
export function localMac(five: Uint8Array): Mac {
  return macFromBytes(Uint8Array.of(2, ...five.subarray(0, 5)));
}
