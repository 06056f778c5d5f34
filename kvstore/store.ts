/**
 * The store as the product needs it. Every back end keeps the promises written here; contract.ts proves them.
 *
 * The port is level-triggered: a watcher learns the latest state, not every step on the way. Keys are printable ASCII
 * relative to the store's configured prefix; values are bytes and never empty.
 */

/** The store's version of something; only grows while the store lives. A later write has a greater one. */
export type Revision = number;

export interface Entry {
  readonly key: string;
  /** Values of one listing, or of one snapshot, may lie in one piece of memory: whoever keeps some of them copies those. */
  readonly value: Uint8Array;
  /** Revision of the last write to this key. */
  readonly revision: Revision;
  /** Revision of the write that made the key after it was last absent. */
  readonly created: Revision;
}

export type Condition =
  /** No such key. */
  | { readonly kind: 'absent'; readonly key: string }
  /** The key exists and was last written at this revision. */
  | { readonly kind: 'unchanged'; readonly key: string; readonly revision: Revision };

export type Op =
  /** With a lease the key goes when the lease goes; without one a key that had a lease becomes durable. */
  | { readonly kind: 'put'; readonly key: string; readonly value: Uint8Array; readonly lease?: Lease }
  /** Deleting an absent key is success. */
  | { readonly kind: 'delete'; readonly key: string };

export type TxnResult =
  | { readonly ok: true; readonly revision: Revision }
  /** Nothing was written. `current`: what the conditions' keys hold (undefined: absent), read at or after the refusal. */
  | { readonly ok: false; readonly current: ReadonlyMap<string, Entry | undefined> };

export interface Listing {
  /** Every entry is as of this revision. */
  readonly revision: Revision;
  /** Ordered by key. */
  readonly entries: readonly Entry[];
}

/** One change of one key. A deletion says so without a value. */
export type Change =
  { readonly kind: 'put'; readonly entry: Entry } | { readonly kind: 'delete'; readonly key: string };

/**
 * What a watch says. The first update is a `snapshot`; each one moves `revision` forward or keeps it.
 *
 * - `snapshot`: the whole truth under the prefix. Also sent after trouble, when continuing was impossible or unsafe.
 *   A key missing from it was deleted at some time, or the store is not the one we knew: `identity` helps to judge.
 * - `changes`: what happened since; at most one change for a key; a transaction is never split between two updates.
 * - `stale`: contact is lost, or permission was taken; what was said before still stands. Sent once per outage; when it is
 *   over one of the others follows, be it with no change at all.
 */
export type WatchUpdate =
  | {
      readonly kind: 'snapshot';
      readonly revision: Revision;
      readonly entries: readonly Entry[];
      readonly identity: string;
    }
  | { readonly kind: 'changes'; readonly revision: Revision; readonly changes: readonly Change[] }
  | { readonly kind: 'stale'; readonly cause: Error };

/**
 * Called in order, not before `watch` has returned, never while a previous call for the same watch is running, never after
 * `close` has returned. One that throws is a bug: it is logged, and the watch goes on.
 */
export type WatchSink = (update: WatchUpdate) => void;

/** Re-arms itself after every kind of trouble until it is closed. */
export interface Watch {
  close(): Promise<void>;
}

/** A lease keeps itself alive. */
export interface Lease {
  /** Time without contact after which the store drops the keys, in milliseconds. */
  readonly ttl: number;
  /**
   * Aborts (reason: STORE_LEASE_LOST) when the lease has expired, was revoked elsewhere, or could not be kept alive
   * for its TTL by our own monotonic clock. Never aborts because of `revoke`.
   */
  readonly lost: AbortSignal;
  /** Gives the lease back; its keys go at once. Harmless when it is lost already. */
  revoke(): Promise<void>;
}

export interface Limits {
  /** Most conditions + operations of one transaction. */
  readonly txnOps: number;
  /** Most bytes of one value. */
  readonly valueBytes: number;
  /** Most bytes of keys and values of one transaction. */
  readonly txnBytes: number;
  /** Least TTL in milliseconds; a shorter wish is raised to it. */
  readonly minLeaseTtl: number;
  /** How much longer than its TTL a lease may live when its holder is gone: factor. */
  readonly leaseFactor: number;
  /** Does a watch that was cut resume with the missed changes, or start again with a snapshot? */
  readonly history: boolean;
}

export interface CallOptions {
  /** Gives up with its reason. A write that was already sent may still be applied. */
  readonly signal?: AbortSignal;
}

/** What is worth knowing of a server. `covered`: a known bug that cannot harm us; `problem`: somebody has to act. */
export interface Remark {
  readonly kind: 'info' | 'covered' | 'problem';
  readonly text: string;
}

/** One server of the store, asked by itself. */
export type ServerState =
  | {
      readonly kind: 'answers';
      /** Its place, as in the store's URL. */
      readonly server: string;
      /** Program and version, such as `etcd 3.4.23`. */
      readonly version: string;
      /** As `identity`: servers of one store say the same. */
      readonly identity: string;
      /** Milliseconds until its answer. */
      readonly took: number;
      readonly remarks: readonly Remark[];
    }
  | { readonly kind: 'silent'; readonly server: string; readonly error: Error };

/**
 * Errors of every call: STORE_UNAVAILABLE (surely not applied), STORE_AMBIGUOUS (writes only: the reply was lost),
 * STORE_DENIED, STORE_LIMIT, STORE_FULL (a write; nothing was written), STORE_CLOSED, STORE_LEASE_LOST (a put under a lease
 * that is gone: nothing was written).
 * INVARIANT for what no correct caller does: see txn-check.ts.
 */
export interface Store {
  /** Names the back end and the servers for people; no secrets. */
  readonly description: string;
  readonly limits: Limits;
  /**
   * An opaque word for the store's data. A changed one proves that this is another store or another life of it;
   * an equal one proves nothing.
   */
  identity(options?: CallOptions): Promise<string>;
  /**
   * Every server by itself, in the order of the URL; one that does not answer, or refuses, is `silent` with its error. For
   * people who look at a store; a back end that cannot tell leaves it out.
   */
  servers?(options?: CallOptions): Promise<readonly ServerState[]>;
  /** The latest committed value (linearizable); undefined when absent. */
  get(key: string, options?: CallOptions): Promise<Entry | undefined>;
  /** All keys that start with `prefix`, as of one revision. */
  list(prefix: string, options?: CallOptions): Promise<Listing>;
  /** All or nothing: when every condition holds, the operations are applied in one revision. No key twice in `ops`. */
  txn(conditions: readonly Condition[], ops: readonly Op[], options?: CallOptions): Promise<TxnResult>;
  lease(ttl: number, options?: CallOptions): Promise<Lease>;
  /** Watches all keys that start with `prefix`. */
  watch(prefix: string, sink: WatchSink): Watch;
  /** Ends every watch and stops keeping leases alive (it does not revoke them). */
  close(): Promise<void>;
}

export const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text);
export const decodeText = (bytes: Uint8Array): string =>
  new TextDecoder('utf-8', { fatal: true }).decode(bytes);
