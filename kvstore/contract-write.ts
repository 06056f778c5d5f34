import { expect } from '@jest/globals';
import { encodeText, type Condition, type Entry, type Op, type Revision, type Store } from './store.ts';

/** Puts one key without a condition; returns the revision. */
export async function put(store: Store, key: string, value: Uint8Array): Promise<Revision> {
  return await commit(store, [{ kind: 'put', key, value }]);
}

export const putText = (store: Store, key: string, text: string): Promise<Revision> =>
  put(store, key, encodeText(text));

export const putOp = (key: string, text: string): Op => ({ kind: 'put', key, value: encodeText(text) });
export const deleteOp = (key: string): Op => ({ kind: 'delete', key });

/** The condition that the key is as `entry` says. */
export const asRead = (key: string, entry: Entry | undefined): Condition =>
  entry === undefined ? { kind: 'absent', key } : { kind: 'unchanged', key, revision: entry.revision };

/** Applies operations that no condition can refuse; returns the revision. */
export async function commit(store: Store, ops: readonly Op[]): Promise<Revision> {
  const result = await store.txn([], ops);
  expect(result.ok).toBe(true);
  if (!result.ok) throw new Error('refused without a condition');
  return result.revision;
}
