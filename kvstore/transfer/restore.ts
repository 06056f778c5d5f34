import { asWeftError, hasCode, WeftError } from '../../model/errors.ts';
import { keys } from '../keys.ts';
import { encodeText, type Condition, type Entry, type Op, type Store } from '../store.ts';
import { inBatches } from './batches.ts';
import { bothValues, differs, judgeTarget } from './judge.ts';
import { inOrder, type Item } from './stages.ts';

/** What has become of a restore. */
export interface Restored {
  /** Keys that were written now. */
  readonly written: number;
  /** Keys that an earlier, interrupted run had written. */
  readonly present: number;
}

export interface RestoreOptions {
  /** Where the items come from, for people. */
  readonly from: string;
  /** Told after each transaction. */
  readonly progress?: (done: number, all: number) => void;
}

/** Answers to one batch that leave it unfinished. */
const attempts = 3;

/**
 * Fills an empty store: each key is created, none is overwritten, and all are read again at the end. While it is under way
 * the key `restoring` is there, and agents wait for its end. A run that was interrupted is continued by the same call.
 *
 * @throws STORE_OCCUPIED naming the key when the store holds something else; STORE_LIMIT before anything is written; errors of
 *   the store, which say how far it came.
 */
export async function restore(
  store: Store,
  items: readonly Item[],
  options: RestoreOptions,
): Promise<Restored> {
  const batchesOf = (some: readonly Item[]): readonly (readonly Item[])[] =>
    inBatches(inOrder(some), store.limits);
  // What is too large for this store is found before anything is written.
  batchesOf(items);
  const verdict = judgeTarget((await store.list('')).entries, items);
  if (verdict.kind === 'occupied') throw occupied(store, verdict.key, verdict.why);
  if (verdict.kind === 'done') return { written: 0, present: items.length };
  const missing = verdict.kind === 'begun' ? verdict.missing : items;
  const present = items.length - missing.length;
  let written = 0;
  let begun = false;
  try {
    if (verdict.kind === 'empty') {
      await begin(store, options.from);
      begun = true;
    }
    for (const batch of batchesOf(missing)) {
      await create(store, batch);
      written += batch.length;
      options.progress?.(present + written, items.length);
    }
    await verify(store, items);
    await end(store);
  } catch (error) {
    // Somebody else was faster with the first keys: the store is his.
    if (hasCode(error, 'STORE_OCCUPIED') && begun && written === 0) await end(store).catch(() => undefined);
    throw interrupted(store, asWeftError(error), present + written, items.length);
  }
  return { written, present };
}

async function begin(store: Store, from: string): Promise<void> {
  const key = keys.restoring;
  const value = encodeText(from);
  await repeatable(async () => {
    const result = await store.txn([{ kind: 'absent', key }], [{ kind: 'put', key, value }]);
    const held = result.ok ? undefined : result.current.get(key);
    if (held === undefined || !differs(held, { key, value })) return;
    throw occupied(store, key, `somebody else has begun to fill it: ${bothValues(held, { key, value })}`);
  });
}

async function end(store: Store): Promise<void> {
  await repeatable(() => store.txn([], [{ kind: 'delete', key: keys.restoring }]));
}

/**
 * Creates the keys of a batch in one transaction, overwriting none. Those that are there with their value, from a write whose
 * answer was lost for instance, are fine. Returns how many there were to create.
 *
 * @throws STORE_OCCUPIED when one of them has another value: then nothing was written.
 */
export async function create(store: Store, batch: readonly Item[]): Promise<number> {
  let left = batch;
  for (let attempt = 1; left.length > 0; attempt += 1) {
    const conditions = left.map(({ key }): Condition => ({ kind: 'absent', key }));
    const ops = left.map(({ key, value }): Op => ({ kind: 'put', key, value }));
    const result = await repeatable(() => store.txn(conditions, ops));
    if (result.ok) return left.length;
    left = left.filter((item) => isAbsent(store, item, result.current.get(item.key)));
    if (attempt === attempts && left[0] !== undefined)
      throw occupied(store, left[0].key, `its keys keep changing, ${left[0].key} for one`);
  }
  return 0;
}

function isAbsent(store: Store, item: Item, held: Entry | undefined): boolean {
  if (held === undefined) return true;
  if (!differs(held, item)) return false;
  throw occupied(store, item.key, `its key ${item.key} has another value: ${bothValues(held, item)}`);
}

/** Runs a write that is harmless when it is applied twice once more after its answer was lost. */
async function repeatable<T>(write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!hasCode(error, 'STORE_AMBIGUOUS')) throw error;
    return await write();
  }
}

/** Key by key: the store holds what was to be written, and nothing else. */
async function verify(store: Store, items: readonly Item[]): Promise<void> {
  const verdict = judgeTarget((await store.list('')).entries, items);
  if (verdict.kind === 'begun' && verdict.missing.length === 0) return;
  if (verdict.kind === 'occupied') throw occupied(store, verdict.key, verdict.why);
  const key = verdict.kind === 'begun' ? verdict.missing[0]?.key : keys.restoring;
  throw occupied(store, key ?? keys.restoring, `${key ?? keys.restoring} was written and is gone again`);
}

const occupied = (store: Store, key: string, why: string): WeftError =>
  new WeftError('STORE_OCCUPIED', `${store.description} cannot be filled: ${why}`, { details: { key } });

function interrupted(store: Store, error: WeftError, done: number, all: number): WeftError {
  const goesOn =
    error.code === 'STORE_OCCUPIED' ? '' : '; the same command goes on from there, agents wait meanwhile';
  const text = `${error.message}; ${done} of ${all} keys are in ${store.description}${goesOn}`;
  return new WeftError(error.code, text, { cause: error, details: { ...error.details, done, all } });
}
