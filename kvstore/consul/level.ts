/**
 * What a watch concludes from one reading of its prefix, as values. Consul tells no events: it answers with the whole
 * prefix once something has changed, and the difference is ours to find. A reading in which something is missing, or
 * older than it was, is doubtful, and judged with a proof of who the store is.
 */
import type { LevelSource } from '../level-watch.ts';
import type { Change, Entry, Listing, Revision } from '../store.ts';

/** All keys under the prefix, as they are now. */
export interface Reading {
  /** Of the last change under the prefix. Falls when the server forgets a deletion, after a quarter of an hour. */
  readonly index: Revision;
  /** The store was surely as new as this when it was read. */
  readonly floor: Revision;
  /** Ordered by key. */
  readonly entries: readonly Entry[];
}

/** What has been told. */
export interface Told {
  readonly identity: string;
  readonly revision: Revision;
  readonly revisions: ReadonlyMap<string, Revision>;
}

/** Read after the reading. */
export interface Proof {
  readonly identity: string;
  /** Of the last change anywhere. */
  readonly last: Revision;
}

export interface Difference {
  readonly changes: readonly Change[];
  /** Is a key older than it was? In one life of a store no key ever is. */
  readonly wentBack: boolean;
  /** Must not be believed without a proof. */
  readonly doubtful: boolean;
}

export function differenceOf(told: Told, { entries, index, floor }: Reading): Difference {
  const changes: Change[] = [];
  let found = 0;
  let wentBack = false;
  for (const entry of entries) {
    const before = told.revisions.get(entry.key);
    if (before !== undefined) found += 1;
    if (before === entry.revision) continue;
    changes.push({ kind: 'put', entry });
    if (before !== undefined && entry.revision < before) wentBack = true;
  }
  const missing = found < told.revisions.size ? keysWithout(told.revisions, entries) : [];
  for (const key of missing) changes.push({ kind: 'delete', key });
  const isOld = changes.length > 0 && Math.max(index, floor) <= told.revision;
  return { changes, wentBack, doubtful: missing.length > 0 || wentBack || isOld };
}

function keysWithout(known: ReadonlyMap<string, Revision>, entries: readonly Entry[]): readonly string[] {
  const present = new Set(entries.map(({ key }) => key));
  return [...known.keys()].filter((key) => !present.has(key));
}

interface News {
  readonly since: Revision;
  readonly changes: readonly Change[];
}

/** What the watches are to be told, each on the way from where it stands. */
export class Level implements LevelSource {
  readonly identity: string;
  readonly #revision: Revision;
  readonly #entries: readonly Entry[];
  /** What has changed since; undefined when only the whole truth will do. */
  readonly #news: News | undefined;

  private constructor(identity: string, revision: Revision, { entries }: Reading, news?: News) {
    this.identity = identity;
    this.#revision = revision;
    this.#entries = entries;
    this.#news = news;
  }

  static first(identity: string, reading: Reading): Level {
    return new Level(identity, Math.max(reading.index, reading.floor), reading);
  }

  /** Goes on from what was told, or begins anew where that cannot be. `proof` is needed when the reading is doubtful. */
  static next(told: Told, reading: Reading, difference: Difference, proof?: Proof): Level {
    const { changes, wentBack } = difference;
    const { identity, revision: since } = told;
    const now = Math.max(reading.index, reading.floor);
    if (proof !== undefined && proof.identity !== identity) {
      return new Level(
        proof.identity,
        Math.max(reading.index, ...reading.entries.map((e) => e.revision)),
        reading,
      );
    }
    // The floor is of the life that we knew.
    if (wentBack || (proof !== undefined && proof.last < since))
      return new Level(identity, reading.index, reading);
    if (now > since || changes.length === 0) {
      return new Level(identity, Math.max(now, since), reading, { since, changes });
    }
    // Deletions that the server has forgotten since: true, but nothing says when they were.
    return new Level(identity, since, reading);
  }

  /** Is there anything to tell to a watch that was told everything before? */
  get isNews(): boolean {
    return this.#news === undefined || this.#news.changes.length > 0;
  }

  /** Made anew each time. */
  get told(): Told {
    const revisions = new Map<string, Revision>();
    for (const { key, revision } of this.#entries) revisions.set(key, revision);
    return { identity: this.identity, revision: this.#revision, revisions };
  }

  snapshot(prefix: string): Listing {
    return { revision: this.#revision, entries: this.#entries.filter(({ key }) => key.startsWith(prefix)) };
  }

  changes(
    prefix: string,
    since: Revision,
  ): { readonly revision: Revision; readonly changes: readonly Change[] } | undefined {
    const news = this.#news;
    if (news?.since !== since) return undefined;
    const changes = news.changes.filter((change) => keyOf(change).startsWith(prefix));
    return { revision: this.#revision, changes };
  }
}

const keyOf = (change: Change): string => (change.kind === 'put' ? change.entry.key : change.key);
