import { afterAll, beforeAll, beforeEach, afterEach, expect, test } from '@jest/globals';
import { encodeText, type Store, type WatchUpdate } from '../store.ts';
import { openClient } from '../testing/etcd-client.ts';
import { EtcdServer } from '../testing/etcd-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

let server: EtcdServer;
let proxy: TcpProxy;
let store: Store;
let updates: WatchUpdate['kind'][];
const put = (value: string) =>
  store.txn([], [{ kind: 'put', key: 'k', value: encodeText(value) }]).then(({ ok }) => ok);

beforeAll(async () => {
  server = await EtcdServer.start();
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

beforeEach(async () => {
  proxy = await TcpProxy.start(server.port);
  store = await openClient([proxy.port], 'silence/');
  updates = [];
  await put('before');
  store.watch('', ({ kind }) => updates.push(kind));
  await until('the snapshot', () => updates.length > 0);
  // The stream is there as well.
  await put('seen');
  await until('a change', () => updates.includes('changes'));
});
afterEach(async () => {
  server.thaw();
  await store.close();
  await proxy[Symbol.asyncDispose]();
});

/** Milliseconds until it holds. */
async function until(what: string, holds: () => boolean, within = 10_000): Promise<number> {
  const begun = performance.now();
  while (!holds()) {
    if (performance.now() - begun > within) throw new Error(`never came true: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return performance.now() - begun;
}

/** A user who tries until it works: milliseconds. */
async function writeAgain(): Promise<number> {
  const begun = performance.now();
  while (!(await put('after').catch(() => false))) {
    if (performance.now() - begun > 20_000) throw new Error('nothing can be written');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return performance.now() - begun;
}

test('the first call without an answer shows that a server is silent: watches are stale before any ping is due', async () => {
  server.freeze();
  const noticed = until('the watch to be stale', () => updates.includes('stale'), 9000);
  await expect(put('lost')).rejects.toMatchObject({ code: 'STORE_AMBIGUOUS' });
  // A ping would be due after ten seconds, and its answer after fifteen.
  expect(await noticed).toBeLessThan(8000);
}, 30_000);

test('while a server is silent it is asked about once a second, a write is refused within seconds, and its return is met at once', async () => {
  await store.lease(2000);
  server.freeze();
  await until('the watch to be stale', () => updates.includes('stale'));
  const [before, begun] = [proxy.attempts, performance.now()];
  await expect(put('lost')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(performance.now() - begun).toBeLessThan(5000);
  await until('some time to pass', () => performance.now() - begun > 4000);
  const rate = (proxy.attempts - before) / ((performance.now() - begun) / 1000);
  expect(rate).toBeGreaterThan(0);
  expect(rate).toBeLessThan(3);
  server.thaw();
  expect(await writeAgain()).toBeLessThan(2500);
  await until('the watch to go on', () => updates.at(-1) !== 'stale');
}, 40_000);

test('a write does not wait for the pause after a refused connection', async () => {
  proxy.mode = 'refuse';
  await until('the watch to be stale', () => updates.includes('stale'));
  const begun = performance.now();
  // Long enough for the pause to have grown.
  await until('some time to pass', () => performance.now() - begun > 4000);
  proxy.mode = 'pass';
  expect(await writeAgain()).toBeLessThan(700);
}, 40_000);
