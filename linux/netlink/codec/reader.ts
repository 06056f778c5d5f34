/** The attributes of a message by their types; of several with one type the last. */
export type Attributes = ReadonlyMap<number, Uint8Array>;

const typeMask = 0x3fff;
const text = new TextDecoder();

/** Reads the attributes from `offset` to the end. What is cut off or does not fit is not there. */
export function readAttributes(bytes: Uint8Array, offset = 0): Attributes {
  const found = new Map<number, Uint8Array>();
  for (let at = offset; at + 4 <= bytes.length;) {
    const length = readU16(bytes, at);
    if (length < 4 || at + length > bytes.length) break;
    found.set(readU16(bytes, at + 2) & typeMask, bytes.subarray(at + 4, at + length));
    at += (length + 3) & ~3;
  }
  return found;
}

/**
 * Where the value of the first attribute of the type begins, between `from` and `end`; undefined when it is not there. For
 * messages that come by the hundred thousand; `readAttributes` is for all others.
 */
export function findAttribute(
  bytes: Uint8Array,
  from: number,
  end: number,
  type: number,
): number | undefined {
  for (let at = from; at + 4 <= end;) {
    const length = readU16(bytes, at);
    if (length < 4 || at + length > end) return undefined;
    if ((readU16(bytes, at + 2) & typeMask) === type) return at + 4;
    at += (length + 3) & ~3;
  }
  return undefined;
}

/** The length of the attribute whose value begins at `value`. */
export const lengthOf = (bytes: Uint8Array, value: number): number => readU16(bytes, value - 4) - 4;

export function readU8(bytes: Uint8Array | undefined, at = 0): number {
  return bytes?.[at] ?? 0;
}

export function readU16(bytes: Uint8Array, at = 0): number {
  return readU8(bytes, at) | (readU8(bytes, at + 1) << 8);
}

/** A 32-bit number without sign, in the machine's order. */
export function readU32(bytes: Uint8Array | undefined, at = 0): number {
  if (bytes === undefined) return 0;
  return (readU16(bytes, at) | (readU16(bytes, at + 2) << 16)) >>> 0;
}

/** A 16-bit number in network order. */
export function readPort(bytes: Uint8Array | undefined): number {
  return (readU8(bytes) << 8) | readU8(bytes, 1);
}

/** Text without its closing zero byte. */
export function readText(bytes: Uint8Array | undefined): string {
  if (bytes === undefined) return '';
  const end = bytes.indexOf(0);
  return text.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
