import { expect } from '@jest/globals';
import { eventually } from '../../../contract-subject.ts';
import { commit, deleteOp, putOp, putText } from '../../../contract-write.ts';
import type { FaultCase } from '../fault-case.ts';
import { expectStale, expectTheTruth, follow, patience, snapshots } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';
import { Ledger } from '../ledger.ts';

/** What happens to the past of a store. */
export const historyCases: readonly FaultCase<Hands>[] = [
  fault('what was missed in an outage is told as changes, deletions among them', ['way'], async (t) => {
    const ledger = new Ledger();
    await ledger.commit(t.witness, [putOp('net/a', '1'), putOp('net/b', '1'), putOp('net/c', '1')]);
    const { follower } = await follow(t.store);
    t.hands.way.proxy.mode = 'refuse';
    await expectStale(follower);
    await ledger.commit(t.witness, [deleteOp('net/a')]);
    await ledger.commit(t.witness, [putOp('net/b', '2')]);
    await ledger.commit(t.witness, [deleteOp('net/b'), putOp('net/d', '1')]);
    await ledger.commit(t.witness, [putOp('net/b', '3')]);
    t.hands.way.proxy.mode = 'pass';
    await expectTheTruth(follower, t.witness);
    ledger.judge(follower);
    expect([snapshots(follower), follower.broken]).toEqual([1, []]);
  }),

  fault(
    'history that was forgotten meanwhile becomes a snapshot, with the deletions in it',
    ['way', 'compact'],
    async (t) => {
      const ledger = new Ledger();
      await ledger.commit(t.witness, [putOp('net/a', '1'), putOp('net/b', '1')]);
      const { follower } = await follow(t.store);
      t.hands.way.proxy.mode = 'refuse';
      await expectStale(follower);
      await ledger.commit(t.witness, [deleteOp('net/a')]);
      await ledger.commit(t.witness, [putOp('net/c', '1')]);
      await t.hands.compact();
      t.hands.way.proxy.mode = 'pass';
      await expectTheTruth(follower, t.witness);
      expect([snapshots(follower), Object.keys(follower.texts)]).toEqual([2, ['net/b', 'net/c']]);
      await ledger.commit(t.witness, [putOp('net/d', '1')]);
      await expectTheTruth(follower, t.witness);
      ledger.judge(follower);
      expect(follower.broken).toEqual([]);
    },
  ),

  fault(
    'a deletion at exactly the revision up to which history is forgotten is not missed',
    ['away', 'compact'],
    async (t) => {
      await commit(t.witness, [putOp('net/a', '1'), putOp('net/b', '1')]);
      for (let round = 0; round < (t.long ? 20 : 2); round += 1) {
        await putText(t.witness, 'net/a', `${round}`);
        const { follower, watch } = await follow(t.store);
        const { away } = t.hands;
        // The last thing that is written is the deletion, and the history ends with it.
        await commit(t.witness, [deleteOp('net/a')]);
        await t.hands.compact();
        await away.begin();
        await away.end();
        await expectTheTruth(follower, t.witness);
        expect(Object.keys(follower.texts)).toEqual(['net/b']);
        await watch.close();
      }
    },
  ),

  fault(
    'a store that was put back to an older state is told as a snapshot whose revision went back',
    ['save'],
    async (t) => {
      await commit(t.witness, [putOp('net/a', '1'), putOp('net/b', '1')]);
      const { follower } = await follow(t.store);
      const putBack = await t.hands.save();
      await commit(t.witness, [putOp('net/b', '2'), putOp('net/c', '1')]);
      for (let n = 0; n < 5; n += 1) await putText(t.witness, 'net/c', `${n}`);
      await expectTheTruth(follower, t.witness);
      const before = follower.revision ?? 0;
      await putBack();
      await eventually('the older state', () => follower.texts['net/b'] === '1', patience);
      await expectTheTruth(follower, t.witness);
      expect(follower.texts).toEqual({ 'net/a': '1', 'net/b': '1' });
      const identity = await t.store.identity();
      expect(follower.updates.findLast((u) => u.kind === 'snapshot')).toMatchObject({ identity });
      expect(follower.revision).toBeLessThan(before);
      await putText(t.witness, 'net/d', '1');
      await expectTheTruth(follower, t.witness);
    },
  ),

  fault(
    'a store that begins another life is told as a snapshot, with the identity that it has now',
    ['wipe'],
    async (t) => {
      await commit(t.witness, [putOp('net/a', '1'), putOp('net/b', '1')]);
      await commit(t.witness, [putOp('net/c', '1')]);
      const { follower } = await follow(t.store);
      const before = await t.store.identity();
      await t.hands.wipe();
      await eventually('a write', () => putText(t.witness, 'net/new', '1'), patience);
      await expectTheTruth(follower, t.witness);
      const identity = await t.store.identity();
      expect(follower.updates.findLast((u) => u.kind === 'snapshot')).toMatchObject({ identity });
      return identity === before ? 'the identity is the same' : 'another identity';
    },
  ),
];
