import { WeftError } from '../../model/errors.ts';
import { ipFromBytes, writeIp, type Ip } from '../../model/ip.ts';
import { isName, type Name } from '../../model/name.ts';
import { decodeText } from '../store.ts';

/** Most bytes of one record. Every store takes more (etcd 1.5 MiB, Consul 512 KiB), and no record of ours needs it. */
export const recordBytes = 65_536;

/** Nesting that no record of ours comes near. */
const jsonDepth = 16;

/**
 * Runs a decoder over the value of a key, and over nothing larger than a record may be.
 *
 * @throws RECORD_INVALID naming the key, whatever goes wrong inside.
 */
export function decodeRecord<T>(key: string, value: Uint8Array, decode: (bytes: Uint8Array) => T): T {
  try {
    checkSize(value);
    return decode(value);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new WeftError('RECORD_INVALID', `record ${shown(key)} cannot be used: ${why}`, {
      cause: error,
      details: { key },
    });
  }
}

/**
 * A record of ours as bytes, which everybody who reads it will take.
 *
 * @throws INPUT_INVALID when what it was made from is too much, or is what no reader takes.
 */
export function encodeRecord(
  key: string,
  bytes: Uint8Array,
  decode: (key: string, value: Uint8Array) => unknown,
): Uint8Array {
  try {
    decode(key, bytes);
    return bytes;
  } catch (error) {
    throw new WeftError(
      'INPUT_INVALID',
      `nobody could read what is to be written: ${(error as Error).message}`,
      {
        cause: error,
        details: { key, bytes: bytes.length },
      },
    );
  }
}

/** The value inside must say the same as the key it was found under. */
export function requireKey(key: string, inside: string): void {
  if (key !== inside) wrong(`its content belongs to the key ${inside}`);
}

/** Parses JSON that may come from anybody: bounded in size and nesting, valid UTF-8. */
export function readJson(value: Uint8Array): unknown {
  checkSize(value);
  const text = decodeUtf8(value);
  let depth = 0;
  let inText = false;
  for (let i = 0; i < text.length; i += 1) {
    const c = text[i];
    if (inText) {
      if (c === '\\') i += 1;
      else inText = c !== '"';
    } else if (c === '"') inText = true;
    else if (c === '{' || c === '[') depth += 1;
    else if (c === '}' || c === ']') depth -= 1;
    if (depth > jsonDepth) return wrong(`it is nested deeper than ${jsonDepth} levels`);
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    // The message may quote the text, which may come from anybody.
    throw new Error(`it is not JSON: ${printable((error as Error).message)}`, { cause: error });
  }
}

function decodeUtf8(value: Uint8Array): string {
  try {
    return decodeText(value);
  } catch (error) {
    throw new Error('it is not UTF-8 text', { cause: error });
  }
}

function checkSize(value: Uint8Array): void {
  if (value.length > recordBytes) wrong(`it has ${value.length} bytes, at most ${recordBytes} are possible`);
}

/** Ends a decoder; `decodeRecord` adds which record it was. */
export function wrong(why: string): never {
  throw new Error(why);
}

/** A text of the pattern. `what` names the field. */
export function matching(what: string, text: string, pattern: RegExp): string {
  return pattern.test(text) ? text : wrong(`${what} is ${shown(text)}`);
}

export function named(what: string, text: string): Name {
  return isName(text) ? text : wrong(`${what} is ${shown(text)}, which is no name`);
}

/** At most so many, each read. */
export function several<T, R>(
  what: string,
  items: readonly T[],
  most: number,
  read: (item: T) => R,
): readonly R[] {
  if (items.length > most) wrong(`it has ${items.length} ${what}, at most ${most} are possible`);
  return items.map(read);
}

/** A text for people, of at most so many characters; control characters would reach terminals and logs. */
export function plain(what: string, text: string, most: number): string {
  if (text.length > most) wrong(`${what} has ${text.length} characters, at most ${most} are possible`);
  return /[\x00-\x1f\x7f]/.test(text) ? wrong(`${what} holds a control character`) : text;
}

export function whole(what: string, value: number, first: number, last: number): number {
  return Number.isInteger(value) && value >= first && value <= last
    ? value
    : wrong(`${what} is ${value}, not a whole number from ${first} to ${last}`);
}

export function ipBytes(ip: Ip): Uint8Array {
  const bytes = new Uint8Array(16);
  return bytes.subarray(0, writeIp(ip, bytes));
}

export function readIp(what: string, bytes: Uint8Array): Ip {
  if (bytes.length === 4) return ipFromBytes(bytes, 4);
  if (bytes.length !== 16) return wrong(`${what} has ${bytes.length} bytes, an address has 4 or 16`);
  return ipFromBytes(bytes, 6);
}

/** A text of anybody's in a message: quoted, and not long. */
export function shown(text: string): string {
  const short = text.length > 80 ? `${text.slice(0, 80)}...` : text;
  return JSON.stringify(printable(short));
}

const printable = (text: string): string => text.replace(/[^\x20-\x7e]/g, '?');
