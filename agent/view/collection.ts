import type { WeftError } from '../../model/errors.ts';
import { asWeftError } from '../../model/errors.ts';
import { Mirror, type StateUpdate } from '../../kvstore/mirror.ts';
import type { Entry, Revision, Store, Watch, WatchUpdate } from '../../kvstore/store.ts';

/** A decoded record and the revision it was written at. */
export interface Recorded<T> {
  readonly value: T;
  readonly revision: Revision;
  /**
   * When its key was made, and its bytes as the store holds them, one character each, which takes the least memory. Absent for a
   * moment after an own write that the watch has not shown yet.
   */
  readonly stored?: { readonly created: Revision; readonly bytes: string };
}

export type SyncState = 'syncing' | 'insync' | 'stale';

/**
 * Which store it is that speaks: the one we knew; one that has lost part of what we knew, so that missing keys prove nothing;
 * or that of another cluster, of which nothing is taken in.
 */
export type Judgement = 'ours' | 'lost' | 'foreign';

/** What is odd about an update itself. */
export type Oddity = 'its identity is another one' | 'its revision went back';

/** What is known of a prefix, to be kept over a restart. */
export interface Remembered {
  readonly prefix: string;
  readonly identity: string;
  readonly revision: Revision;
  readonly entries: Iterable<Entry>;
  /** Those of them that the store does not hold, and that were not given up. */
  readonly held: readonly string[];
}

export interface CollectionPorts {
  readonly store: Store;
  /**
   * Asked before the first word after a loss of contact, and before a snapshot, is believed; whatever follows waits for the
   * answer. Undefined: there is nothing to ask. Without this port an odd snapshot is `lost` and everything else `ours`.
   */
  readonly judge?: (oddity: Oddity | undefined) => Promise<Judgement> | undefined;
  /** Its keys live under leases: they end with the store that gave them, and nothing of them is held. */
  readonly isLeased?: boolean;
  /** Keys whose record changed, appeared, went or went bad; called after the maps are up to date. */
  onChange(keys: ReadonlySet<string>): void;
  onState(): void;
  /** The watch has come to a later revision, be it with no change at all. */
  onRevision?(): void;
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
  /** How many stores, or lives of a store, have spoken. */
  #life = 0;
  #state: SyncState = 'syncing';
  #revision: Revision = 0;
  #identity: string | undefined;
  #trouble: string | undefined;
  #watch: Watch | undefined;
  /** Updates that wait for a judgement, and the question that is out. */
  #queue: StateUpdate[] = [];
  #asked: object | undefined;
  #wasCut = false;
  #confirmed = false;

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
    this.#asked = undefined;
    this.#queue = [];
    const watch = this.#watch;
    this.#watch = undefined;
    await watch?.close();
  }

  /** Begins with what an earlier life knew, be it nothing: `stale` from the beginning. To be called before `start`. */
  restore(known: Remembered | undefined): void {
    this.#wasCut = true;
    if (known !== undefined) {
      const { entries, held, identity, revision } = known;
      const missing = new Set(held);
      const all = [...entries];
      this.#mirror.restore({ identity, revision, entries: all.filter(({ key }) => !missing.has(key)) });
      const changed = new Set<string>();
      for (const entry of all) this.#put(entry, changed);
      for (const key of missing) this.#held.add(key);
      this.#identity = identity;
      this.#revision = revision;
      this.#ports.onChange(changed);
    }
    this.#enter('stale');
  }

  /** What a later life should know; undefined while nothing is known. */
  remember(): Remembered | undefined {
    if (this.#identity === undefined) return undefined;
    const { prefix } = this;
    const entries = entriesOf([...this.#records]);
    return { prefix, identity: this.#identity, revision: this.#revision, entries, held: [...this.#held] };
  }

  /** Has the store that is ours said in this life what there is? What was only remembered is no proof of absence. */
  get confirmed(): boolean {
    return this.#confirmed;
  }

  /** What it said while it was not believed is as good as if it had been; only what is held is not. */
  confirm(): void {
    if (this.#state === 'insync') this.#confirmed = true;
  }

  /** Gives up what is held: the store is right. */
  release(): readonly string[] {
    const changed = new Set<string>();
    for (const key of [...this.#held]) this.#remove(key, changed);
    if (changed.size > 0) this.#ports.onChange(changed);
    return [...changed];
  }

  /** Forgets everything, and begins anew with whatever the store holds. */
  async forgetAll(): Promise<void> {
    await this.close();
    const changed = new Set<string>(this.#records.keys());
    this.#records.clear();
    this.#held.clear();
    this.#bad.clear();
    this.#ahead.clear();
    this.#mirror.restore({ identity: '', revision: 0, entries: [] });
    this.#identity = undefined;
    this.#revision = 0;
    this.#wasCut = false;
    this.#confirmed = false;
    this.#trouble = undefined;
    this.#state = 'syncing';
    this.#ports.onChange(changed);
    this.#ports.onState();
  }

  get state(): SyncState {
    return this.#state;
  }

  /** Why contact was lost; undefined while there is some. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** What the watch has shown is complete as of this revision. */
  get revision(): Revision {
    return this.#revision;
  }

  /** Another number when the store is another one, or has lost something: what an earlier one has answered is void then. */
  get life(): number {
    return this.#life;
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
    // What is held has its revision from another life of the store.
    const recorded = this.#held.has(key) ? 0 : (this.#records.get(key)?.revision ?? 0);
    const known = Math.max(recorded, this.#ahead.get(key) ?? 0);
    if (revision <= known) return false;
    if (revision > this.#revision) this.#ahead.set(key, revision);
    return true;
  }

  #take(update: WatchUpdate): void {
    if (update.kind === 'stale') {
      this.#trouble = update.cause.message;
      this.#wasCut = true;
      this.#asked = undefined;
      if (this.#state === 'insync') this.#enter('stale');
      return;
    }
    this.#queue.push(update);
    if (this.#asked === undefined) this.#ask();
  }

  /** Has the waiting updates judged and takes them in. A loss of contact makes the question void; the updates stay. */
  #ask(): void {
    const snapshot = this.#queue.find((u) => u.kind === 'snapshot');
    const oddity = snapshot === undefined ? undefined : this.#oddityOf(snapshot);
    const isDue = snapshot !== undefined || this.#wasCut;
    const answer = isDue ? this.#ports.judge?.(oddity) : undefined;
    if (answer === undefined) {
      this.#takeWaiting(oddity === undefined ? 'ours' : 'lost');
      return;
    }
    const question = {};
    this.#asked = question;
    const isVoid = (): boolean => this.#asked !== question;
    answer.then(
      (judgement) => {
        if (isVoid()) return;
        this.#asked = undefined;
        this.#takeWaiting(judgement);
      },
      (error: unknown) => {
        if (isVoid()) return;
        this.#asked = undefined;
        this.#trouble = asWeftError(error).message;
      },
    );
  }

  #takeWaiting(judgement: Judgement): void {
    const updates = this.#queue;
    this.#queue = [];
    if (judgement === 'foreign') {
      // Not a word of it is taken in; whoever finds the store to be ours again starts anew.
      this.#wasCut = true;
      const watch = this.#watch;
      this.#watch = undefined;
      void watch?.close();
      this.#trouble = 'it belongs to another cluster';
      if (this.#state === 'insync') this.#enter('stale');
      return;
    }
    this.#wasCut = false;
    this.#trouble = undefined;
    this.#confirmed ||= judgement === 'ours';
    for (const update of updates) this.#apply(update, judgement === 'lost');
    this.#enter('insync');
    this.#ports.onRevision?.();
  }

  #apply(update: StateUpdate, isDoubted: boolean): void {
    const missing: string[] = [];
    if (update.kind === 'snapshot') {
      if (this.#oddityOf(update) !== undefined) {
        missing.push(...this.#aheadOf(update));
        this.#ahead.clear();
        this.#life += 1;
      }
      this.#identity = update.identity;
    }
    const changed = new Set<string>();
    const outcome = this.#mirror.take(update);
    for (const { entry } of outcome.upserts) {
      if (entry.revision > (this.#ahead.get(entry.key) ?? 0)) this.#put(entry, changed);
      else this.#complete(entry);
    }
    const removals = new Map(outcome.removals.map(({ key, how }) => [key, how]));
    if (update.kind === 'snapshot') for (const key of this.#missedIn(update)) removals.set(key, 'deleted');
    for (const key of missing) removals.set(key, 'missing');
    for (const [key, how] of removals) {
      if (update.revision < (this.#ahead.get(key) ?? 0)) continue;
      if (how === 'missing' && isDoubted && this.#ports.isLeased !== true) this.#held.add(key);
      else this.#remove(key, changed);
    }
    for (const [key, revision] of this.#ahead) if (revision <= update.revision) this.#ahead.delete(key);
    this.#revision = update.revision;
    if (changed.size > 0) this.#ports.onChange(changed);
  }

  /** Keys that we wrote ourselves, that the watch never showed, and that were gone again before this snapshot. */
  #missedIn({ entries, revision }: WatchUpdate & { kind: 'snapshot' }): readonly string[] {
    const due = [...this.#ahead].filter(([key, at]) => at <= revision && this.#records.has(key));
    if (due.length === 0) return [];
    const present = new Set(entries.map((e) => e.key));
    return due.map(([key]) => key).filter((key) => !present.has(key));
  }

  /** Keys that we wrote ourselves or read ahead of the watch, and of which the snapshot of another store does not know. */
  #aheadOf({ entries }: WatchUpdate & { kind: 'snapshot' }): readonly string[] {
    if (this.#ahead.size === 0) return [];
    const present = new Set(entries.map((e) => e.key));
    return [...this.#ahead.keys()].filter((key) => this.#records.has(key) && !present.has(key));
  }

  /** A store whose identity changed, or whose revision went back, may be another one, or another life of it. */
  #oddityOf({ identity, revision }: StateUpdate & { kind: 'snapshot' }): Oddity | undefined {
    if (this.#identity === undefined) return undefined;
    if (this.#identity !== identity) return 'its identity is another one';
    return revision < this.#revision ? 'its revision went back' : undefined;
  }

  /** Our own write, known already, as the store holds it. */
  #complete(entry: Entry): void {
    const known = this.#records.get(entry.key);
    if (known?.revision === entry.revision)
      this.#records.set(entry.key, { ...known, stored: storedAs(entry) });
  }

  #put(entry: Entry, changed: Set<string>): void {
    this.#held.delete(entry.key);
    changed.add(entry.key);
    try {
      const value = this.#decode(entry.key, entry.value);
      this.#records.set(entry.key, { value, revision: entry.revision, stored: storedAs(entry) });
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

/** As a record keeps what the store holds. */
export function storedAs({ created, value }: Pick<Entry, 'created' | 'value'>): {
  readonly created: Revision;
  readonly bytes: string;
} {
  const { buffer, byteOffset, length } = value;
  return { created, bytes: Buffer.from(buffer, byteOffset, length).toString('latin1') };
}

/** What is to be remembered is fixed by the call; each entry is made when somebody comes to it. */
function entriesOf(records: readonly (readonly [string, Recorded<unknown>])[]): Iterable<Entry> {
  return {
    *[Symbol.iterator]() {
      for (const [key, { revision, stored }] of records) {
        if (stored === undefined) continue;
        yield { key, revision, created: stored.created, value: Buffer.from(stored.bytes, 'latin1') };
      }
    },
  };
}
