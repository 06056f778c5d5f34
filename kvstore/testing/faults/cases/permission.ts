import { expect } from '@jest/globals';
import { eventually } from '../../../contract-subject.ts';
import { putText } from '../../../contract-write.ts';
import type { FaultCase } from '../fault-case.ts';
import { expectStale, follow, passing, patience, snapshots } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';

const denied = { code: 'STORE_DENIED' };

/** Who may do what changes while a client is at work. */
export const permissionCases: readonly FaultCase<Hands>[] = [
  fault(
    'permission that is taken makes a watch stale, never empty; given back, it goes on',
    ['guarded'],
    async (t) => {
      const { store, take, giveBack, write } = await t.hands.guarded();
      await putText(store, 'net/a', '1');
      await putText(store, 'net/b', '1');
      const { follower } = await follow(store);
      await take();
      await write('net/b', '2');
      await expectStale(follower);
      // Where the connection had to be cut, that is the reason that comes first.
      const cause = expect.objectContaining({ code: expect.stringMatching(/^STORE_(DENIED|UNAVAILABLE)$/) });
      expect(follower.updates.at(-1)).toEqual({ kind: 'stale', cause });
      await expect(store.list('net/')).rejects.toMatchObject(denied);
      await expect(store.get('net/a')).rejects.toMatchObject(denied);
      await expect(putText(store, 'net/a', 'x')).rejects.toMatchObject(denied);
      // Some attempts.
      await passing(1500);
      // A question that was open is answered as it was permitted when it was asked.
      expect(follower.kinds.filter((kind) => kind !== 'changes')).toEqual(['snapshot', 'stale']);
      expect(follower.texts).toEqual({ 'net/a': '1', 'net/b': expect.stringMatching(/^[12]$/) });
      await giveBack();
      await eventually('what was missed', () => follower.texts['net/b'] === '2', patience);
      await putText(store, 'net/a', '3');
      await eventually('what comes', () => follower.texts['net/a'] === '3', patience);
      expect([snapshots(follower), follower.broken]).toEqual([1, []]);
    },
  ),
];
