import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { eventually, Follower } from '../contract-subject.ts';
import { commit, putOp, putText } from '../contract-write.ts';
import { encodeText, type Store } from '../store.ts';
import { openClient } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';
import { follow, patience } from '../testing/faults/follow.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

let server: ConsulServer;
let round = 0;
/** Reaches the server through the proxy. */
let store: Store;
/** Reaches it always. */
let witness: Store;
let proxy: TcpProxy;

beforeAll(async () => {
  server = await ConsulServer.start();
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(async () => {
  round += 1;
  proxy = await TcpProxy.start(server.port);
  store = await openClient([proxy.port], `own/${round}/`);
  witness = await openClient([server.port], `own/${round}/`);
});
afterEach(async () => {
  await store.close();
  await witness.close();
  await proxy[Symbol.asyncDispose]();
});

test('a watch shares its question: 250 prefixes take fewer connections than a server allows', async () => {
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

test('a call goes to an IPv6 address as well', async () => {
  const six = await openClient([server.port], `own/${round}/`, { host: '::1' });
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

test('a lease lets go of a key among more plain puts than there is room to ask for', async () => {
  const lease = await witness.lease(60_000);
  await commit(witness, [{ kind: 'put', key: 'k/60', value: encodeText('x'), lease }]);
  const ops = Array.from({ length: store.limits.txnOps }, (_, n) => putOp(`k/${n}`, 'durable'));
  await commit(store, ops);
  await lease.revoke();
  expect((await store.list('k/')).entries.length).toBe(ops.length);
});

test('on a full disk a server gives up leading at every write, which is an outage; with room again all goes on', async () => {
  await using stack = new AsyncDisposableStack();
  const disk = mkdtempSync(join(tmpdir(), 'weft-consul-disk-'));
  stack.defer(() => rmSync(disk, { recursive: true }));
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'weft-test', disk]);
  stack.defer(() => void execFileSync('umount', [disk]));
  const small = stack.use(await ConsulServer.start({ parent: disk }));
  const client = stack.adopt(await openClient([small.port], 'full/'), (each) => each.close());
  await putText(client, 'net/a', '1');
  const { follower } = await follow(client);
  const filler = join(disk, 'filler');
  const { bavail, bsize } = statfsSync(disk);
  writeFileSync(filler, Buffer.alloc(bavail * bsize));
  const big = { kind: 'put', key: 'net/big', value: new Uint8Array(250_000).fill(0x61) } as const;
  await expect(client.txn([], [big])).rejects.toMatchObject({ retry: 'transient' });
  rmSync(filler);
  await eventually('a write', () => putText(client, 'net/a', '2'), patience);
  await eventually('the write in the watch', () => follower.texts['net/a'] === '2', patience);
  expect(follower.broken).toEqual([]);
}, 120_000);
