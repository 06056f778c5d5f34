import type { Follower } from '../../contract-subject.ts';
import { commit } from '../../contract-write.ts';
import type { Op, Revision, Store, WatchUpdate } from '../../store.ts';

interface Write {
  readonly revision: Revision;
  readonly ops: readonly Op[];
}

/**
 * Knows what was written, transaction by transaction, and so can tell of each update of a watch whether it is the whole
 * truth of its revision. Everything under the watched prefix has to be written by it.
 */
export class Ledger {
  readonly #writes: Write[] = [];

  async commit(store: Store, ops: readonly Op[]): Promise<Revision> {
    const revision = await commit(store, ops);
    this.#writes.push({ revision, ops });
    return revision;
  }

  /** Notes on the follower every update in which a transaction was torn, or something was missing or too new. */
  judge(follower: Follower, prefix = 'net/'): void {
    const writes = [...this.#writes].sort((a, b) => a.revision - b.revision);
    const seen = new Map<string, Revision>();
    const truth = new Map<string, Write>();
    let next = 0;
    for (const update of follower.updates) {
      if (update.kind === 'stale') continue;
      const touched = takeUpdate(seen, update);
      for (let write = writes[next]; write !== undefined && write.revision <= update.revision;) {
        for (const { key } of write.ops) {
          if (!key.startsWith(prefix)) continue;
          truth.set(key, write);
          touched.add(key);
        }
        write = writes[(next += 1)];
      }
      for (const key of touched) judgeKey(follower, key, seen, truth, update.revision);
    }
  }
}

/** Brings the state to what the update says; returns the keys in it. */
function takeUpdate(
  seen: Map<string, Revision>,
  update: Exclude<WatchUpdate, { kind: 'stale' }>,
): Set<string> {
  if (update.kind === 'snapshot') {
    const touched = new Set([...seen.keys(), ...update.entries.map(({ key }) => key)]);
    seen.clear();
    for (const { key, revision } of update.entries) seen.set(key, revision);
    return touched;
  }
  for (const change of update.changes) {
    if (change.kind === 'put') seen.set(change.entry.key, change.entry.revision);
    else seen.delete(change.key);
  }
  return new Set(update.changes.map((change) => (change.kind === 'put' ? change.entry.key : change.key)));
}

function judgeKey(
  follower: Follower,
  key: string,
  seen: ReadonlyMap<string, Revision>,
  truth: ReadonlyMap<string, Write>,
  at: Revision,
): void {
  const write = truth.get(key);
  const isThere = write?.ops.find((op) => op.key === key)?.kind === 'put';
  const wanted = isThere ? write.revision : undefined;
  const found = seen.get(key);
  if (found === wanted) return;
  const tells = `at ${at} ${key} is ${found ?? 'absent'}, not ${wanted ?? 'absent'}`;
  const isTorn = write?.ops.some((op) => op.kind === 'put' && seen.get(op.key) === write.revision) === true;
  follower.note(isTorn ? 'transactions whole' : 'nothing lost', tells);
}
