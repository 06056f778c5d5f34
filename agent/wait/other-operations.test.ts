import { describe, expect, test } from '@jest/globals';
import type { AcceptedNetworkJson } from '../../api/schemas/network.ts';
import { keys } from '../../kvstore/keys.ts';
import { encodeQuestion } from '../../kvstore/records/wait.ts';
import { decodeText, type Op } from '../../kvstore/store.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { attached, startCluster } from '../testing/cluster.ts';
import {
  asked,
  blue,
  blueWith,
  failure,
  isGone,
  leadsTo,
  nameOf,
  wait,
  waitKeys,
} from '../testing/waiting.ts';
import { type TestNode, World } from '../testing/world.ts';

describe('other operations', () => {
  test('detach --wait ends when nothing leads there any more', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    const endpoint = await world.settled(h1.attach('blue', 'c9', wait));
    const { present } = waitKeys(world);
    const body = { network: blue, sandbox: '/run/netns/c9', timeout: 10_000, wait: true };
    const done = await world.settled(h1.service.detach(body));
    expect(done).toEqual({ detached: true, waited: { nodes: ['h2', 'h3'], took: expect.any(Number) } });
    expect([leadsTo(h2, endpoint), leadsTo(h3, endpoint)]).toEqual([false, false]);
    expect(await world.settled(h1.service.detach(body))).toMatchObject({
      detached: false,
      waited: { nodes: ['h2', 'h3'] },
    });
    await isGone(world, present);
  });

  test('a detach that another kernel refuses is told with its reason, and stands', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    await world.settled(h1.attach('blue', 'c9', wait));
    for (let n = 0; n < 20; n += 1) h2.kernel.refuseNext({ op: 'delete', kind: 'fdb' });
    const body = { network: blue, sandbox: '/run/netns/c9', timeout: 2000, wait: true };
    const error = await failure(world.settled(h1.service.detach(body)));
    expect(error.message).toMatch(/is detached from network blue, and that stands.*h2 \(refused: ENOBUFS/);
    expect(await h1.service.listEndpoints({ network: blue })).toHaveLength(2);
  });

  test('without the store a detach waits for nobody', async () => {
    await using world = new World();
    const [h1] = await blueWith(world, 2);
    h1.store.goAway();
    await world.until('the loss to be noticed', () => h1.agent.view.state === 'stale');
    const body = { network: blue, sandbox: '/run/netns/h1', timeout: 2000, wait: true };
    expect(await world.settled(h1.service.detach(body))).toEqual({ detached: true, storePending: true });
  });

  test('a changed network: every kernel has the new MTU, that of this node included', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    const { present } = waitKeys(world);
    const declaration = { subnets: ['10.7.0.0/24', 'fd00:7::/64'], mtu: 1300 };
    const done = await world.settled(h1.service.applyNetwork({ name: blue, declaration, wait: true }));
    expect(done).toMatchObject({ outcome: 'changed', waited: { nodes: ['h2'] } });
    for (const { kernel } of [h1, h2]) {
      const bridge = kernel.written.filter(({ object }) => object.kind === 'bridge').at(-1);
      expect(bridge?.object).toMatchObject({ mtu: 1300 });
    }
    await isGone(world, present);
    for (let n = 0; n < 20; n += 1) h1.kernel.refuseNext({ op: 'change', kind: 'bridge' });
    const smaller = { ...declaration, mtu: 1290 };
    const wish = { name: blue, declaration: smaller, wait: true, timeout: 2000 };
    const error = await failure(world.settled(h1.service.applyNetwork(wish)));
    expect(error.message).toMatch(/network blue is accepted, and that stands.*h1 \(refused: ENOBUFS/);
  });

  test('a new network has nobody to wait for', async () => {
    await using world = new World();
    const [h1] = await blueWith(world, 2);
    const declaration = { subnets: ['10.8.0.0/24'] };
    const made = h1.service.createNetwork({ name: 'green' as Name, declaration, wait: true });
    expect(await world.settled(made)).toMatchObject({ name: 'green', waited: { nodes: [] } });
  });

  test('a network that is removed by force is gone from every kernel', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    const { present } = waitKeys(world);
    const unforced = h1.service.removeNetwork({ name: blue, force: false, wait: true });
    await expect(world.settled(unforced)).rejects.toMatchObject({ code: 'NETWORK_IN_USE' });
    await isGone(world, present);
    const removed = await world.settled(h1.service.removeNetwork({ name: blue, force: true, wait: true }));
    expect(removed).toEqual({ state: 'removed', waited: { nodes: ['h2', 'h3'], took: expect.any(Number) } });
    for (const node of [h2, h3]) expect(await node.kernel.namespaces()).toEqual([]);
    await isGone(world, present);
    await world.until('all to have left', () => h2.agent.view.joined().length === 0);
  });
});

describe('a network that is removed', () => {
  const remove = { name: blue, force: true, wait: true, timeout: 60_000 } as const;

  test('is waited for where it takes long to let go of it', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    const own = (await h2.service.listEndpoints({ network: blue })).find(({ local }) => local)!;
    const { promise, resolve } = Promise.withResolvers<undefined>();
    void h2.agent.operations.locks.run(own.id, () => promise);
    const { written } = waitKeys(world);
    const done = h1.service.removeNetwork(remove);
    await asked(world, written, 0);
    await world.clock.advance(1000);
    expect(written.size).toBe(1);
    resolve(undefined);
    expect(await world.settled(done)).toMatchObject({ state: 'removed', waited: { nodes: ['h2'] } });
    expect(await h2.kernel.namespaces()).toEqual([]);
  });

  test('is no matter to speak of before it is being removed', async () => {
    await using world = new World();
    const [h1, h2] = await startCluster(world, 2);
    const network = h1.agent.view.network(blue)!.value as Network;
    const id = '00112233aabbccdd';
    const question = { id, network: network.id, asker: h1.agent.id, asked: [h2.agent.id] };
    const value = encodeQuestion({ ...question, matter: { kind: 'no network' } });
    await world.store.txn([], [{ kind: 'put', key: keys.wait(network.id, id), value }]);
    await world.clock.advance(1000);
    expect(await world.keys('waits/')).toHaveLength(1);
    await world.settled(h1.service.removeNetwork({ name: blue, force: false }));
    await world.clock.advance(1000);
    expect(await world.keys('waits/')).toHaveLength(2);
  });

  test('is not waited for where the node goes down', async () => {
    await using world = new World();
    const [h1, , h3] = await blueWith(world, 3);
    await h3.stop();
    expect(await world.settled(h1.service.removeNetwork(remove))).toMatchObject({
      state: 'removing',
      waitsFor: [{ node: 'h3', alive: false, endpoints: 1 }],
      waited: { nodes: ['h2'] },
    });
    const { written } = waitKeys(world);
    const again = await world.settled(h1.service.removeNetwork(remove));
    expect([again.waited?.nodes, written.size]).toEqual([[], 0]);
  });

  test('is not waited for once it stays, since an endpoint has slipped in', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    const { store } = h1;
    const txn = store.txn.bind(store);
    const writes = (ops: readonly Op[], text: string): boolean =>
      ops.some((op) => op.kind === 'put' && (op.key.startsWith(text) || decodeText(op.value).includes(text)));
    store.txn = async (conditions, ops, options) => {
      // Nobody is left when the phase is set, but h2 was asked before, and is in again right after.
      if (writes(ops, 'waits/'))
        for (const node of [h1, h2])
          await node.detach({ network: 'blue', sandbox: `/run/netns/${nameOf(node)}` });
      if (writes(ops, '"removing"')) await h2.attach('blue', 'c9', { name: 'web' });
      return txn(conditions, ops, options);
    };
    const since = world.clock.monotonic();
    const error = await failure(world.settled(h1.service.removeNetwork({ ...remove, force: false })));
    expect(error).toMatchObject({ code: 'NETWORK_IN_USE', message: expect.stringContaining('on h2') });
    expect(world.clock.monotonic() - since).toBeLessThan(5000);
  });

  test('and whose kernel refuses is named', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    for (let n = 0; n < 100; n += 1) h2.kernel.refuseNext({ op: 'delete', kind: 'netns' });
    const error = await failure(world.settled(h1.service.removeNetwork({ ...remove, timeout: 3000 })));
    expect(error.message).toMatch(/network blue is being removed, and that stands.*h2 \(refused: ENOBUFS/);
  });
});

describe('weft network inspect', () => {
  const nodesOf = async (world: World, node: TestNode, more = {}): Promise<AcceptedNetworkJson['nodes']> => {
    const shown = await world.settled(node.service.inspectNetwork({ name: blue, ...more }));
    return 'nodes' in shown ? shown.nodes : undefined;
  };

  test('shows of this node how it is, of the others only when they are asked', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    const { written, present } = waitKeys(world);
    const plain = { alive: true, endpoints: 1, self: false };
    expect(await nodesOf(world, h1)).toEqual([
      { ...plain, node: 'h1', self: true, state: 'programmed' },
      { ...plain, node: 'h2', state: 'unknown' },
      { ...plain, node: 'h3', state: 'unknown' },
    ]);
    expect(written.size).toBe(0);
    await h3.stop();
    expect(await nodesOf(world, h1, { wait: true, timeout: 500 })).toEqual([
      { ...plain, node: 'h1', self: true, state: 'programmed' },
      { ...plain, node: 'h2', state: 'programmed' },
      { ...plain, node: 'h3', state: 'awaited', why: 'no answer' },
    ]);
    await isGone(world, present);
    const done = h1.attach('blue', 'c9', wait);
    await asked(world, written, 3);
    expect(await nodesOf(world, h2)).toEqual([
      { ...plain, node: 'h1', endpoints: 2, state: 'unknown' },
      { ...plain, node: 'h2', self: true, state: 'programmed' },
      { ...plain, node: 'h3', state: 'awaited', why: 'no answer to h1 yet' },
    ]);
    await failure(world.settled(done)).catch(() => undefined);
  });

  test('on a node that takes no part: who does, and how far they are when it is asked for', async () => {
    await using world = new World();
    const nodes = await startCluster(world, 2);
    const [h1, h2] = nodes;
    await attached(world, h1, 'a');
    expect(await nodesOf(world, h2)).toEqual([
      { node: nameOf(h1), alive: true, endpoints: 1, self: false, state: 'unknown' },
    ]);
    expect(await nodesOf(world, h2, { wait: true })).toEqual([
      { node: nameOf(h1), alive: true, endpoints: 1, self: false, state: 'programmed' },
    ]);
  });
});
