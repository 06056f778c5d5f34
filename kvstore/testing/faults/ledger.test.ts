import { expect, test } from '@jest/globals';
import { systemClock } from '../../../agent/clock.ts';
import { Follower } from '../../contract-subject.ts';
import { deleteOp, putOp } from '../../contract-write.ts';
import { FakeStore } from '../../fake-store.ts';
import { encodeText, type Entry } from '../../store.ts';
import { Ledger } from './ledger.ts';

/** Two transactions that were written: a and b at 2, a again and b's end at 3. */
async function written(): Promise<Ledger> {
  const ledger = new Ledger();
  const store = new FakeStore({ clock: systemClock });
  await ledger.commit(store, [putOp('net/a', '1'), putOp('net/b', '1')]);
  await ledger.commit(store, [putOp('net/a', '2'), deleteOp('net/b')]);
  await store.close();
  return ledger;
}

const entry = (key: string, revision: number, created = revision): Entry => ({
  key,
  value: encodeText('x'),
  revision,
  created,
});

const snapshot = (revision: number, entries: readonly Entry[]) =>
  ({ kind: 'snapshot', revision, entries, identity: 'i' }) as const;

async function judged(...updates: readonly Parameters<Follower['sink']>[0][]): Promise<readonly string[]> {
  const follower = new Follower();
  for (const update of updates) follower.sink(update);
  (await written()).judge(follower);
  return follower.broken;
}

const both = [entry('net/a', 2), entry('net/b', 2)];
const second = { kind: 'put', entry: entry('net/a', 3, 2) } as const;
const gone = { kind: 'delete', key: 'net/b' } as const;

test('a watch that tells each state as it was keeps all guarantees', async () => {
  expect(
    await judged(snapshot(1, []), snapshot(2, both), {
      kind: 'changes',
      revision: 3,
      changes: [second, gone],
    }),
  ).toEqual([]);
});

test('a transaction of which a part is told is torn', async () => {
  expect(await judged(snapshot(2, [entry('net/a', 2)]))).toEqual([
    'transactions whole: at 2 net/b is absent, not 2',
  ]);
  expect(await judged(snapshot(2, both), { kind: 'changes', revision: 3, changes: [second] })).toEqual([
    'transactions whole: at 3 net/b is 2, not absent',
  ]);
});

test('a transaction of which nothing is told, by an update that is later, is lost', async () => {
  expect(await judged(snapshot(2, []))).toEqual([
    'nothing lost: at 2 net/a is absent, not 2',
    'nothing lost: at 2 net/b is absent, not 2',
  ]);
});

test('what goes back to an older state is noted by the follower itself', async () => {
  expect(await judged(snapshot(2, both), snapshot(2, [entry('net/a', 1), entry('net/b', 2)]))).toContain(
    'never older than seen: net/a went back in a snapshot',
  );
});
