import type { IKeyValue } from 'etcd3/lib/rpc.js';
import type { Entry } from '../store.ts';

/** A range of keys as etcd wants it: from `key` on, below `range_end`. */
export interface KeyRange {
  readonly key: Buffer;
  readonly range_end: Buffer;
}

/** Between the keys of the port, which are relative to a prefix, and those of the server. */
export class KeySpace {
  readonly prefix: string;

  constructor(prefix: string) {
    this.prefix = prefix;
  }

  /** The server's name of a key. */
  absolute(key: string): Buffer {
    return Buffer.from(this.prefix + key);
  }

  /** All keys that start with this. */
  range(prefix: string): KeyRange {
    const key = this.absolute(prefix);
    if (key.length === 0) return { key: Buffer.of(0), range_end: Buffer.of(0) };
    const end = Buffer.from(key);
    // Keys are ASCII: the last byte has a successor.
    end[end.length - 1] = (end.at(-1) as number) + 1;
    return { key, range_end: end };
  }

  relative(key: Buffer): string {
    return key.toString().slice(this.prefix.length);
  }

  /** The value is copied: what the server sent lies in one large buffer that would stay with it. */
  entry(kv: IKeyValue): Entry {
    return this.#entry(kv, new Uint8Array(kv.value));
  }

  /** One of a listing: the value stays in the buffer that the server's answer lies in. */
  listed(kv: IKeyValue): Entry {
    const { buffer, byteOffset, length } = kv.value;
    return this.#entry(kv, new Uint8Array(buffer, byteOffset, length));
  }

  #entry(kv: IKeyValue, value: Uint8Array): Entry {
    return {
      key: this.relative(kv.key),
      value,
      revision: Number(kv.mod_revision),
      created: Number(kv.create_revision),
    };
  }
}
