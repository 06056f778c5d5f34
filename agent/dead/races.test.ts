import { expect, test } from '@jest/globals';
import { encodeFence } from '../../kvstore/records/fence.ts';
import { decodeNetworkState, encodeNetworkState } from '../../kvstore/records/network-json.ts';
import type { Condition, Op } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { attached, endpointKeys, grace, startCluster, surely, told } from '../testing/cluster.ts';
import { World, type TestNode } from '../testing/world.ts';

type Txn = (conditions: readonly Condition[], ops: readonly Op[]) => boolean;

/** Something happens just before the first transaction of this kind leaves the node. */
function before(node: TestNode, isIt: Txn, happen: () => Promise<unknown>): void {
  const { store } = node;
  const write = store.txn.bind(store);
  store.txn = async (conditions, ops, options) => {
    if (isIt(conditions, ops)) {
      store.txn = write;
      await happen();
    }
    return write(conditions, ops, options);
  };
}

const puts =
  (prefix: string): Txn =>
  (_, ops) =>
    ops.some((op) => op.kind === 'put' && op.key.startsWith(prefix));

test('a fence that is raised while a node joins does not outlive that', async () => {
  await using world = new World();
  const [h1, , h3] = await startCluster(world, 3);
  const { id } = h3.agent;
  const fence = { node: id, name: 'h3' as Name, kind: 'collect', by: h1.agent.id } as const;
  await h3.stop();
  await world.clock.advance(20_000);
  before(h3, puts('alive/'), () =>
    world.store.txn([], [{ kind: 'put', key: `fences/${id}`, value: encodeFence(fence) }]),
  );
  await h3.start();
  expect(await world.keys('fences/')).toEqual([]);
  await attached(world, h3, 'works');
});

test('a node that comes back while its fence is raised is left alone', async () => {
  await using world = new World();
  const [h1, h2, h3] = await startCluster(world, 3);
  await attached(world, h3, 'theirs');
  await h3.die();
  for (const node of [h1, h2]) before(node, puts('fences/'), () => h3.start());
  await world.clock.advance(surely);
  expect((await endpointKeys(world)).length).toBe(5);
  expect(told('node-collected', h1, h2)).toEqual([]);
  expect(await world.keys('fences/')).toEqual([]);
});

test('nodes that are lost while signs of life are looked for leave no majority', async () => {
  await using world = new World();
  const [h1, h2, h3, h4] = await startCluster(world, 4);
  await attached(world, h3, 'theirs');
  await h3.die();
  await world.clock.advance(grace);
  world.probing = async () => {
    world.probing = () => Promise.resolve();
    for (const node of [h2, h4!]) await world.delete(`alive/${node.agent.id}`);
    for (const node of [h2, h4!]) node.store.goAway();
    await new Promise((resolve) => setImmediate(resolve));
  };
  await world.clock.advance(surely);
  expect(h1.agent.view.ranks()).toEqual([h1.agent.id]);
  expect((await endpointKeys(world)).length).toBe(5);
  expect(told('node-collected', h1)).toEqual([]);
});

test('nodes whose end is still on its way to the collector leave no majority', async () => {
  await using world = new World();
  const [h1, h2, h3, h4] = await startCluster(world, 4);
  await attached(world, h3, 'theirs');
  // From now on the collector hears nothing of the leases of others.
  const { records } = h1.agent.view.alive;
  const late = new Map(records);
  const { id } = h3.agent;
  await h3.die();
  await world.clock.advance(grace / 2);
  Object.defineProperty(h1.agent.view.alive, 'records', {
    get: () => new Map([...late].filter(([key]) => !key.endsWith(id))),
  });
  for (const node of [h2, h4!]) await node.die();
  await world.clock.advance(surely);
  expect((await endpointKeys(world)).length).toBe(5);
  expect(told('node-collected', h1)).toEqual([]);
  const { state, why } = (await h1.service.listNodes()).find((n) => n.id === id)!;
  expect([state, why]).toEqual(['down', expect.stringContaining('only 1 of 4 nodes are alive')]);
});

test.each([
  ['before the others started', true],
  ['before their eyes', false],
])(
  'endpoints of a node whose record was deleted while it was down go after the grace, deleted %s',
  async (_, restarted) => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h1, 'own1');
    await attached(world, h2, 'own2');
    const before = await endpointKeys(world);
    await attached(world, h3, 'theirs');
    const { id } = h3.agent;
    await h3.die();
    await world.clock.advance(20_000);
    if (restarted) for (const node of [h1, h2]) await node.stop();
    await world.delete(`nodes/${id}`);
    if (restarted) for (const node of [h1, h2]) await node.start();
    await world.clock.advance(grace / 2);
    expect((await endpointKeys(world)).length).toBe(15);
    await world.clock.advance(surely);
    expect(await endpointKeys(world)).toEqual(before);
    expect(told('node-collected', h1, h2)).toMatchObject([{ node: id, endpoints: 1 }]);
    // The fence as well, when it has been there for long enough.
    await world.clock.advance(surely);
    expect(await world.keys('fences/')).toEqual([]);
  },
);

test('what an operator has decided is carried through, also when his agent is interrupted', async () => {
  await using world = new World();
  const [h1, , h3] = await startCluster(world, 3);
  const { id } = h3.agent;
  for (const name of ['a', 'b', 'c']) await attached(world, h3, name);
  await h3.stop();
  await world.clock.advance(20_000);
  const isSecond: Txn = (_, ops) => ops.some((op) => op.key.includes('/endpoint/'));
  before(h1, isSecond, async () => {
    h1.store.failNext('txn', new WeftError('STORE_UNAVAILABLE', 'for a moment'));
  });
  const forgetting = world.settled(h1.service.forgetNode({ node: id }));
  await expect(forgetting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect((await endpointKeys(world)).length).toBe(15);
  await world.clock.advance(10_000);
  // The machine answers all the while; that was known.
  expect(world.probed).toEqual([]);
  expect(await endpointKeys(world)).toEqual([]);
});

test('an endpoint that is put back into a network on its way out keeps it, whatever others have seen of it before', async () => {
  await using world = new World();
  const [h1, h2, h3] = await startCluster(world, 3);
  await attached(world, h3, 'theirs');
  h3.store.goAway();
  h3.machine = 'off';
  await world.clock.advance(surely);
  expect(await endpointKeys(world)).toEqual([]);
  for (const node of [h1, h2]) await node.stop();
  const key = 'network-state/blue';
  const { value } = (await world.store.get(key))!;
  const removing = {
    ...(decodeNetworkState(key, value) as Network),
    phase: { kind: 'removing', force: false, by: 'somebody' } as const,
  };
  const isPutBack: Txn = (_, ops) => ops.some((op) => op.kind === 'put' && op.key.includes('/endpoint/'));
  const begin = (): Promise<unknown> =>
    world.store.txn([], [{ kind: 'put', key, value: encodeNetworkState(removing) }]);
  before(h3, isPutBack, begin);
  h3.machine = 'up';
  h3.store.comeBack();
  await world.until('it to be back', () => told('endpoint-put-back', h3).length > 0);
  // In one transaction: who ends the removal may have counted the endpoints before it.
  const [state] = (await world.store.list(key)).entries;
  const [endpoint] = (await world.store.list('net/')).entries.filter((e) => e.key.includes('/endpoint/'));
  expect(state!.revision).toBe(endpoint!.revision);
  expect(decodeNetworkState(key, state!.value)).toMatchObject({ phase: { kind: 'active' } });
});
