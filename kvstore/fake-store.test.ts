import { describe, expect, test } from '@jest/globals';
import { systemClock } from '../agent/clock.ts';
import { WeftError } from '../model/errors.ts';
import { FakeClock } from '../model/testing/fake-clock.ts';
import { storeContract } from './contract.ts';
import { Follower } from './contract-subject.ts';
import { putOp, putText } from './contract-write.ts';
import { FakeStore } from './fake-store.ts';
import { encodeText, type Op } from './store.ts';
import { awayCases } from './testing/faults/cases/away.ts';
import type { Scene } from './testing/faults/fault-case.ts';
import type { Hands } from './testing/faults/hands.ts';

/** Clients of one fake; `goAway` cuts them all off. */
async function setup() {
  const store = new FakeStore({ clock: systemClock });
  const clients = [store];
  const later = async (act: () => void): Promise<void> => {
    await Promise.resolve();
    act();
  };
  const another = (): FakeStore => {
    const client = store.another();
    clients.push(client);
    return client;
  };
  await Promise.resolve();
  return {
    store,
    another: () => Promise.resolve(another()),
    expireLeases: () => later(() => store.expireLeases()),
    goAway: () =>
      later(() => {
        for (const client of clients) client.goAway();
      }),
    comeBack: () =>
      later(() => {
        for (const client of clients) client.comeBack();
      }),
    dispose: async () => {
      for (const client of clients) await client.close();
    },
  };
}

storeContract('the fake', setup);

describe('the fake goes away and comes back:', () => {
  const scene = async (stack: AsyncDisposableStack): Promise<Scene<Pick<Hands, 'away'>>> => {
    const { store, another, goAway, comeBack, dispose } = await setup();
    stack.defer(dispose);
    return {
      store,
      witness: store.another(),
      lines: [],
      another,
      hands: { away: { begin: goAway, end: comeBack } },
      long: false,
      fork: () => scene(stack),
    };
  };
  test.each(awayCases)('$name', async ({ run }) => {
    await using stack = new AsyncDisposableStack();
    await run(await scene(stack));
  });
});

const onDemand = new WeftError('STORE_DENIED', 'on demand');
const alive = async (store: FakeStore, ttl: number) => {
  const lease = await store.lease(ttl);
  const op: Op = { kind: 'put', key: 'alive/a', value: encodeText('x'), lease };
  await store.txn([], [op]);
  return lease;
};

test('a switch fails one call and no more', async () => {
  const store = new FakeStore({ clock: new FakeClock() });
  store.failNext('txn', onDemand);
  await expect(putText(store, 'k', 'x')).rejects.toBe(onDemand);
  expect(await store.get('k')).toBeUndefined();
  await putText(store, 'k', 'x');
  store.failNext('get', onDemand);
  await expect(store.get('k')).rejects.toBe(onDemand);
  expect(await store.get('k')).toBeDefined();
});

test('a lost reply is ambiguous, whether the transaction was applied or not', async () => {
  const store = new FakeStore({ clock: new FakeClock() });
  const ambiguous = { code: 'STORE_AMBIGUOUS' };
  store.loseNextReply('not applied');
  await expect(store.txn([], [putOp('k', 'x')])).rejects.toMatchObject(ambiguous);
  expect(await store.get('k')).toBeUndefined();
  store.loseNextReply('applied');
  await expect(store.txn([], [putOp('k', 'x')])).rejects.toMatchObject(ambiguous);
  expect(await store.get('k')).toBeDefined();
});

test('wiped, it is another store: a new identity, a low revision, and a snapshot for every watch', async () => {
  const clock = new FakeClock();
  const store = new FakeStore({ clock });
  const follower = new Follower();
  await putText(store, 'k', 'x');
  store.watch('', follower.sink);
  await clock.advance(0);
  const before = await store.identity();
  store.wipe();
  await clock.advance(0);
  expect(await store.identity()).not.toBe(before);
  expect(follower.updates.at(-1)).toMatchObject({ kind: 'snapshot', entries: [] });
  expect(await putText(store, 'k', 'y')).toBe(2);
});

test('a watch that missed deletions which are forgotten starts again with a snapshot', async () => {
  const clock = new FakeClock();
  const store = new FakeStore({ clock });
  const other = store.another();
  const follower = new Follower();
  await putText(store, 'k', 'x');
  store.watch('', follower.sink);
  await clock.advance(0);
  store.goAway();
  await other.txn([], [{ kind: 'delete', key: 'k' }]);
  other.compact();
  store.comeBack();
  await clock.advance(0);
  expect([follower.kinds, follower.texts]).toEqual([['snapshot', 'stale', 'snapshot'], {}]);
});

test('one client that is cut off loses its lease by the clock, while the others see its keys go', async () => {
  const clock = new FakeClock();
  const store = new FakeStore({ clock });
  const lease = await alive(store, 15_000);
  await clock.advance(60_000);
  expect(lease.lost.aborted).toBe(false);
  store.goAway();
  await clock.advance(14_000);
  expect(await store.another().get('alive/a')).toBeDefined();
  await clock.advance(1000);
  expect([lease.lost.aborted, await store.another().get('alive/a')]).toEqual([true, undefined]);
});
