import { WeftError } from '../../model/errors.ts';
import type { Entry } from '../store.ts';
import type { KvItem } from './kv.ts';

/** What a key of the port looks like; our own keys beside them do not. */
const keyPattern = /^[!-~]+$/;

/** Path segments that HTTP servers take away. */
const lostInPaths = /(?:^|\/)(?:\.{1,2}(?:\/|$)|\/)/;

const nothing = new Uint8Array(0);

/** Between the keys of the port, which are relative to a prefix, and those of the server. */
export class KeySpace {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /**
   * The server's name of a key, or of all keys that start like this.
   *
   * @throws STORE_LIMIT for a key that Consul's HTTP API has no name for.
   */
  absolute(key: string): string {
    if (!lostInPaths.test(key)) return this.prefix + key;
    const text = `key ${this.prefix}${key} has an empty, "." or ".." segment, which Consul cannot address`;
    throw new WeftError('STORE_LIMIT', text, { details: { key } });
  }

  /** Tells whose store it is; no key of the port, as its name is the prefix itself. */
  get identity(): string {
    return this.prefix;
  }

  /** Rewritten by transactions that write nothing else, so that they have a revision as well. */
  get mark(): string {
    return `${this.prefix} mark`;
  }

  /** Never written. */
  get never(): string {
    return `${this.prefix} never`;
  }

  /**
   * Entries of the port among what the server holds; other people's keys that none could be are left out. Small values stay
   * where they were decoded to, many in one piece of memory.
   */
  entries(items: readonly KvItem[]): readonly Entry[] {
    const entries: Entry[] = [];
    for (const item of items) {
      const { buffer, byteOffset, length } = item.Value ?? nothing;
      const entry = this.#entry(item, new Uint8Array(buffer, byteOffset, length));
      if (keyPattern.test(entry.key)) entries.push(entry);
    }
    return entries;
  }

  /** The value is a copy, which holds no other memory. */
  entry(item: KvItem): Entry {
    return this.#entry(item, new Uint8Array(item.Value ?? nothing));
  }

  #entry({ Key, ModifyIndex, CreateIndex }: KvItem, value: Uint8Array): Entry {
    return { key: Key.slice(this.prefix.length), value, revision: ModifyIndex, created: CreateIndex };
  }
}
