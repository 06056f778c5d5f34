import { WeftError } from '../../model/errors.ts';
import type { Entry } from '../store.ts';
import type { KvItem } from './channel.ts';

/** What a key of the port looks like; our own keys beside them do not. */
const keyPattern = /^[!-~]+$/;

/** Path segments that HTTP servers take away. */
const lostInPaths = /(?:^|\/)(?:\.{1,2}(?:\/|$)|\/)/;

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

  /** Entries of the port among what the server holds; other people's keys that none could be are left out. */
  entries(items: readonly KvItem[]): readonly Entry[] {
    return items.map((item) => this.entry(item)).filter(({ key }) => keyPattern.test(key));
  }

  entry({ Key, Value, ModifyIndex, CreateIndex }: KvItem): Entry {
    return {
      key: Key.slice(this.prefix.length),
      // A copy: small values would share one piece of memory.
      value: new Uint8Array(Value ?? []),
      revision: ModifyIndex,
      created: CreateIndex,
    };
  }
}
