import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Condition, Limits, Op } from '../store.ts';
import { checkTxn } from '../txn-check.ts';
import { inBatches } from './batches.ts';

const limits: Limits = {
  txnOps: 9,
  valueBytes: 50,
  txnBytes: 120,
  minLeaseTtl: 0,
  leaseFactor: 1,
  history: true,
};
const anyItems = fc
  .array(fc.uint8Array({ minLength: 1, maxLength: 50 }))
  .map((values) => values.map((value, i) => ({ key: `key/${i}`, value })));

test('every batch is a transaction that the store takes, and together they are all items in order', () => {
  fc.assert(
    fc.property(anyItems, (items) => {
      const batches = inBatches(items, limits);
      expect(batches.flat()).toEqual(items);
      for (const batch of batches) {
        const conditions = batch.map(({ key }): Condition => ({ kind: 'absent', key }));
        const ops = batch.map(({ key, value }): Op => ({ kind: 'put', key, value }));
        expect(() => checkTxn(conditions, ops, limits)).not.toThrow();
        expect(batch.length).toBeGreaterThan(0);
      }
    }),
  );
});

test('a batch is as full as it can be', () => {
  const items = Array.from({ length: 8 }, (_, i) => ({ key: `${i}`, value: Uint8Array.of(1) }));
  expect(inBatches(items, limits).map((batch) => batch.length)).toEqual([4, 4]);
});

test('an item that the store never takes is named', () => {
  const item = { key: 'net/a/endpoint/b', value: new Uint8Array(51) };
  const message = 'net/a/endpoint/b has 51 bytes; the store takes 50';
  expect(() => inBatches([item], limits)).toThrow(expect.objectContaining({ code: 'STORE_LIMIT', message }));
});
