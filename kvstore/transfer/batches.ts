import { WeftError } from '../../model/errors.ts';
import type { Limits } from '../store.ts';
import type { Item } from './stages.ts';

/** Each key is an operation and the condition that it is absent. */
const opsOf = 2;
const bytesOf = ({ key, value }: Item): number => 2 * key.length + value.length;

/**
 * The items in transactions that the store takes, each written on condition that its key is absent; the order stays.
 *
 * @throws STORE_LIMIT that names an item which no transaction of the store can hold.
 */
export function inBatches(
  items: readonly Item[],
  limits: Pick<Limits, 'txnOps' | 'txnBytes' | 'valueBytes'>,
): readonly (readonly Item[])[] {
  const batches: Item[][] = [];
  let batch: Item[] = [];
  let bytes = 0;
  for (const item of items) {
    const size = bytesOf(item);
    if (item.value.length > limits.valueBytes || size > limits.txnBytes) tooLarge(item, limits);
    if ((batch.length + 1) * opsOf > limits.txnOps || bytes + size > limits.txnBytes || batch.length === 0) {
      batch = [];
      bytes = 0;
      batches.push(batch);
    }
    batch.push(item);
    bytes += size;
  }
  return batches;
}

function tooLarge({ key, value }: Item, limits: Pick<Limits, 'txnBytes' | 'valueBytes'>): never {
  const limit = Math.min(limits.valueBytes, limits.txnBytes);
  throw new WeftError('STORE_LIMIT', `${key} has ${value.length} bytes; the store takes ${limit}`, {
    details: { key, size: value.length, limit },
  });
}
