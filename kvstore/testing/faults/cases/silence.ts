import { expect } from '@jest/globals';
import { eventually } from '../../../contract-subject.ts';
import { commit, putOp, putText } from '../../../contract-write.ts';
import { encodeText, type Lease, type Op } from '../../../store.ts';
import type { FaultCase } from '../fault-case.ts';
import { expectStale, expectTheTruth, follow, passing, patience } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';
import { Ledger } from '../ledger.ts';

const leased = (key: string, lease: Lease): Op => ({ kind: 'put', key, value: encodeText('x'), lease });
const codeOf = async (call: Promise<unknown>): Promise<unknown> =>
  await call.then(
    () => 'done',
    (error: unknown) => (error as { readonly code?: unknown }).code,
  );

/** Servers that are there and do not answer, and outages with many watches. */
export const silenceCases: readonly FaultCase<Hands>[] = [
  ...(['hole', 'mute'] as const).map((mode) =>
    fault(
      `in a ${mode === 'hole' ? 'black hole' : 'contact that lets requests pass and no answers'} reads are ` +
        'STORE_UNAVAILABLE, writes STORE_AMBIGUOUS, leases lost, watches stale; then all is well',
      ['way'],
      async (t) => {
        const { proxy } = t.hands.way;
        const ledger = new Ledger();
        const { follower } = await follow(t.store);
        const lease = await t.store.lease(t.store.limits.minLeaseTtl);
        await ledger.commit(t.store, [putOp('net/a', '1'), putOp('net/b', '1')]);
        await expectTheTruth(follower, t.witness);
        const began = performance.now();
        proxy.mode = mode;
        await ledger.commit(t.witness, [putOp('net/a', '2'), putOp('net/b', '2')]);
        // Has no connection yet, so that it knows that nothing was sent.
        const stranger = await t.hands.way.client();
        const answers = [putText(t.store, 'k', '2'), t.store.get('k'), putText(stranger, 'k', '2')];
        expect(await Promise.all(answers.map(codeOf))).toEqual([
          'STORE_AMBIGUOUS',
          'STORE_UNAVAILABLE',
          'STORE_UNAVAILABLE',
        ]);
        await eventually('the loss', () => lease.lost.aborted);
        expect(lease.lost.reason).toMatchObject({ code: 'STORE_LEASE_LOST' });
        await expectStale(follower);
        const took = performance.now() - began;
        proxy.mode = 'pass';
        await expectTheTruth(follower, t.witness);
        expect(await eventually('an answer', () => t.store.get('net/a'), patience)).toEqual(
          await t.witness.get('net/a'),
        );
        ledger.judge(follower);
        expect(follower.broken).toEqual([]);
        return `stale after ${(took / 1000).toFixed(1)} s`;
      },
    ),
  ),

  fault(
    'a server that is frozen for longer than a lease: calls end in time, the lease is lost, watches are stale; thawed, all is well',
    ['freeze'],
    async (t) => {
      const { freeze } = t.hands;
      const { follower } = await follow(t.store);
      const lease = await t.store.lease(t.store.limits.minLeaseTtl);
      await commit(t.store, [putOp('net/a', '1'), leased('alive/a', lease)]);
      await expectTheTruth(follower, t.witness);
      await freeze.begin();
      try {
        const began = performance.now();
        // A signal takes a moment to arrive.
        await eventually(
          'no answer',
          async () => (await codeOf(t.store.get('net/a'))) === 'STORE_UNAVAILABLE',
        );
        expect(['STORE_UNAVAILABLE', 'STORE_AMBIGUOUS']).toContain(await codeOf(putText(t.store, 'k', '1')));
        expect(performance.now() - began).toBeLessThan(30_000);
        await eventually('the loss', () => lease.lost.aborted);
        await expectStale(follower);
      } finally {
        await freeze.end();
      }
      await eventually('a write', () => putText(t.store, 'net/a', '2'), patience);
      await expectTheTruth(follower, t.witness);
      await eventually(
        'the end of its key',
        async () => (await t.store.get('alive/a')) === undefined,
        patience,
      );
      expect(follower.broken).toEqual([]);
    },
  ),

  fault(
    'a process that holds the lock of all writers is stopped: reads and watches go on, writes are told in time; killed, nothing of it is there',
    ['lock'],
    async (t) => {
      await putText(t.store, 'net/a', '1');
      const { follower } = await follow(t.store);
      await t.hands.lock.begin();
      try {
        expect(await codeOf(putText(t.store, 'net/a', '2'))).toBe('STORE_UNAVAILABLE');
        expect((await t.store.list('net/')).entries).toHaveLength(1);
      } finally {
        await t.hands.lock.end();
      }
      const revision = await putText(t.store, 'net/a', '3');
      await expectTheTruth(follower, t.witness);
      expect([follower.broken, follower.kinds.includes('stale'), revision < 1000]).toEqual([[], false, true]);
    },
  ),

  fault(
    'an outage causes few attempts and no line of log for each, however many watches there are',
    ['way'],
    async (t) => {
      const { proxy } = t.hands.way;
      const all = await Promise.all(Array.from({ length: 10 }, (_, n) => follow(t.store, `net/${n}/`)));
      const lease = await t.store.lease(120_000);
      const before = proxy.attempts;
      const seconds = t.long ? 60 : 5;
      proxy.mode = 'refuse';
      await passing(seconds * 1000);
      const attempts = proxy.attempts - before;
      proxy.mode = 'pass';
      const began = performance.now();
      await commit(t.witness, [putOp('net/0/a', '1'), putOp('net/9/a', '1')]);
      for (const [n, { follower }] of all.entries()) await expectTheTruth(follower, t.witness, `net/${n}/`);
      const took = performance.now() - began;
      expect(attempts).toBeGreaterThan(1);
      // Two seconds apart at most, half of that by chance, and some at the beginning.
      expect(attempts).toBeLessThan(20 + 4 * seconds);
      expect([lease.lost.aborted, t.lines]).toEqual([false, []]);
      return `${attempts} attempts in ${seconds} s; back after ${Math.round(took)} ms`;
    },
  ),
];
