import { describe, expect, test } from '@jest/globals';
import { WeftError } from '../model/errors.ts';
import { FakeClock } from '../model/testing/fake-clock.ts';
import { checkStore } from './check.ts';
import { FakeStore } from './fake-store.ts';
import { encodeText, type ServerState } from './store.ts';
import { aliveKey, clusterKeys, putAll } from './transfer/testing/cluster-keys.ts';
import type { Item } from './transfer/stages.ts';

/** Time that goes on by one millisecond with each look at it. */
function ports() {
  let now = 0;
  return { monotonic: () => (now += 1), probe: 'p1' };
}

async function filled(...more: readonly Item[]): Promise<FakeStore> {
  const store = new FakeStore({ clock: new FakeClock() });
  await putAll(store, [...clusterKeys(2), ...more]);
  return store;
}

const answers = (server: string, identity: string): ServerState => ({
  kind: 'answers',
  server,
  version: 'fake 1',
  identity,
  took: 1,
  remarks: [{ kind: 'covered', text: 'a bug' }],
});
const silent = (server: string, code: 'STORE_UNAVAILABLE' | 'STORE_DENIED'): ServerState => ({
  kind: 'silent',
  server,
  error: new WeftError(code, `${server} says no`),
});

describe('a healthy store', () => {
  test('is told with all that it holds, and nothing of the look is left', async () => {
    const store = await filled(aliveKey);
    const { revision } = await store.list('');
    const check = await checkStore(store, ports());
    expect(check).toEqual({
      store: 'fake store in memory',
      reachable: true,
      problems: [],
      covered: [],
      servers: [{ server: 'memory', answers: true, version: 'fake 1', took: 0, notes: '' }],
      limits: store.limits,
      identity: 'fake life 1',
      revision,
      cluster: 'c1',
      latency: { get: 1, txn: 1 },
      lease: { ttl: 15_000, atMost: 15_000 },
      keys: {
        'address-claim': 2,
        alive: 1,
        cluster: 1,
        endpoint: 2,
        'mac-claim': 2,
        'name-claim': 2,
        network: 1,
        'network-accept': 1,
        'network-state': 1,
        node: 1,
        'node-name-claim': 1,
        'node-vtep-claim': 2,
        vni: 1,
      },
      agents: ['n1'],
      unreadable: [],
    });
    expect((await store.list('probes/')).entries).toEqual([]);
    // Five writes, and the end of the lease.
    expect((await store.list('')).revision).toBe(revision + 6);
  });
});

describe('what is wrong is a problem, not an error:', () => {
  test('records that cannot be read, with their keys', async () => {
    const store = await filled({ key: 'nodes/0000000000000000', value: Uint8Array.of(255) });
    const { problems, unreadable } = await checkStore(store, ports());
    expect(unreadable).toEqual([{ key: 'nodes/0000000000000000', why: problems[0] }]);
    expect(problems[0]).toContain('record "nodes/0000000000000000" cannot be used');
  });

  test('a cluster record that cannot be read', async () => {
    const store = new FakeStore({ clock: new FakeClock() });
    await putAll(store, [{ key: 'cluster', value: encodeText('{}') }]);
    const check = await checkStore(store, ports());
    expect([check.cluster, check.problems.length, check.latency?.txn]).toEqual([undefined, 1, 1]);
  });

  test('a store that is half filled', async () => {
    const store = await filled({ key: 'restoring', value: encodeText('file /a.db') });
    expect((await checkStore(store, ports())).problems).toEqual([
      'it is not whole: it is being filled from "file /a.db"; agents wait for the end',
    ]);
  });

  test('writing that is refused; the lease is given back all the same', async () => {
    const store = await filled();
    store.failNext('txn', new WeftError('STORE_DENIED', 'no permission to write'));
    const check = await checkStore(store, ports());
    expect(check).toMatchObject({
      reachable: true,
      problems: ['no permission to write'],
      latency: { get: 1 },
    });
    expect(check.latency?.txn).toBeUndefined();
  });

  test('a probe that does not go with its lease', async () => {
    const store = await filled();
    const lease = store.lease.bind(store);
    store.lease = async (ttl) => ({ ...(await lease(ttl)), revoke: () => Promise.resolve() });
    store.txn = () =>
      putAll(store.another(), [{ key: 'probes/p1', value: encodeText('x') }]).then(() => ({
        ok: true,
        revision: 1,
      }));
    expect((await checkStore(store, ports())).problems).toEqual([
      'probes/p1 is still there although its lease was given back',
    ]);
  });

  test('no server at all', async () => {
    const store = await filled();
    store.goAway();
    const check = await checkStore(store, ports());
    expect(check).toMatchObject({ reachable: false, problems: ['the fake store is away on demand'] });
    expect(check.keys).toBeUndefined();
  });

  test('one server of several, one that refuses us, and servers of two stores', async () => {
    const store = await filled();
    store.servers = () =>
      Promise.resolve([silent('a', 'STORE_UNAVAILABLE'), answers('b', 'x'), answers('c', 'y')]);
    expect(await checkStore(store, ports())).toMatchObject({
      reachable: true,
      problems: ['a says no', 'b and c belong to different stores (x, y)'],
      covered: ['a bug'],
    });
    store.servers = () => Promise.resolve([silent('a', 'STORE_DENIED')]);
    expect(await checkStore(store, ports())).toMatchObject({ reachable: true, problems: ['a says no'] });
  });

  test('a back end that cannot tell of its servers, and is away', async () => {
    const store = await filled();
    store.servers = () => Promise.resolve([]);
    store.goAway();
    const unavailable = ['the fake store is away on demand'];
    expect(await checkStore(store, ports())).toMatchObject({ reachable: false, problems: unavailable });
  });
});
