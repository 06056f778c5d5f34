import { describe, test } from '@jest/globals';
import { dataCases } from './contract-data.ts';
import { leaseCases } from './contract-leases.ts';
import type { Promised, StoreUnderTest } from './contract-subject.ts';
import { transactionCases } from './contract-transactions.ts';
import { watchCases } from './contract-watch.ts';

/** The promises of the Store port: each test gets data of its own. */
export function storeContract(name: string, setup: () => Promise<StoreUnderTest>): void {
  const promise = promised(setup);
  describe(`${name} keeps the store contract:`, () => {
    describe('reading', () => dataCases(promise));
    describe('transactions', () => transactionCases(promise));
    describe('watching', () => watchCases(promise));
    describe('leases', () => leaseCases(promise));
  });
}

const promised =
  (setup: () => Promise<StoreUnderTest>): Promised =>
  (title, run) => {
    test(
      title,
      async () => {
        const t = await setup();
        try {
          await run(t);
        } finally {
          await t.dispose();
        }
      },
      60_000,
    );
  };
