import type { Store } from '../../../kvstore/store.ts';
import { inBatches } from '../../../kvstore/transfer/batches.ts';
import { mapBounded } from '../../lab/wait.ts';
import { recordOf } from './cast.ts';

/** Transactions under way at once. */
const atOnce = 8;

/** Puts the endpoints `from` to below `to` in transactions as large as the store takes. */
export async function fill(
  store: Store,
  from: number,
  to: number,
  tell: (done: number) => void,
): Promise<void> {
  const items = Array.from({ length: to - from }, (_, i) => recordOf(from + i));
  let done = from;
  let told = 0;
  await mapBounded(inBatches(items, store.limits), atOnce, async (batch) => {
    const { ok } = await store.txn(
      batch.map(({ key }) => ({ kind: 'absent', key })),
      batch.map((item) => ({ kind: 'put', ...item })),
    );
    if (!ok)
      throw new Error(`an endpoint of ${batch[0]?.key ?? 'nobody'} and those after it is there already`);
    done += batch.length;
    const part = Math.floor((done * 4) / to);
    if (part > told) tell(done);
    told = part;
  });
}
