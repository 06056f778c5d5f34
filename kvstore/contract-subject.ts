import { setTimeout as pause } from 'node:timers/promises';
import type { Change, Entry, Revision, Store, WatchSink, WatchUpdate } from './store.ts';
import { decodeText } from './store.ts';

/** One store under test that holds no key yet, with hands to act behind its back. */
export interface StoreUnderTest {
  readonly store: Store;
  /** A second client of the same data, as another process would have. `dispose` closes it if the test has not. */
  another(): Promise<Store>;
  /** Ends every lease behind the clients' backs, as an administrator would. */
  expireLeases(): Promise<void>;
  /** Closes every client and removes the data. */
  dispose(): Promise<void>;
}

export type Promised = (title: string, run: (t: StoreUnderTest) => Promise<void>) => void;

/** Looks again and again until `look` answers something other than undefined or false; a look that throws is "not yet". */
export async function eventually<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  within = 10_000,
): Promise<T> {
  const end = performance.now() + within;
  let last: unknown;
  do {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await pause(10);
  } while (performance.now() < end);
  throw new Error(`waited ${within} ms for ${what}`, last === undefined ? undefined : { cause: last });
}

/** A listing or a state as key -> text, for comparing. */
export const texts = (entries: Iterable<Entry>): Readonly<Record<string, string>> =>
  Object.fromEntries([...entries].map((e) => [e.key, decodeText(e.value)]));

/** A value byte by byte; undefined when there is none. */
export const hex = (entry: { readonly value: Uint8Array } | undefined): string | undefined =>
  entry === undefined ? undefined : Buffer.from(entry.value).toString('hex');

/**
 * What a watch guarantees, whatever happens to the store and on the way to it. The first three can be seen from its updates
 * alone; the last two by who knows what was written.
 */
export type Guarantee =
  'in order' | 'never older than seen' | 'each thing once' | 'transactions whole' | 'nothing lost';

/** Follows one watch, builds the state from its updates, and notes every broken promise. */
export class Follower {
  readonly state = new Map<string, Entry>();
  readonly updates: WatchUpdate[] = [];
  /** `guarantee: what was seen`. */
  readonly broken: string[] = [];
  /** Called at the end of each update, still within the sink. */
  onUpdate: (update: WatchUpdate) => void = () => undefined;
  /** To be set when `close` has returned. */
  closed = false;
  #running = false;

  readonly sink: WatchSink = (update) => {
    if (this.closed) this.note('in order', `${update.kind} after close`);
    if (this.#running) this.note('in order', `${update.kind} within another update`);
    this.#running = true;
    this.#take(update);
    this.updates.push(update);
    this.onUpdate(update);
    this.#running = false;
  };

  /** Revision of the last update that has one. */
  get revision(): Revision | undefined {
    return this.updates.findLast((u) => u.kind !== 'stale')?.revision;
  }

  get kinds(): readonly string[] {
    return this.updates.map((u) => u.kind);
  }

  get texts(): Readonly<Record<string, string>> {
    return texts(this.state.values());
  }

  note(guarantee: Guarantee, seen: string): void {
    this.broken.push(`${guarantee}: ${seen}`);
  }

  #take(update: WatchUpdate): void {
    if (update.kind === 'stale') {
      if (this.updates.at(-1)?.kind === 'stale') this.note('each thing once', 'stale twice in one outage');
      return;
    }
    const before = this.revision;
    if (before === undefined && update.kind !== 'snapshot') this.note('in order', 'no snapshot at first');
    if (before !== undefined && update.revision < before) {
      this.note('in order', `revision went from ${before} to ${update.revision}`);
    }
    if (update.kind === 'snapshot') this.#replace(update.entries, update.revision);
    else this.#change(update.changes, update.revision);
  }

  #replace(entries: readonly Entry[], revision: Revision): void {
    const before = new Map(this.state);
    this.state.clear();
    for (const entry of entries) {
      const older = before.get(entry.key);
      if (older !== undefined && older.revision > entry.revision)
        this.note('never older than seen', `${entry.key} went back in a snapshot`);
      this.#put(entry, revision);
    }
    if (this.state.size !== entries.length) this.note('each thing once', 'a snapshot has a key twice');
  }

  #change(changes: readonly Change[], revision: Revision): void {
    const seen = new Set<string>();
    for (const change of changes) {
      const key = change.kind === 'put' ? change.entry.key : change.key;
      if (seen.has(key)) this.note('each thing once', `two changes for ${key} in one update`);
      seen.add(key);
      if (change.kind === 'delete') this.state.delete(key);
      else {
        if (this.state.get(key)?.revision === change.entry.revision)
          this.note('each thing once', `${key} said twice`);
        this.#put(change.entry, revision);
      }
    }
  }

  #put(entry: Entry, revision: Revision): void {
    const { key } = entry;
    if (entry.revision > revision)
      this.note('in order', `${key} at ${entry.revision} in an update of ${revision}`);
    if (entry.created > entry.revision) this.note('in order', `${key} was made after it was written`);
    const older = this.state.get(key);
    if (older !== undefined && older.revision > entry.revision)
      this.note('never older than seen', `${key} went back`);
    this.state.set(key, entry);
  }
}
