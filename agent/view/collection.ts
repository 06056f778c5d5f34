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
 *
 * The answer to an own transaction can be taken in at once (`learn`, `forget`); what the watch still says of the time before
 * it is ignored for that key.
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
  /** Keys known from an own transaction at a revision that the watch has not reached. */
  readonly #ahead = new Map<string, Revision>();
  #state: SyncState = 'syncing';
  #revision: Revision = 0;
  #identity: string | undefined;
  #trouble: string | undefined;
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

  /** Why contact was lost; undefined while there is some. */
  get trouble(): string | undefined {
    return this.#trouble;
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

  /** The store holds this record: we wrote it, or read it, at its revision. Older news are ignored. */
  learn(key: string, recorded: Recorded<T>): void {
    if (!this.#isNews(key, recorded.revision)) return;
    this.#records.set(key, recorded);
    this.#bad.delete(key);
    this.#held.delete(key);
    this.#ports.onChange(new Set([key]));
  }

  /** The store holds no such key: we deleted it at this revision. Older news are ignored. */
  forget(key: string, revision: Revision): void {
    if (!this.#isNews(key, revision)) return;
    const changed = new Set<string>();
    this.#remove(key, changed);
    this.#ports.onChange(changed);
  }

  #isNews(key: string, revision: Revision): boolean {
    const known = Math.max(this.#records.get(key)?.revision ?? 0, this.#ahead.get(key) ?? 0);
    if (revision <= known) return false;
    if (revision > this.#revision) this.#ahead.set(key, revision);
    return true;
  }

  #take(update: WatchUpdate): void {
    if (update.kind === 'stale') {
      this.#trouble = update.cause.message;
      if (this.#state === 'insync') this.#enter('stale');
      return;
    }
    this.#trouble = undefined;
    const foreign = update.kind === 'snapshot' && this.#looksForeign(update.identity, update.revision);
    if (foreign) this.#ahead.clear();
    const changed = new Set<string>();
    const outcome = this.#mirror.take(update);
    for (const { entry } of outcome.upserts) {
      if (entry.revision > (this.#ahead.get(entry.key) ?? 0)) this.#put(entry, changed);
    }
    const removals = new Map(outcome.removals.map(({ key, how }) => [key, how]));
    if (update.kind === 'snapshot') for (const key of this.#missedIn(update)) removals.set(key, 'deleted');
    for (const [key, how] of removals) {
      if (update.revision < (this.#ahead.get(key) ?? 0)) continue;
      if (how === 'missing' && foreign) this.#held.add(key);
      else this.#remove(key, changed);
    }
    for (const [key, revision] of this.#ahead) if (revision <= update.revision) this.#ahead.delete(key);
    this.#revision = update.revision;
    if (changed.size > 0) this.#ports.onChange(changed);
    this.#enter('insync');
  }

  /** Keys that we wrote ourselves, that the watch never showed, and that were gone again before this snapshot. */
  #missedIn({ entries, revision }: WatchUpdate & { kind: 'snapshot' }): readonly string[] {
    const due = [...this.#ahead].filter(([key, at]) => at <= revision && this.#records.has(key));
    if (due.length === 0) return [];
    const present = new Set(entries.map((e) => e.key));
    return due.map(([key]) => key).filter((key) => !present.has(key));
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
      const value = this.#decode(entry.key, entry.value);
      this.#records.set(entry.key, { value, revision: entry.revision });
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
