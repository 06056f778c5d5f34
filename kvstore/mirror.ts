import type { Entry, Revision, WatchUpdate } from './store.ts';

/** A watch update that carries state. */
export type StateUpdate = Exclude<WatchUpdate, { readonly kind: 'stale' }>;

/** What an update means to somebody who took all the ones before. */
export interface MirrorOutcome {
  /** Entries that are new or were written since. */
  readonly upserts: readonly { readonly entry: Entry }[];
  /** `deleted`: the store said so. `missing`: it is not in a snapshot any more; when and why it went, nobody saw. */
  readonly removals: readonly { readonly key: string; readonly how: 'missing' | 'deleted' }[];
}

type Seen = Pick<Entry, 'revision' | 'created'>;

/**
 * Knows of each key under a watched prefix which version was seen last, so that snapshots and changes alike become
 * differences. Changes never take a key back behind what was seen of it; a snapshot is the whole truth and may.
 */
export class Mirror {
  #seen = new Map<string, Seen>();
  #revision: Revision = 0;
  #identity: string | undefined;

  /** Begins with what somebody remembers of these keys instead of with nothing. */
  restore(known: {
    readonly identity: string;
    readonly revision: Revision;
    readonly entries: Iterable<Entry>;
  }): void {
    this.#seen = new Map(
      Array.from(known.entries, ({ key, revision, created }) => [key, { revision, created }]),
    );
    this.#identity = known.identity;
    this.#revision = known.revision;
  }

  take(update: StateUpdate): MirrorOutcome {
    const outcome = update.kind === 'snapshot' ? this.#snapshot(update) : this.#changes(update);
    this.#revision = update.revision;
    return outcome;
  }

  /** Revisions compare only within one life of a store: after a change of identity, or a step back, all is news. */
  #snapshot({ revision, entries, identity }: StateUpdate & { readonly kind: 'snapshot' }): MirrorOutcome {
    const comparable = this.#identity === identity && revision >= this.#revision;
    const before = this.#seen;
    const seen = new Map<string, Seen>();
    const upserts: { entry: Entry }[] = [];
    for (const entry of entries) {
      const known = before.get(entry.key);
      const isNews = !comparable || !isSame(known, entry);
      if (isNews) upserts.push({ entry });
      seen.set(entry.key, isNews ? { revision: entry.revision, created: entry.created } : (known as Seen));
    }
    const removals: { key: string; how: 'missing' }[] = [];
    for (const key of before.keys()) if (!seen.has(key)) removals.push({ key, how: 'missing' });
    this.#seen = seen;
    this.#identity = identity;
    return { upserts, removals };
  }

  #changes({ revision, changes }: StateUpdate & { readonly kind: 'changes' }): MirrorOutcome {
    const upserts: { entry: Entry }[] = [];
    const removals: { key: string; how: 'deleted' }[] = [];
    for (const change of changes) {
      const seen = this.#seen.get(change.kind === 'put' ? change.entry.key : change.key)?.revision ?? -1;
      if (change.kind === 'put') {
        const { entry } = change;
        if (entry.revision <= seen) continue;
        this.#seen.set(entry.key, { revision: entry.revision, created: entry.created });
        upserts.push({ entry });
      } else if (revision >= seen) {
        // Also of a key that is not known: somebody may hold it since a snapshot missed it.
        this.#seen.delete(change.key);
        removals.push({ key: change.key, how: 'deleted' });
      }
    }
    return { upserts, removals };
  }
}

function isSame(seen: Seen | undefined, entry: Entry): boolean {
  return seen?.revision === entry.revision && seen.created === entry.created;
}
