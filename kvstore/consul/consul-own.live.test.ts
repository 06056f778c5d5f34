import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually, Follower, texts } from '../contract-subject.ts';
import { commit, deleteOp, putOp, putText } from '../contract-write.ts';
import { encodeText, type Entry, type Lease, type Op, type Store, type Watch } from '../store.ts';
import { openClient } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';
import { notingLogger } from '../testing/noting-logger.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

const patience = 20_000;
let server: ConsulServer;
let round = 0;
/** Reaches the server through the proxy, and logs. */
let store: Store;
/** Reaches it always. */
let witness: Store;
let proxy: TcpProxy;
let lines: string[];

beforeAll(async () => {
  server = await ConsulServer.start();
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  round += 1;
  lines = [];
  proxy = await TcpProxy.start(server.port);
  store = await openClient([proxy.port], `faults/${round}/`, { logger: notingLogger(lines) });
  witness = await openClient([server.port], `faults/${round}/`);
});
afterEach(async () => {
  await store.close();
  await witness.close();
  await proxy[Symbol.asyncDispose]();
});

/** Waits until the state that the watch has built is the one that the server lists. */
async function expectTheTruth(follower: Follower, by: Store = witness, prefix = 'net/'): Promise<void> {
  const revisions = (entries: Iterable<Entry>): unknown =>
    [...entries].map((e) => `${e.key} ${e.created} ${e.revision}`).sort();
  const { entries } = await by.list(prefix);
  const wanted = JSON.stringify(revisions(entries));
  await eventually(
    'the truth',
    () => JSON.stringify(revisions(follower.state.values())) === wanted,
    patience,
  ).catch(() => expect(revisions(follower.state.values())).toEqual(revisions(entries)));
}

async function follow(by: Store = store, prefix = 'net/'): Promise<{ follower: Follower; watch: Watch }> {
  const follower = new Follower();
  const watch = by.watch(prefix, follower.sink);
  await eventually('a snapshot', () => follower.kinds.includes('snapshot'), patience);
  return { follower, watch };
}

const leased = (key: string, lease: Lease): Op => ({ kind: 'put', key, value: encodeText('x'), lease });

describe('a watch of Consul', () => {
  test('whose connection is cut goes on with no word of it, whichever answer it was', async () => {
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
        // More than one packet, so that an answer can be cut in its middle.
        await commit(there, [
          putOp('net/a', text.repeat(20_000)),
          text === 'two' ? deleteOp('net/b') : putOp('net/b', text),
        ]);
        await expectTheTruth(follower, there);
      }
      expect([n, [...new Set(follower.kinds)], follower.broken]).toEqual([n, ['snapshot', 'changes'], []]);
      await watch.close();
      for (const each of [here, there]) await each.close();
    };
    await Promise.all(Array.from({ length: 8 }, (_, n) => afterAnswers(n + 1)));
  }, 60_000);

  test('is told what it missed as one batch of changes, deletions among them', async () => {
    await commit(witness, [putOp('net/a', '1'), putOp('net/b', '1'), putOp('net/c', '1')]);
    const { follower, watch } = await follow();
    proxy.mode = 'refuse';
    await eventually('stale', () => follower.kinds.at(-1) === 'stale', patience);
    await commit(witness, [deleteOp('net/a')]);
    await commit(witness, [putOp('net/b', '2')]);
    await commit(witness, [deleteOp('net/b'), putOp('net/d', '1')]);
    await commit(witness, [putOp('net/b', '3')]);
    proxy.mode = 'pass';
    await expectTheTruth(follower);
    expect(follower.kinds).toEqual(['snapshot', 'stale', 'changes']);
    expect(follower.broken).toEqual([]);
    await watch.close();
  });

  test('shares its question: 250 prefixes take fewer connections than a server allows', async () => {
    const names = Array.from({ length: 250 }, (_, n) => `net/${String(n).padStart(3, '0')}/`);
    const followers = names.map((name) => {
      const follower = new Follower();
      store.watch(name, follower.sink);
      return follower;
    });
    await eventually(
      'all snapshots',
      () => followers.every(({ kinds }) => kinds.includes('snapshot')),
      patience,
    );
    for (let n = 0; n < names.length; n += 50) {
      await commit(
        witness,
        names.slice(n, n + 50).map((name) => putOp(`${name}x`, '1')),
      );
    }
    for (const [n, follower] of followers.entries()) {
      await eventually('its own key', () => follower.state.has(`${names[n]}x`), patience);
      expect([follower.state.size, follower.broken]).toEqual([1, []]);
    }
    expect(proxy.attempts).toBeLessThan(120);
  }, 30_000);

  test('a wiped server is told as a snapshot of another identity', async () => {
    await commit(witness, [putOp('net/a', '1'), putOp('net/b', '1')]);
    const { follower, watch } = await follow();
    const identity = await store.identity();
    await server.wipe();
    await eventually('a write', () => putText(witness, 'net/new', '1'), patience);
    await expectTheTruth(follower);
    const last = follower.updates.findLast((u) => u.kind === 'snapshot');
    expect(last?.identity).not.toBe(identity);
    expect(last?.identity).toBe(await store.identity());
    await watch.close();
  }, 30_000);

  test('a server that was put back to an older state is told as a snapshot whose revision went back', async () => {
    await commit(witness, [putOp('net/a', '1'), putOp('net/b', '1')]);
    const { follower, watch } = await follow();
    const saved = await server.ask('GET', 'snapshot');
    await commit(witness, [putOp('net/b', '2'), putOp('net/c', '1')]);
    await expectTheTruth(follower);
    const before = follower.revision!;
    await server.ask('PUT', 'snapshot', saved);
    await expectTheTruth(follower);
    expect(follower.texts).toEqual({ 'net/a': '1', 'net/b': '1' });
    expect(follower.updates.at(-1)).toMatchObject({ kind: 'snapshot', identity: await store.identity() });
    expect(follower.revision).toBeLessThan(before);
    await putText(witness, 'net/d', '1');
    await expectTheTruth(follower);
    await watch.close();
  }, 30_000);
});

test('an outage causes few attempts and two lines of log, however many watches there are', async () => {
  const all = await Promise.all(Array.from({ length: 10 }, (_, n) => follow(store, `net/${n}/`)));
  const lease = await store.lease(60_000);
  const before = proxy.attempts;
  const end = performance.now() + 3000;
  proxy.mode = 'refuse';
  await eventually('the end of the outage', () => performance.now() > end);
  const attempts = proxy.attempts - before;
  proxy.mode = 'pass';
  await putText(witness, 'net/0/a', '1');
  for (const [n, { follower }] of all.entries()) await expectTheTruth(follower, witness, `net/${n}/`);
  expect(attempts).toBeGreaterThan(1);
  expect(attempts).toBeLessThan(40);
  expect(lease.lost.aborted).toBe(false);
  await eventually('the last line', () => lines.length > 1);
  expect(lines).toEqual(['warn the store does not answer', 'info the store is back']);
  for (const { watch } of all) await watch.close();
}, 30_000);

describe('a call to Consul', () => {
  test('a write whose reply is lost is STORE_AMBIGUOUS, and is not sent again', async () => {
    await putText(store, 'k', 'before');
    // Once: a second attempt would get its answer.
    proxy.onAnswer = () => {
      proxy.onAnswer = () => undefined;
      proxy.cut();
    };
    await expect(putText(store, 'k', 'after')).rejects.toMatchObject({ code: 'STORE_AMBIGUOUS' });
    const entry = await witness.get('k');
    expect(texts([entry!])).toEqual({ k: 'after' });
    await putText(store, 'elsewhere', 'x');
    expect(await witness.get('k')).toEqual(entry);
  });

  test('a write that finds no connection is STORE_UNAVAILABLE, and is never applied', async () => {
    await putText(store, 'k', 'before');
    proxy.mode = 'refuse';
    await expect(store.get('k')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await expect(putText(store, 'k', 'never')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    proxy.mode = 'pass';
    expect(texts([(await store.get('k'))!])).toEqual({ k: 'before' });
  });

  test('an answer that is cut off in its middle is a failure at once, not when the time is up', async () => {
    await putText(store, 'k', 'x'.repeat(200_000));
    const lengths: number[] = [];
    proxy.onAnswer = (answered) => {
      lengths.push(answered);
      if (lengths.length % 2 === 0) proxy.cut(true);
    };
    await expect(store.get('k')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('the answer was cut off'),
    });
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

  test('goes to an IPv6 address as well', async () => {
    const six = await openClient([server.port], `faults/${round}/`, { host: '::1' });
    await putText(six, 'k', 'x');
    const { follower, watch } = await follow(six, 'k');
    expect(follower.texts).toEqual({ k: 'x' });
    await watch.close();
    await six.close();
  });

  test('a key that HTTP has no name for is refused, and changes nothing', async () => {
    for (const key of ['a/../b', 'a//b', '..']) {
      await expect(putText(store, key, 'x')).rejects.toMatchObject({ code: 'STORE_LIMIT' });
      await expect(store.get(key)).rejects.toMatchObject({ code: 'STORE_LIMIT' });
    }
    expect((await witness.list('')).entries).toEqual([]);
  });
});

describe('a lease of Consul', () => {
  test('survives a cut and an outage shorter than its TTL', async () => {
    const lease = await store.lease(store.limits.minLeaseTtl);
    await commit(store, [leased('alive/a', lease)]);
    const before = proxy.attempts;
    proxy.mode = 'refuse';
    await eventually('an attempt in vain', () => proxy.attempts > before);
    proxy.mode = 'pass';
    const end = performance.now() + 3 * lease.ttl;
    await eventually('three times its TTL', () => performance.now() > end);
    expect(lease.lost.aborted).toBe(false);
    expect(await witness.get('alive/a')).toBeDefined();
  }, 20_000);

  test('takes the key that a client which is gone still holds, in one step and in the same life', async () => {
    const before = await openClient([server.port], `faults/${round}/`);
    const made = await commit(before, [leased('alive/a', await before.lease(60_000))]);
    await before.close();
    const { follower, watch } = await follow(store, 'alive/');
    const lease = await store.lease(60_000);
    const revision = await commit(store, [leased('alive/a', lease)]);
    await eventually('the new holder', () => follower.state.get('alive/a')?.revision === revision);
    expect(follower.state.get('alive/a')?.created).toBe(made);
    expect(follower.updates.length).toBe(2);
    await server.endSessions();
    await eventually('its end', () => follower.state.size === 0);
    await watch.close();
  });

  test('lets go of a key among more plain puts than there is room to ask for', async () => {
    const lease = await witness.lease(60_000);
    await commit(witness, [leased('k/60', lease)]);
    const ops = Array.from({ length: store.limits.txnOps }, (_, n) => putOp(`k/${n}`, 'durable'));
    await commit(store, ops);
    await lease.revoke();
    expect((await store.list('k/')).entries.length).toBe(ops.length);
  });
});

test('in a black hole a read is STORE_UNAVAILABLE, a write STORE_AMBIGUOUS, a lease lost, a watch stale; then all is well', async () => {
  const { follower, watch } = await follow();
  const lease = await store.lease(store.limits.minLeaseTtl);
  await putText(store, 'net/a', '1');
  await expectTheTruth(follower);
  proxy.mode = 'hole';
  await putText(witness, 'net/a', '2');
  const stranger = await openClient([proxy.port], `faults/${round}/`);
  const answers = await Promise.allSettled([
    putText(store, 'k', '2'),
    store.get('k'),
    // Has no connection yet, so that it knows that nothing was sent.
    putText(stranger, 'k', '2'),
  ]);
  const codes = answers.map((each) => each.status === 'rejected' && (each.reason as { code: unknown }).code);
  expect(codes).toEqual(['STORE_AMBIGUOUS', 'STORE_UNAVAILABLE', 'STORE_UNAVAILABLE']);
  await stranger.close();
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

test('permission that is taken during a watch means stale and STORE_DENIED, never an empty store', async () => {
  await using guarded = await ConsulServer.start({ acl: true });
  const all = 'key_prefix "" { policy = "write" } session_prefix "" { policy = "write" }';
  const ask = (path: string, body: object): Promise<unknown> =>
    guarded.ask('PUT', `acl/${path}`, JSON.stringify(body));
  await ask('policy', { Name: 'all', Rules: all });
  const anonymous = 'token/00000000-0000-0000-0000-000000000002';
  await ask(anonymous, { Policies: [{ Name: 'all' }] });
  const client = await openClient([guarded.port], 'acl/');
  try {
    await putText(client, 'net/a', '1');
    const { follower } = await follow(client);
    await ask(anonymous, { Policies: [] });
    // An administrator's write wakes the watch, which may see nothing any more.
    await guarded.ask('PUT', 'kv/acl/net/b', 'x');
    await eventually('stale', () => follower.kinds.at(-1) === 'stale', patience);
    expect(follower.updates.at(-1)).toMatchObject({ cause: { code: 'STORE_DENIED' } });
    // A question that was open is answered as it was permitted when it was asked.
    expect(follower.kinds.filter((kind) => kind !== 'changes')).toEqual(['snapshot', 'stale']);
    expect(follower.texts).toMatchObject({ 'net/a': '1' });
    const denied = { code: 'STORE_DENIED' };
    await expect(client.list('net/')).rejects.toMatchObject(denied);
    await expect(client.get('net/a')).rejects.toMatchObject(denied);
    await expect(putText(client, 'net/a', '2')).rejects.toMatchObject(denied);
    await ask(anonymous, { Policies: [{ Name: 'all' }] });
    await eventually('contact', () => follower.kinds.at(-1) === 'changes', patience);
    expect(follower.texts).toEqual({ 'net/a': '1', 'net/b': 'x' });
    expect(follower.kinds.filter((kind) => kind === 'snapshot')).toHaveLength(1);
  } finally {
    await client.close();
  }
}, 40_000);
