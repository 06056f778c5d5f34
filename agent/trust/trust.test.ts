import { describe, expect, test } from '@jest/globals';
import { keys } from '../../kvstore/keys.ts';
import { decodeCluster, encodeCluster } from '../../kvstore/records/cluster-json.ts';
import { encodeText } from '../../kvstore/store.ts';
import { attached, endpointKeys, startCluster } from '../testing/cluster.ts';
import { World, type TestNode } from '../testing/world.ts';

const empty = { revision: 1, entries: [] };
/** As etcd does it: the same identity, and grown past what anybody knew. */
const grown = { revision: 100_000, entries: [] };

/** Three nodes; blue on all of them, red on the last two only. */
async function three(
  world: World,
  flags: Readonly<Record<string, string>> = {},
): Promise<readonly TestNode[]> {
  const nodes = [await world.ready(1, flags), await world.ready(2, flags), await world.ready(3, flags)];
  const [h1, h2, h3] = nodes as [TestNode, TestNode, TestNode];
  await h1.create('blue', '10.7.0.0/24', 'fd00:7::/64');
  await h1.create('red', '10.8.0.0/24');
  await world.until('all to know both', () => nodes.every((n) => n.agent.view.networks().length === 2));
  for (const node of nodes)
    await node.attach('blue', 'c1', { name: `c-${node.agent.ports.settings.config.name}` as never });
  for (const node of [h2, h3]) await node.attach('red', 'c2');
  await world.clock.advance(10_000);
  return nodes;
}

/** What is durable in the store, without what counts its writes. */
async function truth(world: World): Promise<Readonly<Record<string, string>>> {
  const { entries } = await world.store.list('');
  const durable = entries.filter(({ key }) => !key.startsWith('alive/') && key !== keys.networkAccept);
  return Object.fromEntries(durable.map(({ key, value }) => [key, Buffer.from(value).toString('hex')]));
}

const writes = (nodes: readonly TestNode[]): readonly number[] => nodes.map((n) => n.kernel.writes);
const inSync = (nodes: readonly TestNode[]) => (): boolean =>
  nodes.every((n) => n.agent.view.state === 'insync');
const problems = async (node: TestNode): Promise<readonly string[]> =>
  (await node.service.status()).problems.map((p) => `${p.what}: ${p.why}`);

async function recovered(world: World, nodes: readonly TestNode[]): Promise<void> {
  await world.until('the store to be doubted', () => nodes.some((n) => n.agent.view.state === 'stale'));
  await world.until('all to be in sync', inSync(nodes));
  await world.clock.advance(20_000);
}

describe('a store that was wiped', () => {
  test.each([
    ['and says so by its identity', () => ({ backup: empty, identity: 'another' as const })],
    ['and calls itself the same', () => ({ backup: empty, identity: 'same' as const })],
    ['and has grown past what anybody knew', () => ({ backup: grown, identity: 'same' as const })],
  ])('%s is filled again by the agents, and no kernel is touched', async (_, how) => {
    await using world = new World();
    const nodes = await three(world);
    const before = await truth(world);
    const written = writes(nodes);
    const { backup, identity } = how();
    world.store.replace(backup, identity);
    await recovered(world, nodes);
    expect(await truth(world)).toEqual(before);
    expect(writes(nodes)).toEqual(written);
    for (const node of nodes) expect(await problems(node)).toEqual([]);
    // The lowest id had the first go, and nothing was left for the others.
    const [lowest] = nodes.map((n) => n.agent.id).toSorted();
    const busy = nodes.filter((n) => n.log.some((l) => l.message.includes('were put back')));
    expect(busy.map((n) => n.agent.id)).toEqual([lowest]);
    await nodes[0]!.attach('blue', 'c7');
    expect(await nodes[1]!.detach({ network: 'blue', sandbox: '/run/netns/c1' })).toBe(true);
  });

  test('is filled by agents that were all restarted: nobody founds a second cluster', async () => {
    await using world = new World();
    const nodes = await three(world);
    const before = await truth(world);
    const written = writes(nodes);
    for (const node of nodes) await node.stop();
    world.store.replace(empty, 'another');
    for (const node of nodes) node.begin().catch(() => undefined);
    await world.until('all to be in sync', inSync(nodes));
    await world.clock.advance(20_000);
    expect(await truth(world)).toEqual(before);
    expect(writes(nodes)).toEqual(written);
  });

  test('is filled by one agent at a time, the lowest id first; the others step in when it cannot', async () => {
    await using world = new World();
    const nodes = await three(world);
    const before = await truth(world);
    const [first, ...others] = nodes.toSorted((a, b) => (a.agent.id < b.agent.id ? -1 : 1)) as [
      TestNode,
      ...TestNode[],
    ];
    first.store.goAway();
    world.store.replace(empty);
    await recovered(world, others);
    const after = await truth(world);
    expect(Object.keys(after).toSorted()).toEqual(Object.keys(before).toSorted());
    expect(others.map((n) => n.log.filter((l) => l.message.includes('were put back')).length)).toContain(1);
    first.store.comeBack();
    await world.until('the first to be in sync', inSync(nodes));
    expect(await truth(world)).toEqual(before);
  });

  test('accepts and attaches nothing until it is whole, and says why', async () => {
    await using world = new World();
    const nodes = await three(world, { '--rebuild-store': 'false' });
    world.store.replace(empty, 'another');
    await world.until('it to be doubted', () => nodes.every((n) => n.agent.view.state === 'stale'));
    await world.declare('green', { subnets: ['10.9.0.0/24'] });
    await world.clock.advance(60_000);
    expect(await world.keys('')).toEqual(['networks/green']);
    await expect(nodes[0]!.attach('blue', 'c7')).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringMatching(/does not hold cluster .* any more/),
    });
    expect((await nodes[0]!.service.status()).problems).toContainEqual({
      what: 'store',
      why: expect.stringMatching(/does not hold cluster/),
      hint: expect.stringMatching(/weft store accept/),
    });
  });
});

describe('an older state of the store that was put back', () => {
  async function older(world: World, flags: Readonly<Record<string, string>> = {}) {
    const nodes = await three(world, flags);
    const backup = world.store.save();
    await nodes[1]!.attach('blue', 'c9');
    await nodes[0]!.create('green', '10.9.0.0/24');
    await nodes[2]!.attach('blue', 'c9');
    await world.clock.advance(10_000);
    return { nodes, backup };
  }

  test('gets back what has come since', async () => {
    await using world = new World();
    const { nodes, backup } = await older(world);
    const before = await truth(world);
    const written = writes(nodes);
    world.store.replace(backup);
    // And of an endpoint that it holds one claim is gone.
    const claim = (await world.keys('net/')).find((key) => key.includes('/claim/mac/'))!;
    await world.delete(claim);
    const left = Object.keys(await truth(world)).length;
    await recovered(world, nodes);
    expect(await truth(world)).toEqual(before);
    expect(writes(nodes)).toEqual(written);
    const told = nodes
      .flatMap((n) => n.log)
      .flatMap(({ message }) => /^(\d+) keys that the store/.exec(message)?.[1] ?? []);
    // Not more than were missing; what is their own some put back themselves.
    expect(told.length).toBe(1);
    expect(Number(told[0])).toBeGreaterThan(0);
    expect(Number(told[0])).toBeLessThanOrEqual(Object.keys(before).length - left);
  });

  test('is not taken for the truth by agents that were restarted', async () => {
    await using world = new World();
    const { nodes, backup } = await older(world);
    const before = await truth(world);
    const written = writes(nodes);
    for (const node of nodes) await node.stop();
    world.store.replace(backup);
    for (const node of nodes) node.begin().catch(() => undefined);
    await world.until('all to be in sync', inSync(nodes));
    await world.clock.advance(20_000);
    expect(await truth(world)).toEqual(before);
    expect(writes(nodes)).toEqual(written);
  });

  test('is held where nobody may fill it, and accepted when somebody says so: then every agent gives up what it held', async () => {
    await using world = new World();
    const { nodes, backup } = await older(world, { '--rebuild-store': 'false' });
    const written = writes(nodes);
    world.store.replace(backup);
    await world.until('it to be doubted', () => nodes.every((n) => n.agent.view.state === 'stale'));
    await world.clock.advance(60_000);
    expect(writes(nodes)).toEqual(written);
    expect(nodes[1]!.agent.view.held()).toHaveLength(2 + 2);
    expect(await problems(nodes[1]!)).toContainEqual(expect.stringMatching(/^store: .*revision went back/));
    const held = await nodes[1]!.service.acceptStore();
    expect(held.released).toContain('network-state/green');
    await world.until('all to be in sync', inSync(nodes));
    await world.clock.advance(20_000);
    for (const node of nodes) expect(node.agent.view.held()).toEqual([]);
    for (const node of nodes)
      expect(
        node.agent.view
          .networks()
          .map((n) => n.name)
          .toSorted(),
      ).toEqual(['blue', 'red']);
    expect(writes(nodes)).not.toEqual(written);
  });

  test('keeps who holds an address in it: the endpoint that had it since is held, and said to be', async () => {
    await using world = new World();
    const nodes = await three(world);
    const [h1, h2] = nodes as [TestNode, TestNode];
    const [address] = (await h1.attach('blue', 'c9', { addresses: ['10.7.0.99'] })).addresses;
    const backup = world.store.save();
    await h1.detach({ network: 'blue', sandbox: '/run/netns/c9' });
    h1.sandbox('c9');
    await h2.attach('blue', 'c8', { addresses: ['10.7.0.99'] });
    await world.clock.advance(10_000);
    world.store.replace(backup);
    await world.until('it to be doubted', () => h2.agent.view.state === 'stale');
    await world.until('all to be in sync', inSync(nodes));
    expect(address).toBe('10.7.0.99/24');
    expect(h2.kernel.written.filter((s) => s.op === 'delete' && s.object.kind === 'veth')).toEqual([]);
    expect(h2.agent.view.held()).toHaveLength(1);
    expect(await problems(h2)).toContainEqual(expect.stringMatching(/^record net\/.*another value/));
    // The sandbox of the old holder is gone: he lets go of the address.
    await world.clock.advance(60_000);
    expect(h2.agent.view.held()).toEqual([]);
    expect(
      (await h1.service.listEndpoints({}))
        .filter((e) => e.addresses.includes('10.7.0.99/24'))
        .map((e) => e.node),
    ).toEqual(['h2']);
  });
});

describe('a store of another cluster', () => {
  async function swapped(world: World) {
    await using other = new World();
    const stranger = await other.ready(1);
    await stranger.create('blue', '10.7.0.0/24');
    await stranger.attach('blue', 'c1');
    const entries = (await other.store.list('')).entries.filter(({ key }) => !key.startsWith('alive/'));
    const foreign = {
      ...decodeCluster(keys.cluster, entries.find((e) => e.key === keys.cluster)!.value),
      id: 'f0f0f0f0f0f0f0f0',
    };
    const backup = {
      revision: 100_000,
      entries: entries.map((e) => (e.key === keys.cluster ? { ...e, value: encodeCluster(foreign) } : e)),
    };
    const nodes = await three(world);
    return { nodes, backup };
  }

  test('is never written to, and nothing of it is taken in; ours is followed again when it is back', async () => {
    await using world = new World();
    const { nodes, backup } = await swapped(world);
    const own = world.store.save();
    const written = writes(nodes);
    world.store.replace(backup);
    await world.clock.advance(120_000);
    const { revision, entries } = await world.store.list('');
    expect([revision, entries.length]).toEqual([backup.revision, backup.entries.length]);
    expect(writes(nodes)).toEqual(written);
    for (const node of nodes) {
      expect(await problems(node)).toContainEqual(
        expect.stringMatching(/^store: .*belongs to cluster f0f0f0f0f0f0f0f0/),
      );
      expect(node.agent.view.networks()).toHaveLength(2);
    }
    await expect(nodes[0]!.service.acceptStore()).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' });
    world.store.replace({ ...own, revision: 200_000 });
    await world.until('all to be in sync', inSync(nodes));
    await world.clock.advance(20_000);
    expect(writes(nodes)).toEqual(written);
    for (const node of nodes) expect(await problems(node)).toEqual([]);
  });

  test('is not written to by agents that were restarted either', async () => {
    await using world = new World();
    const { nodes, backup } = await swapped(world);
    const written = writes(nodes);
    for (const node of nodes) await node.stop();
    world.store.replace(backup);
    for (const node of nodes) node.begin().catch(() => undefined);
    await world.clock.advance(120_000);
    expect(await world.store.list('')).toMatchObject({ revision: backup.revision });
    expect(writes(nodes)).toEqual(written);
    for (const node of nodes) expect(node.agent.phase).toBe('ready');
  });

  test('is joined when somebody says so: the old networks go from this node, and it is one of the new cluster', async () => {
    await using world = new World();
    const { nodes, backup } = await swapped(world);
    const [, h2, h3] = nodes as [TestNode, TestNode, TestNode];
    await expect(h2.service.joinStore()).rejects.toMatchObject({ code: 'CLUSTER_MISMATCH' });
    world.store.replace(backup);
    await world.until('it to be doubted', () => nodes.every((n) => n.agent.view.state === 'stale'));
    await world.settled(h2.service.joinStore());
    await world.until('h2 to be in sync', () => h2.agent.view.state === 'insync');
    expect(h2.agent.cluster?.id).toBe('f0f0f0f0f0f0f0f0');
    expect(await h2.kernel.namespaces()).toEqual([]);
    expect(await world.keys('nodes/')).toContain(`nodes/${h2.agent.id}`);
    expect(await world.keys('nodes/')).not.toContain(`nodes/${h3.agent.id}`);
    await h2.attach('blue', 'c5');
    await h2.restart();
    expect(h2.agent.view.networks().map((n) => n.name)).toEqual(['blue']);
  });
});

describe('deletions that are none to doubt', () => {
  test('made by others while this node was away are carried out, however many', async () => {
    await using world = new World();
    const nodes = await three(world);
    const [h1, h2] = nodes as [TestNode, TestNode];
    h2.store.goAway();
    await h1.detach({ network: 'blue', sandbox: '/run/netns/c1' });
    await h1.create('gone', '10.20.0.0/24');
    world.store.compact();
    h2.store.comeBack();
    await world.until('h2 to be in sync', inSync(nodes));
    expect(h2.agent.view.held()).toEqual([]);
    expect((await h2.service.listEndpoints({ network: 'blue' as never })).map((e) => e.node)).not.toContain(
      'h1',
    );
  });

  test('of every key, made before the eyes of the agents, are carried out; the cluster goes on', async () => {
    await using world = new World();
    const nodes = await three(world);
    const { id } = nodes[0]!.agent.cluster!;
    const all = (await world.keys('')).filter((key) => !key.startsWith('alive/'));
    await world.store.txn(
      [],
      all.map((key) => ({ kind: 'delete', key })),
    );
    await world.clock.advance(5000);
    for (const node of nodes) expect(await node.kernel.namespaces()).toEqual([]);
    world.store.expireLeases();
    await world.clock.advance(30_000);
    await world.until('all to be in sync', inSync(nodes));
    expect(decodeCluster(keys.cluster, (await world.store.get(keys.cluster))!.value).id).toBe(id);
    await nodes[0]!.create('blue', '10.7.0.0/24');
    expect(await nodes[0]!.attach('blue', 'c5')).toMatchObject({ programmed: true });
  });

  test.each(['goes on', 'is started again'])(
    'a node that was given up and forgotten, fence and all, does not bring back what went meanwhile: it %s',
    async (how) => {
      await using world = new World();
      const nodes = await three(world, { '--dead-node-grace': '20s' });
      const [h1, h2] = nodes as [TestNode, TestNode];
      const gone = h2.agent.id;
      if (how === 'goes on') h2.store.goAway();
      else await h2.stop();
      await world.clock.advance(60_000);
      await h1.detach({ network: 'blue', sandbox: '/run/netns/c1' });
      await world.delete(keys.node(gone));
      world.store.compact();
      if (how === 'goes on') h2.store.comeBack();
      else h2.begin().catch(() => undefined);
      await world.until('h2 to be in sync', () => h2.agent.view.state === 'insync');
      await world.clock.advance(30_000);
      expect(h2.log.filter((l) => /not believed|put back/.test(l.message))).toEqual([]);
      expect(await world.keys('nodes/')).toContain(`nodes/${h2.agent.id}`);
      expect((await h2.service.listEndpoints({})).map((e) => e.node)).not.toContain('h1');
    },
  );

  test('a node that was declared dead meanwhile does not take its missing record for a loss', async () => {
    await using world = new World();
    const nodes = await three(world);
    const h2 = nodes[1]!;
    h2.store.goAway();
    await world.clock.advance(30_000);
    await world.store.txn(
      [],
      [
        { kind: 'delete', key: keys.node(h2.agent.id) },
        { kind: 'put', key: keys.fence(h2.agent.id), value: encodeText('forgotten') },
      ],
    );
    world.store.compact();
    h2.store.comeBack();
    await world.until('h2 to be in sync', inSync(nodes));
    await world.clock.advance(20_000);
    expect(h2.log.filter((l) => /not believed|put back/.test(l.message))).toEqual([]);
    expect(await world.keys('nodes/')).toContain(`nodes/${h2.agent.id}`);
  });
});

test('a network without a declaration waits for those who have endpoints in it, when others have filled the store', async () => {
  await using world = new World();
  const [h1, , h3] = await startCluster(world, 3);
  await attached(world, h3, 'theirs');
  const before = await endpointKeys(world);
  await world.delete('networks/blue');
  await world.clock.advance(10_000);
  h3.store.goAway();
  world.store.wipe();
  await world.clock.advance(10_000);
  expect(await world.keys('network-state/')).toEqual(['network-state/blue']);
  h3.store.comeBack();
  await world.clock.advance(10_000);
  expect(await endpointKeys(world)).toEqual(before);
  await world.clock.advance(120_000);
  expect(await endpointKeys(world)).toEqual(before);
  // Then it goes as ever.
  await world.settled(h3.detach({ network: 'blue', sandbox: 'theirs' }));
  await world.clock.advance(10_000);
  expect([await world.keys('network-state/'), await world.keys('net/')]).toEqual([[], []]);
  expect((await h1.service.status()).problems).toEqual([]);
});
