import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually, Follower, texts } from '../contract-subject.ts';
import { commit, deleteOp, putOp, putText } from '../contract-write.ts';
import { encodeText, type Entry, type Store, type Watch } from '../store.ts';
import { openClient } from '../testing/etcd-client.ts';
import { EtcdServer } from '../testing/etcd-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

const patience = 20_000;
let server: EtcdServer;
let round = 0;
/** Reaches the server through the proxy. */
let store: Store;
/** Reaches it always. */
let witness: Store;
let proxy: TcpProxy;

beforeAll(async () => {
  server = await EtcdServer.start();
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  round += 1;
  proxy = await TcpProxy.start(server.port);
  store = await openClient([proxy.port], `faults/${round}/`);
  witness = await openClient([server.port], `faults/${round}/`);
});
afterEach(async () => {
  await store.close();
  await witness.close();
  await proxy[Symbol.asyncDispose]();
});

/** Waits until the state that the watch has built is the one that the server lists. */
async function expectTheTruth(follower: Follower, by: Store = witness): Promise<void> {
  const revisions = (entries: Iterable<Entry>): unknown =>
    [...entries].map((e) => `${e.key} ${e.created} ${e.revision}`).sort();
  const { entries } = await by.list('net/');
  const wanted = JSON.stringify(revisions(entries));
  await eventually(
    'the truth',
    () => JSON.stringify(revisions(follower.state.values())) === wanted,
    patience,
  ).catch(() => expect(revisions(follower.state.values())).toEqual(revisions(entries)));
}

async function follow(by: Store = store): Promise<{ follower: Follower; watch: Watch }> {
  const follower = new Follower();
  const watch = by.watch('net/', follower.sink);
  await eventually('a snapshot', () => follower.kinds.includes('snapshot'), patience);
  return { follower, watch };
}

async function goAway(follower: Follower): Promise<void> {
  proxy.mode = 'refuse';
  await eventually('stale', () => follower.kinds.at(-1) === 'stale', patience);
}

const snapshots = (follower: Follower): number => follower.kinds.filter((kind) => kind === 'snapshot').length;

describe('a watch of etcd', () => {
  test('cut again and again while 6,000 missed events are replayed: none is lost, and no snapshot is needed', async () => {
    const { follower, watch } = await follow();
    await goAway(follower);
    for (let n = 0; n < 3000; n += 100) {
      const some = Array.from({ length: 100 }, (_, i) => [`net/a${(n + i) % 400}`, `net/b${(n + i) % 300}`]);
      await Promise.all(
        some.map(([a, b]) =>
          commit(witness, [n % 700 === 0 ? deleteOp(a!) : putOp(a!, `${n}`), putOp(b!, `${n}`)]),
        ),
      );
    }
    const cuts = [70_000, 110_000, 150_000];
    const from = proxy.answered;
    let base = from;
    proxy.onAnswer = (answered): void => {
      if (cuts[0] === undefined || answered - base < cuts[0]) return;
      cuts.shift();
      base = answered;
      proxy.cut();
    };
    proxy.mode = 'pass';
    await expectTheTruth(follower);
    expect(cuts).toEqual([]);
    expect([snapshots(follower), follower.broken]).toEqual([1, []]);
    await watch.close();
  }, 60_000);

  test('cut right after one of the first answers, whichever: nothing is lost, and no snapshot is needed', async () => {
    // Each one is cut one answer later: the listing, the opened stream, its first events.
    const afterAnswers = async (n: number): Promise<void> => {
      const prefix = `cut/${n}/`;
      await using way = await TcpProxy.start(server.port);
      const [here, there] = [await openClient([way.port], prefix), await openClient([server.port], prefix)];
      const { follower, watch } = await follow(here);
      for (const text of ['one', 'two', 'three']) {
        let left = n;
        way.onAnswer = (): void => {
          left -= 1;
          if (left === 0) way.cut();
        };
        way.cut();
        await commit(there, [
          putOp('net/a', text),
          text === 'two' ? deleteOp('net/b') : putOp('net/b', text),
        ]);
        await expectTheTruth(follower, there);
      }
      expect([n, snapshots(follower), follower.broken]).toEqual([n, 1, []]);
      await watch.close();
      for (const each of [here, there]) await each.close();
    };
    await Promise.all(Array.from({ length: 10 }, (_, n) => afterAnswers(n + 1)));
  }, 60_000);

  test('history that was compacted meanwhile becomes a snapshot, with the deletions in it', async () => {
    await commit(witness, [putOp('net/a', '1'), putOp('net/b', '1')]);
    const { follower, watch } = await follow();
    await goAway(follower);
    await commit(witness, [deleteOp('net/a')]);
    await commit(witness, [putOp('net/c', '1')]);
    await server.compact();
    proxy.mode = 'pass';
    await expectTheTruth(follower);
    expect([snapshots(follower), Object.keys(follower.texts)]).toEqual([2, ['net/b', 'net/c']]);
    await putText(witness, 'net/d', '1');
    await expectTheTruth(follower);
    expect(follower.broken).toEqual([]);
    await watch.close();
  });

  test('missed transactions that are together larger than one answer arrive whole', async () => {
    const { follower, watch } = await follow();
    const torn: unknown[] = [];
    follower.onUpdate = (): void => {
      const { 'net/a': a, 'net/b': b } = Object.fromEntries(
        [...follower.state].map(([k, e]) => [k, e.revision]),
      );
      if (a !== b) torn.push([a, b]);
    };
    await goAway(follower);
    const value = new Uint8Array(700_000).fill(0x61);
    for (let n = 0; n < 8; n += 1) {
      await commit(witness, [
        { kind: 'put', key: 'net/a', value },
        { kind: 'put', key: 'net/b', value },
      ]);
    }
    proxy.mode = 'pass';
    await expectTheTruth(follower);
    expect([torn, snapshots(follower), follower.broken]).toEqual([[], 1, []]);
    await watch.close();
  }, 30_000);

  test('an outage causes few attempts, however many watches there are', async () => {
    const all = await Promise.all(Array.from({ length: 10 }, () => follow(store)));
    const lease = await store.lease(60_000);
    const before = proxy.attempts;
    const end = performance.now() + 5000;
    proxy.mode = 'refuse';
    await eventually('the end of the outage', () => performance.now() > end);
    const attempts = proxy.attempts - before;
    proxy.mode = 'pass';
    await putText(witness, 'net/a', '1');
    for (const { follower } of all) await expectTheTruth(follower);
    expect(attempts).toBeGreaterThan(1);
    expect(attempts).toBeLessThan(20);
    expect(lease.lost.aborted).toBe(false);
    for (const { watch } of all) await watch.close();
  }, 30_000);
});

describe('a call to etcd', () => {
  test('24,000 keys are one listing', async () => {
    const keys = Array.from({ length: 24_000 }, (_, n) => `net/${String(n).padStart(5, '0')}`);
    for (let n = 0; n < keys.length; n += 128) {
      await commit(
        witness,
        keys.slice(n, n + 128).map((key) => putOp(key, 'some value of a usual length, '.repeat(5))),
      );
    }
    expect((await store.list('net/')).entries.map((e) => e.key)).toEqual(keys);
  }, 30_000);

  test('a write whose reply is lost is STORE_AMBIGUOUS, and is not sent again', async () => {
    await putText(store, 'k', 'before');
    proxy.onAnswer = () => proxy.cut();
    await expect(putText(store, 'k', 'after')).rejects.toMatchObject({ code: 'STORE_AMBIGUOUS' });
    const entry = await witness.get('k');
    expect(texts([entry!])).toEqual({ k: 'after' });
    proxy.onAnswer = () => undefined;
    await putText(store, 'elsewhere', 'x');
    expect(await witness.get('k')).toEqual(entry);
  });

  test('a write that finds no connection is STORE_UNAVAILABLE, and is never applied', async () => {
    await putText(store, 'k', 'before');
    proxy.mode = 'refuse';
    // The connection may still look alive for a moment.
    await expect(store.get('k')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(putText(store, 'k', 'never')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    proxy.mode = 'pass';
    await eventually('an answer', () => store.get('k'));
    expect(texts([(await store.get('k'))!])).toEqual({ k: 'before' });
  });

  test.each(['refuse', 'hole'] as const)(
    'a server that is away (%s) is left for the next one',
    async (mode) => {
      const both = await openClient([proxy.port, server.port], `faults/${round}/`);
      const follower = new Follower();
      try {
        proxy.mode = mode;
        await putText(both, 'net/a', '1');
        expect(texts([(await both.get('net/a'))!])).toEqual({ 'net/a': '1' });
        both.watch('net/', follower.sink);
        await expectTheTruth(follower);
        await (await both.lease(5000)).revoke();
      } finally {
        await both.close();
      }
    },
  );
});

describe('a lease of etcd', () => {
  test('survives a cut and an outage shorter than its TTL', async () => {
    const lease = await store.lease(store.limits.minLeaseTtl);
    await commit(store, [{ kind: 'put', key: 'alive/a', value: encodeText('x'), lease }]);
    const before = proxy.attempts;
    proxy.mode = 'refuse';
    await eventually('an attempt in vain', () => proxy.attempts > before);
    proxy.mode = 'pass';
    const end = performance.now() + 2 * lease.ttl;
    await eventually('twice its TTL', () => performance.now() > end);
    expect(lease.lost.aborted).toBe(false);
    expect(await witness.get('alive/a')).toBeDefined();
  }, 20_000);
});

test('in a black hole a read is STORE_UNAVAILABLE, a write STORE_AMBIGUOUS, a lease lost, a watch stale; then all is well', async () => {
  const { follower, watch } = await follow();
  const lease = await store.lease(store.limits.minLeaseTtl);
  await putText(store, 'net/a', '1');
  await expectTheTruth(follower);
  proxy.mode = 'hole';
  await putText(witness, 'net/a', '2');
  const [read, write] = await Promise.allSettled([store.get('k'), putText(store, 'k', '2')]);
  expect(read).toMatchObject({ status: 'rejected', reason: { code: 'STORE_UNAVAILABLE' } });
  expect(write).toMatchObject({ status: 'rejected', reason: { code: 'STORE_AMBIGUOUS' } });
  await eventually('the loss', () => lease.lost.aborted);
  expect(lease.lost.reason).toMatchObject({ code: 'STORE_LEASE_LOST' });
  await eventually('stale', () => follower.kinds.at(-1) === 'stale', 40_000);
  proxy.mode = 'pass';
  await expectTheTruth(follower);
  expect(await eventually('an answer', () => store.get('net/a'), patience)).toEqual(
    await witness.get('net/a'),
  );
  await watch.close();
}, 60_000);

test('a wiped server is told as a snapshot, even though it keeps its cluster id', async () => {
  await commit(witness, [putOp('net/a', '1'), putOp('net/b', '1')]);
  await commit(witness, [putOp('net/c', '1')]);
  const { follower, watch } = await follow();
  const identity = await store.identity();
  await server.wipe();
  await eventually('a write', () => putText(witness, 'net/new', '1'), patience);
  await expectTheTruth(follower);
  expect(follower.updates.findLast((u) => u.kind === 'snapshot')).toMatchObject({ identity });
  await watch.close();
}, 30_000);
