import { expect } from '@jest/globals';
import { eventually, Follower } from '../../contract-subject.ts';
import type { Entry, Store, Watch } from '../../store.ts';

/** Longer than any back end needs to notice that its store is away, or that it is back. */
export const patience = 40_000;

export interface Followed {
  readonly follower: Follower;
  readonly watch: Watch;
}

/** A watch that has had its first snapshot. */
export async function follow(store: Store, prefix = 'net/'): Promise<Followed> {
  const follower = new Follower();
  const watch = store.watch(prefix, follower.sink);
  await eventually('a snapshot', () => follower.kinds.includes('snapshot'), patience);
  return { follower, watch };
}

/**
 * Waits until the state that the watch has built is the one that `witness` lists. Listed anew for each look: a write whose
 * reply was lost may be applied late.
 */
export async function expectTheTruth(follower: Follower, witness: Store, prefix = 'net/'): Promise<void> {
  const revisions = (entries: Iterable<Entry>): readonly string[] =>
    [...entries].map((e) => `${e.key} ${e.created} ${e.revision}`).sort();
  let wanted: readonly string[] = [];
  const isTrue = async (): Promise<boolean> => {
    wanted = revisions((await witness.list(prefix)).entries);
    return JSON.stringify(revisions(follower.state.values())) === JSON.stringify(wanted);
  };
  await eventually('the truth', isTrue, patience).catch(() =>
    expect(revisions(follower.state.values())).toEqual(wanted),
  );
}

export const expectStale = (follower: Follower): Promise<unknown> =>
  eventually('stale', () => follower.kinds.at(-1) === 'stale', patience);

export const snapshots = (follower: Follower): number =>
  follower.kinds.filter((kind) => kind === 'snapshot').length;

/** Waits until real time has passed: servers have clocks of their own. */
export async function passing(ms: number): Promise<void> {
  const until = performance.now() + ms;
  await eventually(`${ms} ms to pass`, () => performance.now() > until, ms * 10);
}
