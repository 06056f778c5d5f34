import { expect } from '@jest/globals';
import { eventually } from '../../../contract-subject.ts';
import { commit, putText } from '../../../contract-write.ts';
import { encodeText } from '../../../store.ts';
import type { FaultCase } from '../fault-case.ts';
import { expectTheTruth, follow, passing, patience } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';

const hour = 3_600_000;

/** The wall clock jumps: nothing goes by it. */
export const clockCases: readonly FaultCase<Hands>[] = [
  fault(
    'the wall clock jumps an hour ahead and two back: leases and watches do not notice',
    ['wallClock'],
    async (t) => {
      using clock = t.hands.wallClock();
      const lease = await t.store.lease(t.store.limits.minLeaseTtl);
      await commit(t.store, [{ kind: 'put', key: 'alive/a', value: encodeText('x'), lease }]);
      const { follower } = await follow(t.store);
      for (const step of [hour, -2 * hour]) {
        clock.step(step);
        await passing(lease.ttl * t.store.limits.leaseFactor + 2000);
        expect([lease.lost.aborted, (await t.witness.get('alive/a')) !== undefined]).toEqual([false, true]);
        await putText(t.store, 'net/a', `${step}`);
        await expectTheTruth(follower, t.witness);
      }
      expect([follower.kinds.includes('stale'), follower.broken]).toEqual([false, []]);
      await lease.revoke();
    },
  ),

  fault(
    'a call without an answer ends in time, however the wall clock jumps meanwhile',
    ['wallClock', 'way'],
    async (t) => {
      using clock = t.hands.wallClock();
      const { proxy } = t.hands.way;
      const took: number[] = [];
      for (const step of [hour, -2 * hour]) {
        proxy.mode = 'pass';
        await eventually('a write', () => putText(t.store, 'k', 'x'), patience);
        proxy.mode = 'hole';
        const ended: unknown[] = [];
        const began = performance.now();
        for (const call of [t.store.get('k'), putText(t.store, 'k', 'y')])
          call.catch((error: unknown) => ended.push((error as { readonly code?: unknown }).code));
        await passing(500);
        clock.step(step);
        await eventually('the end of both calls', () => ended.length === 2, patience);
        took.push(Math.round(performance.now() - began));
        expect(ended).toContain('STORE_UNAVAILABLE');
      }
      // Twice what a call may take.
      expect(Math.max(...took)).toBeLessThan(10_000);
      return `ended after ${took.join(' and ')} ms`;
    },
  ),
];
