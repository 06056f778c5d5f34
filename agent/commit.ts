import type { Condition, Op, Store } from '../kvstore/store.ts';
import { hasCode } from '../model/errors.ts';

/** Was it applied? False: refused, or nobody knows; who reads again and finds it done need not try again. */
export async function commit(
  conditions: readonly Condition[],
  ops: readonly Op[],
  { store, signal }: { readonly store: Pick<Store, 'txn'>; readonly signal: AbortSignal },
): Promise<boolean> {
  try {
    return (await store.txn(conditions, ops, { signal })).ok;
  } catch (error) {
    if (hasCode(error, 'STORE_AMBIGUOUS')) return false;
    throw error;
  }
}
