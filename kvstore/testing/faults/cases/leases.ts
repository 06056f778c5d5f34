import { expect } from '@jest/globals';
import { eventually } from '../../../contract-subject.ts';
import { commit, putOp } from '../../../contract-write.ts';
import { encodeText, type Lease, type Op } from '../../../store.ts';
import type { FaultCase } from '../fault-case.ts';
import { follow, passing } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';

const leased = (key: string, lease: Lease, text = 'x'): Op => ({
  kind: 'put',
  key,
  value: encodeText(text),
  lease,
});

/** Leases that are kept, and those that change hands. */
export const leaseFaultCases: readonly FaultCase<Hands>[] = [
  fault('a lease survives a cut and an outage shorter than its TTL', ['way'], async (t) => {
    const { proxy } = t.hands.way;
    const lease = await t.store.lease(t.store.limits.minLeaseTtl);
    await commit(t.store, [leased('alive/a', lease)]);
    const before = proxy.attempts;
    proxy.mode = 'refuse';
    await eventually('an attempt in vain', () => proxy.attempts > before);
    proxy.mode = 'pass';
    await passing(3 * lease.ttl);
    expect(lease.lost.aborted).toBe(false);
    expect(await t.witness.get('alive/a')).toBeDefined();
  }),

  fault(
    'a client that comes again takes the key that its former self still holds, in one step and in the same life',
    [],
    async (t) => {
      // Long enough for a machine that has other things to do as well.
      const ttl = Math.max(t.store.limits.minLeaseTtl, 4000);
      const before = await t.another();
      const made = await commit(before, [leased('alive/a', await before.lease(ttl), 'before')]);
      await before.close();
      const { follower } = await follow(t.store, 'alive/');
      const lease = await t.store.lease(60_000);
      const revision = await commit(t.store, [leased('alive/a', lease, 'after')]);
      await eventually('the new holder', () => follower.state.get('alive/a')?.revision === revision);
      expect(follower.state.get('alive/a')?.created).toBe(made);
      // The end of the former lease takes nothing with it.
      await passing(ttl * t.store.limits.leaseFactor + 2000);
      expect([follower.texts, lease.lost.aborted]).toEqual([{ 'alive/a': 'after' }, false]);
      expect([follower.updates.length, follower.broken]).toEqual([2, []]);
      await lease.revoke();
      await eventually('its end', () => follower.state.size === 0);
    },
  ),

  fault('a lease that is lost in an outage is taken anew, with its keys', ['away'], async (t) => {
    const { away } = t.hands;
    const lost = await t.store.lease(t.store.limits.minLeaseTtl);
    await commit(t.store, [leased('alive/a', lost), putOp('durable', 'x')]);
    await away.begin();
    await eventually('the loss', () => lost.lost.aborted, 60_000);
    await away.end();
    const again = await eventually('another lease', () => t.store.lease(60_000), 60_000);
    await eventually('a write', () => commit(t.store, [leased('alive/a', again)]), 60_000);
    await passing(t.store.limits.minLeaseTtl * t.store.limits.leaseFactor + 3000);
    expect([again.lost.aborted, (await t.witness.get('alive/a')) !== undefined]).toEqual([false, true]);
    expect(await t.witness.get('durable')).toBeDefined();
  }),
];
