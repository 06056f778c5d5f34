import { expect } from '@jest/globals';
import { eventually } from '../../../contract-subject.ts';
import { putText, put } from '../../../contract-write.ts';
import type { FaultCase } from '../fault-case.ts';
import { expectTheTruth, follow } from '../follow.ts';
import { fault, type Hands } from '../hands.ts';

/** A store that has no room left. */
export const fullCases: readonly FaultCase<Hands>[] = [
  fault(
    'a full store says STORE_FULL and what to do; reads and watches go on; with room again it takes writes',
    ['small'],
    async (t) => {
      const { store, fill, makeRoom } = await t.hands.small();
      await putText(store, 'net/a', '1');
      const { follower } = await follow(store);
      await fill();
      const error: unknown = await eventually('a refusal', () =>
        put(store, 'net/big', new Uint8Array(300_000).fill(0x61)).then(
          () => undefined,
          (why: unknown) => why,
        ),
      );
      expect(error).toMatchObject({ code: 'STORE_FULL', retry: 'transient' });
      expect((await store.list('net/')).entries.map(({ key }) => key)).toContain('net/a');
      expect(follower.kinds).not.toContain('stale');
      await makeRoom();
      await eventually('a write', () => putText(store, 'net/a', '2'));
      await expectTheTruth(follower, store);
      expect(follower.broken).toEqual([]);
      // Places are others in each run.
      return (error as Error).message.replaceAll(/\/\S+\/|127\.0\.0\.1:\d+: /g, '');
    },
  ),
];
