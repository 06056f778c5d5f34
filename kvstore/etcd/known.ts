import type { Revision } from '../store.ts';

/** A key was written or deleted (`exists: false`) at a revision. */
export interface Step {
  readonly key: string;
  readonly revision: Revision;
  readonly exists: boolean;
}

/** So many recent steps are copied with each further one; then they are merged into the large map. */
const mostRecent = 256;

/**
 * Which keys exist, and the revision of their last write. A value: `after` leaves it as it is. Steps are kept in a small
 * map above a large one that is seldom copied, so that a step on top of 24,000 keys costs microseconds.
 */
export class Known {
  readonly #settled: ReadonlyMap<string, Revision>;
  readonly #recent: ReadonlyMap<string, Revision | undefined>;

  private constructor(
    settled: ReadonlyMap<string, Revision>,
    recent: ReadonlyMap<string, Revision | undefined>,
  ) {
    this.#settled = settled;
    this.#recent = recent;
  }

  static of(entries: Iterable<{ readonly key: string; readonly revision: Revision }>): Known {
    const settled = new Map<string, Revision>();
    for (const { key, revision } of entries) settled.set(key, revision);
    return new Known(settled, new Map());
  }

  /** Revision of the last write; undefined when the key does not exist. */
  revisionOf(key: string): Revision | undefined {
    return this.#recent.has(key) ? this.#recent.get(key) : this.#settled.get(key);
  }

  after(steps: Iterable<Step>): Known {
    const recent = new Map(this.#recent);
    for (const { key, revision, exists } of steps) recent.set(key, exists ? revision : undefined);
    if (recent.size <= mostRecent) return new Known(this.#settled, recent);
    const settled = new Map(this.#settled);
    for (const [key, revision] of recent) {
      if (revision === undefined) settled.delete(key);
      else settled.set(key, revision);
    }
    return new Known(settled, new Map());
  }

  /** Keys whose last write, or existence, is another one there: with what is expected there. */
  differences(there: Known): ReadonlyMap<string, Revision | undefined> {
    const differing = new Map<string, Revision | undefined>();
    for (const key of there.#keys()) {
      const expected = there.revisionOf(key);
      if (expected !== this.revisionOf(key)) differing.set(key, expected);
    }
    for (const key of this.#keys()) {
      if (there.revisionOf(key) === undefined && this.revisionOf(key) !== undefined)
        differing.set(key, undefined);
    }
    return differing;
  }

  *#keys(): Generator<string> {
    yield* this.#settled.keys();
    for (const key of this.#recent.keys()) if (!this.#settled.has(key)) yield key;
  }
}
