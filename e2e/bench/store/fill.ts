import type { Store } from '../../../kvstore/store.ts';
import { inBatches } from '../../../kvstore/transfer/batches.ts';
import type { Item } from '../../../kvstore/transfer/stages.ts';
import { mapBounded } from '../../lab/wait.ts';

/** Transactions under way at once. */
const atOnce = 8;

/** Puts them in transactions as large as the store takes. `tell`: how many are done, now and then. */
export async function fill(
  store: Store,
  items: readonly Item[],
  tell: (done: number) => void,
): Promise<void> {
  let done = 0;
  let told = 0;
  await mapBounded(inBatches(items, store.limits), atOnce, async (batch) => {
    const { ok } = await store.txn(
      batch.map(({ key }) => ({ kind: 'absent', key })),
      batch.map((item) => ({ kind: 'put', ...item })),
    );
    if (!ok)
      throw new Error(`an endpoint of ${batch[0]?.key ?? 'nobody'} and those after it is there already`);
    done += batch.length;
    const part = Math.floor((done * 4) / items.length);
    if (part > told && part < 4) tell(done);
    told = part;
  });
}
