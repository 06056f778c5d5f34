import type { WeftError } from '../../model/errors.ts';
import { asWeftError } from '../../model/errors.ts';
import { Mirror } from '../../kvstore/mirror.ts';
import type { Entry, Revision, Store, Watch, WatchUpdate } from '../../kvstore/store.ts';

/** A decoded record and the revision it was written at. */
export interface Recorded<T> {
  readonly value: T;
  readonly revision: Revision;
}

export type SyncState = 'syncing' | 'insync' | 'stale';

export interface CollectionPorts {
  readonly store: Store;
  /** Keys whose record changed, appeared, went or went bad; called after the maps are up to date. */
  onChange(keys: ReadonlySet<string>): void;
  onState(): void;
}

/**
 * All records under one prefix, decoded, kept up to date by a watch. A record that cannot be decoded is set aside with
 * its error and changes nothing else: what was known of its key before stays.
 */
export class Collection<T> {
  readonly prefix: string;
  readonly #decode: (key: string, value: Uint8Array) => T;
  readonly #ports: CollectionPorts;
  readonly #mirror = new Mirror();
  readonly #records = new Map<string, Recorded<T>>();
  readonly #bad = new Map<string, WeftError>();
  /** Keys that were missing from a snapshot of a store that may not be the one we knew. */
  readonly #held = new Set<string>();
  #state: SyncState = 'syncing';
  #revision: Revision = 0;
  #identity: string | undefined;
  #watch: Watch | undefined;

  constructor(prefix: string, decode: (key: string, value: Uint8Array) => T, ports: CollectionPorts) {
    this.prefix = prefix;
    this.#decode = decode;
    this.#ports = ports;
  }

  start(): void {
    this.#watch ??= this.#ports.store.watch(this.prefix, (update) => {
      this.#take(update);
    });
  }

  async close(): Promise<void> {
    await this.#watch?.close();
  }

  get state(): SyncState {
    return this.#state;
  }

  /** What was seen so far is at least as new as this revision. */
  get revision(): Revision {
    return this.#revision;
  }

  get records(): ReadonlyMap<string, Recorded<T>> {
    return this.#records;
  }

  get bad(): ReadonlyMap<string, WeftError> {
    return this.#bad;
  }

  get held(): ReadonlySet<string> {
    return this.#held;
  }

  get(key: string): Recorded<T> | undefined {
    return this.#records.get(key);
  }

  #take(update: WatchUpdate): void {
    if (update.kind === 'stale') {
      if (this.#state === 'insync') this.#enter('stale');
      return;
    }
    const foreign = update.kind === 'snapshot' && this.#looksForeign(update.identity, update.revision);
    const changed = new Set<string>();
    const outcome = this.#mirror.take(update);
    for (const { entry } of outcome.upserts) this.#put(entry, changed);
    for (const { key, how } of outcome.removals) {
      if (how === 'missing' && foreign) this.#held.add(key);
      else this.#remove(key, changed);
    }
    this.#revision = update.revision;
    if (changed.size > 0) this.#ports.onChange(changed);
    this.#enter('insync');
  }

  /** A store whose identity changed, or whose revision went back, is not believed when it says that keys are gone. */
  #looksForeign(identity: string, revision: Revision): boolean {
    const foreign =
      this.#identity !== undefined && (this.#identity !== identity || revision < this.#revision);
    this.#identity = identity;
    return foreign;
  }

  #put(entry: Entry, changed: Set<string>): void {
    this.#held.delete(entry.key);
    changed.add(entry.key);
    try {
      this.#records.set(entry.key, { value: this.#decode(entry.key, entry.value), revision: entry.revision });
      this.#bad.delete(entry.key);
    } catch (error) {
      this.#bad.set(entry.key, asWeftError(error));
    }
  }

  #remove(key: string, changed: Set<string>): void {
    this.#held.delete(key);
    this.#bad.delete(key);
    this.#records.delete(key);
    changed.add(key);
  }

  #enter(state: SyncState): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#ports.onState();
  }
}
