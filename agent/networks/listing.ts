import type { Entry } from '../../kvstore/store.ts';

/** A record of a listing that could be read. */
export interface Listed<T> {
  readonly value: T;
  readonly entry: Entry;
}

/**
 * Reads the records of a prefix that is listed again and again: what has the same bytes as in the last listing is not decoded anew.
 * What cannot be read is left out.
 */
export class ListingReader<T> {
  readonly #decode: (key: string, value: Uint8Array) => T;
  #last: ReadonlyMap<string, Listed<T>> = new Map();

  constructor(decode: (key: string, value: Uint8Array) => T) {
    this.#decode = decode;
  }

  /** Records that must not stop the others are reported where the view meets them. */
  read(entries: readonly Entry[]): readonly Listed<T>[] {
    const now = new Map<string, Listed<T>>();
    for (const entry of entries) {
      const listed = this.#readOne(entry);
      if (listed !== undefined) now.set(entry.key, listed);
    }
    this.#last = now;
    return [...now.values()];
  }

  #readOne(entry: Entry): Listed<T> | undefined {
    const known = this.#last.get(entry.key);
    if (known !== undefined && Buffer.compare(known.entry.value, entry.value) === 0)
      return { value: known.value, entry };
    return tryDecode(entry, this.#decode);
  }
}

/** Undefined: it cannot be read. */
export function tryDecode<T>(
  entry: Entry,
  decode: (key: string, value: Uint8Array) => T,
): Listed<T> | undefined {
  try {
    return { value: decode(entry.key, entry.value), entry };
  } catch {
    return undefined;
  }
}
