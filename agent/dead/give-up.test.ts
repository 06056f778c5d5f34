import { describe, expect, test } from '@jest/globals';
import { attachTxn } from '../../ipam/claims.ts';
import { FakeStore } from '../../kvstore/fake-store.ts';
import { keys } from '../../kvstore/keys.ts';
import { encodeAlive } from '../../kvstore/records/alive.ts';
import { encodeNode } from '../../kvstore/records/node.ts';
import { endpoint, network, networkId, node, nodeId } from '../../kvstore/records/testing/values.ts';
import { encodeText } from '../../kvstore/store.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Name } from '../../model/name.ts';
import type { Fence, NodeId } from '../../model/node.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { raiseFence } from './fence.ts';
import { dropFence, giveUp } from './give-up.ts';

const { signal } = new AbortController();
const us = 'aaaaaaaaaaaaaaaa' as NodeId;
const other = 'bbbbbbbbbbbbbbbb' as NodeId;
const fence: Fence = { node: nodeId, name: node.name, kind: 'collect', by: us };
const second: Endpoint = {
  ...endpoint,
  id: 'ee'.repeat(16) as EndpointId,
  name: 'db' as Name,
  mac: '02:57:0a:07:00:03' as Mac,
  addresses: ['10.7.0.3' as Ip],
};
const theirs: Endpoint = {
  ...endpoint,
  id: 'ff'.repeat(16) as EndpointId,
  node: other,
  name: 'theirs' as Name,
  mac: '02:57:0a:07:00:04' as Mac,
  addresses: ['10.7.0.4' as Ip],
};

/** A store with a node that is away, two endpoints of it and one of somebody else. */
async function story() {
  const store = new FakeStore({ clock: new FakeClock() });
  const put = async (key: string, value: Uint8Array): Promise<number> => {
    const done = await store.txn([], [{ kind: 'put', key, value }]);
    if (!done.ok) throw new Error('refused');
    return done.revision;
  };
  const state = { key: keys.networkState(network.name), revision: 0 };
  state.revision = await put(state.key, Uint8Array.of(1));
  for (const each of [endpoint, second, theirs]) {
    const { conditions, ops } = attachTxn(each, state);
    expect((await store.txn(conditions, ops)).ok).toBe(true);
  }
  const record = await put(keys.node(nodeId), encodeNode(node));
  await put(keys.nodeNameClaim(node.name), encodeText(nodeId));
  for (const ip of node.vteps) await put(keys.nodeVtepClaim(ip), encodeText(nodeId));
  const alive = (id: NodeId) =>
    put(keys.alive(id), encodeAlive({ node: id, generation: { counter: 1, random: '0'.repeat(16) } }));
  const all = async (prefix: string) => (await store.list(prefix)).entries.map((e) => e.key);
  const ports = { store, signal, networks: [networkId] };
  const raise = (part: Partial<Parameters<typeof raiseFence>[1]> = {}, by = us) =>
    raiseFence({ ...fence, by }, { record, fence: undefined, ...part }, store, signal);
  return { store, put, alive, all, ports, raise, record };
}

describe('a fence', () => {
  test('is raised once, and not over a node that is back or has written its record', async () => {
    const { raise, alive, put, all } = await story();
    const revision = await raise();
    expect(revision).toBeGreaterThan(0);
    expect(await raise({}, other)).toBeUndefined();
    await put(keys.node(nodeId), encodeNode({ ...node, serial: 99 }));
    expect(await raise({ fence: revision })).toBeUndefined();
    await alive(nodeId);
    expect(await all('fences/')).toEqual([keys.fence(nodeId)]);
  });

  test('is not raised over a live node', async () => {
    const { raise, alive } = await story();
    await alive(nodeId);
    expect(await raise()).toBeUndefined();
  });

  test('is taken over only from somebody who is away', async () => {
    const { raise, alive, store } = await story();
    const revision = await raise({}, other);
    await alive(other);
    expect(await raise({ fence: revision, from: other })).toBeUndefined();
    await store.txn([], [{ kind: 'delete', key: keys.alive(other) }]);
    expect(await raise({ fence: revision, from: other })).toBeGreaterThan(revision!);
  });

  test.each(['applied', 'not applied'] as const)(
    'is known to be ours when the reply was lost: %s',
    async (fate) => {
      const { raise, store } = await story();
      store.loseNextReply(fate);
      const revision = await raise();
      expect(revision !== undefined).toBe(fate === 'applied');
      expect((await store.get(keys.fence(nodeId)))?.revision).toBe(revision);
    },
  );
});

describe('giving up', () => {
  test('takes what is the node’s with every claim, and nothing else; again it finds nothing', async () => {
    const { raise, ports, all } = await story();
    const own = { node: nodeId, revision: (await raise())! };
    expect(await giveUp(own, ports)).toEqual({ endpoints: 2, node: 'removed' });
    const left = await all(`net/${networkId}/`);
    expect(left).toContain(keys.endpoint(networkId, theirs.id));
    expect(left.length).toBe(4);
    expect([await all('nodes/'), await all('node-claims/')]).toEqual([[], []]);
    expect(await giveUp(own, ports)).toEqual({ endpoints: 0, node: 'gone' });
    expect(await dropFence(own, ports)).toBe(true);
    expect(await all('fences/')).toEqual([]);
  });

  test('leaves a name and an address that somebody else has by now', async () => {
    const { raise, ports, all, put } = await story();
    await put(keys.nodeNameClaim(node.name), encodeText(other));
    const own = { node: nodeId, revision: (await raise())! };
    await giveUp(own, ports);
    expect(await all('node-claims/')).toEqual([keys.nodeNameClaim(node.name)]);
  });

  /** Something happens after the first endpoint is gone. */
  async function interrupted(happen: (world: Awaited<ReturnType<typeof story>>) => Promise<unknown>) {
    const world = await story();
    const own = { node: nodeId, revision: (await world.raise())! };
    const write = world.store.txn.bind(world.store);
    let writes = 0;
    world.store.txn = async (...args) => {
      writes += 1;
      if (writes !== 2) return write(...args);
      world.store.txn = write;
      await happen(world);
      return write(...args);
    };
    const done = await giveUp(own, world.ports);
    return { done, left: await world.all(`net/${networkId}/endpoint/`), nodes: await world.all('nodes/') };
  }

  test.each<[string, (world: Awaited<ReturnType<typeof story>>) => Promise<unknown>]>([
    ['the node is back', ({ alive }) => alive(nodeId)],
    [
      'somebody takes the fence over',
      ({ raise, store }) =>
        store.get(keys.fence(nodeId)).then((found) => raise({ fence: found?.revision }, other)),
    ],
    ['the fence is lifted', ({ store }) => store.txn([], [{ kind: 'delete', key: keys.fence(nodeId) }])],
  ])('stops when %s', async (_, happen) => {
    const { done, left, nodes } = await interrupted(happen);
    expect(done).toEqual({ endpoints: 1, node: 'lost' });
    expect([left.length, nodes.length]).toEqual([2, 1]);
  });

  test('goes on after a reply that was lost', async () => {
    const { done, left } = await interrupted(async ({ store }) => {
      store.loseNextReply('applied');
    });
    expect(done).toEqual({ endpoints: 2, node: 'removed' });
    expect(left.length).toBe(1);
  });

  test('does not drop the fence of a node that has a record', async () => {
    const { raise, ports } = await story();
    expect(await dropFence({ node: nodeId, revision: (await raise())! }, ports)).toBe(false);
  });
});
