import { describe, test } from '@jest/globals';
import { dataCases } from './contract-data.ts';
import { faultCases } from './contract-faults.ts';
import { leaseCases } from './contract-leases.ts';
import type { FaultyStoreUnderTest, Promised, StoreUnderTest } from './contract-subject.ts';
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

/** What the port promises while the store is away and when it is back. */
export function storeFaultContract(name: string, setup: () => Promise<FaultyStoreUnderTest>): void {
  describe(`${name} keeps the store contract through an outage:`, () => {
    faultCases(promised(setup));
  });
}

const promised =
  <T extends StoreUnderTest>(setup: () => Promise<T>): Promised<T> =>
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
