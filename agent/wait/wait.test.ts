import { describe, expect, test } from '@jest/globals';
import type { EndpointJson } from '../../api/schemas/endpoint.ts';
import type { AcceptedNetworkJson } from '../../api/schemas/network.ts';
import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import { attached, startCluster, told } from '../testing/cluster.ts';
import { World, type TestNode } from '../testing/world.ts';

const blue = 'blue' as Name;

/** Every key that was ever written below `waits/`, and those that are there. */
function waitKeys(world: World): { readonly written: Set<string>; readonly present: () => Promise<number> } {
  const written = new Set<string>();
  world.store.watch('waits/', (update) => {
    if (update.kind !== 'changes') return;
    for (const change of update.changes) if (change.kind === 'put') written.add(change.entry.key);
  });
  const present = async (): Promise<number> => (await world.keys('waits/')).length;
  return { written, present };
}

/** Nodes in `blue`, each with an endpoint; h1 first. */
async function blueWith(
  world: World,
  size: number,
): Promise<readonly [TestNode, TestNode, TestNode, TestNode]> {
  const nodes = (await startCluster(world, size)).toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
  for (const node of nodes) await attached(world, node, nameOf(node));
  await world.clock.advance(100);
  return nodes as unknown as readonly [TestNode, TestNode, TestNode, TestNode];
}

const nameOf = (node: TestNode): string => node.agent.ports.settings.config.name;
const wait = { wait: true } as const;

/** Has this node's kernel a way to the endpoint? */
const leadsTo = (node: TestNode, { mac }: EndpointJson): boolean => {
  const steps = node.kernel.written.filter(({ object }) => object.kind === 'fdb' && object.mac === mac);
  return steps.at(-1)?.op === 'create';
};

const isGone = async (world: World, present: () => Promise<number>): Promise<void> => {
  let left = -1;
  await world.until('the questions to go', () => {
    void present().then((count) => (left = count));
    return left === 0;
  });
};

/** The question is out, and everybody who runs has answered it. */
async function asked(world: World, written: ReadonlySet<string>, answers: number): Promise<void> {
  await world.until('the question and its answers', () => written.size === 1 + answers);
}

const failure = (promise: Promise<unknown>): Promise<WeftError> =>
  promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: unknown) => error as WeftError,
  );

describe('attach --wait', () => {
  test('ends when every other has programmed it; then nothing is left of the question', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    const { written, present } = waitKeys(world);
    const endpoint = await world.settled(h1.attach('blue', 'c9', wait));
    expect([leadsTo(h2, endpoint), leadsTo(h3, endpoint)]).toEqual([true, true]);
    expect(endpoint.waited).toEqual({ nodes: ['h2', 'h3'], took: expect.any(Number) });
    expect(written.size).toBe(3);
    await isGone(world, present);
    expect(told('programmed-everywhere', h1, h2, h3)).toEqual([
      expect.objectContaining({ nodes: ['h2', 'h3'], took: endpoint.waited?.took, network: 'blue' }),
    ]);
  });

  test('asks nobody, and writes nothing, without being asked to, or where nobody else takes part', async () => {
    await using world = new World();
    const [h1, h2] = await startCluster(world, 2);
    const { written } = waitKeys(world);
    expect((await world.settled(h1.attach('blue', 'c1', wait))).waited).toMatchObject({ nodes: [] });
    expect((await world.settled(h2.attach('blue', 'c1'))).waited).toBeUndefined();
    await world.settled(h2.detach({ network: 'blue', sandbox: '/run/netns/c1' }));
    expect(written).toEqual(new Set());
  });

  test('the same again waits again, and is answered', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    const first = await world.settled(h1.attach('blue', 'c9'));
    await world.until('h2 to hold it', () => leadsTo(h2, first));
    const again = await world.settled(h1.attachAgain('blue', '/run/netns/c9', wait));
    expect(again).toMatchObject({ id: first.id, waited: { nodes: ['h2'] } });
  });

  test('waits for a kernel that refuses until it does not', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    h2.kernel.refuseNext({ op: 'create', kind: 'fdb' });
    const { written } = waitKeys(world);
    const done = h1.attach('blue', 'c9', wait);
    await asked(world, written, 1);
    expect(await h1.service.inspectNetwork({ name: blue })).toMatchObject({
      nodes: [{ node: 'h1' }, { node: 'h2', state: 'refused', why: 'ENOBUFS: refused on demand' }],
    });
    const endpoint = await world.settled(done);
    expect(endpoint.waited?.nodes).toEqual(['h2']);
    expect(leadsTo(h2, endpoint)).toBe(true);
  });

  test('late: names who refuses and who is silent; the attach stands', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    for (let n = 0; n < 20; n += 1) h2.kernel.refuseNext({ op: 'create', kind: 'fdb' });
    await h3.stop();
    const { present } = waitKeys(world);
    const error = await failure(world.settled(h1.attach('blue', 'c9', { wait: true, timeout: 3000 })));
    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toContain('/run/netns/c9 is attached to network blue as 10.7.0.');
    expect(error.message).toContain('and that stands');
    expect(error.message).toContain('h2 (refused: ENOBUFS: refused on demand)');
    expect(error.message).toContain('h3 (no answer)');
    expect(error.details).toMatchObject({ programmed: [] });
    expect(h1.agent.operations.intents.open()).toEqual([]);
    const [again] = (await h1.service.listEndpoints({ network: blue })).filter(
      (e) => e.sandbox.key === 'netns:c9',
    );
    expect(again).toMatchObject({ programmed: true });
    await isGone(world, present);
  });

  test('a failed attach withdraws its question', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    await h2.stop();
    h1.kernel.refuseNext({ op: 'create', kind: 'veth' });
    const { written, present } = waitKeys(world);
    const error = await failure(world.settled(h1.attach('blue', 'c9', wait)));
    expect(error).toMatchObject({ code: 'KERNEL_REFUSED', message: 'ENOBUFS: refused on demand' });
    await isGone(world, present);
    expect(written.size).toBeLessThan(2);
  });
});

describe('who is waited for', () => {
  test('one that goes down counts no more', async () => {
    await using world = new World();
    const [h1, , h3] = await blueWith(world, 3);
    await h3.stop();
    const before = world.clock.monotonic();
    const endpoint = await world.settled(h1.attach('blue', 'c9', { wait: true, timeout: 60_000 }));
    expect(endpoint.waited?.nodes).toEqual(['h2']);
    const took = world.clock.monotonic() - before;
    expect(took).toBeGreaterThan(5000);
    expect(took).toBeLessThan(16_000);
    // Down already: not even asked.
    const next = await world.settled(h1.attach('blue', 'c10', wait));
    expect(next.waited).toMatchObject({ nodes: ['h2'] });
    expect(next.waited!.took).toBeLessThan(1000);
  });

  test('one that leaves the network counts no more', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    const own = (await h1.service.listEndpoints({ network: blue })).find((e) => e.node === nameOf(h3))!;
    await h3.stop();
    const { written } = waitKeys(world);
    const done = h1.attach('blue', 'c9', wait);
    await asked(world, written, 1);
    await world.delete(`net/${own.networkId}/endpoint/${own.id}`);
    const { waited } = await world.settled(done);
    expect(waited?.nodes).toEqual([nameOf(h2)]);
    expect(waited?.took).toBeLessThan(1000);
  });

  test('one that joins late is not waited for', async () => {
    await using world = new World();
    const nodes = await startCluster(world, 3);
    const [h1, h2, h3] = nodes.toSorted((a, b) =>
      nameOf(a) < nameOf(b) ? -1 : 1,
    ) as unknown as typeof nodes;
    await attached(world, h2, 'h2');
    await h2.stop();
    const { written, present } = waitKeys(world);
    const done = h1.attach('blue', 'c9', { wait: true, timeout: 60_000 });
    await asked(world, written, 0);
    await attached(world, h3, 'h3');
    await h2.start();
    expect((await world.settled(done)).waited?.nodes).toEqual(['h2']);
    await isGone(world, present);
  });
});

describe('nothing stays', () => {
  test('when the asker dies: his question goes with his lease, and the answers after it', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    await h3.stop();
    const { written, present } = waitKeys(world);
    const done = failure(h1.attach('blue', 'c9', { wait: true, timeout: 600_000 }));
    await asked(world, written, 1);
    // As a kill would have it: the store hears nothing of it.
    h1.store.goAway();
    await world.clock.advance(100);
    await h1.die();
    expect(await present()).toBe(2);
    expect((await done).message).toContain('that stands');
    await world.clock.advance(16_000);
    await isGone(world, present);
    expect(h2.agent.view.isAlive(h2.agent.id)).toBe(true);
  });

  test('when one who answered dies: his answer goes with his lease', async () => {
    await using world = new World();
    const [h1, h2, h3] = await blueWith(world, 3);
    for (let n = 0; n < 200; n += 1) h2.kernel.refuseNext({ op: 'create', kind: 'fdb' });
    const { written, present } = waitKeys(world);
    const done = h1.attach('blue', 'c9', { wait: true, timeout: 60_000 });
    await asked(world, written, 2);
    await h3.die();
    await world.clock.advance(16_000);
    expect(await present()).toBe(2);
    const error = await failure(world.settled(done));
    expect(error.message).toContain('h2 (refused');
    expect(error.details).toMatchObject({ programmed: ['h3'] });
    await isGone(world, present);
  });

  test('when the lease of the asker is lost: he says so, and that the attach stands', async () => {
    await using world = new World();
    const [h1, , h3] = await blueWith(world, 3);
    await h3.stop();
    const { written, present } = waitKeys(world);
    const done = failure(h1.attach('blue', 'c9', { wait: true, timeout: 60_000 }));
    await asked(world, written, 1);
    world.store.expireLeases();
    const error = await world.settled(done);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(error.message).toMatch(/that stands.*lost its lease/);
    await isGone(world, present);
  });

  test('when the store is away for the asker: he says so in time, and clears up when it is back', async () => {
    await using world = new World();
    const [h1, , h3] = await blueWith(world, 3);
    await h3.stop();
    const { written, present } = waitKeys(world);
    const done = failure(h1.attach('blue', 'c9', { wait: true, timeout: 3000 }));
    await asked(world, written, 1);
    h1.store.goAway();
    const error = await world.settled(done);
    expect(error.code).toBe('TIMEOUT');
    expect(error.message).toContain('the store is out of reach of this node');
    h1.store.comeBack();
    await isGone(world, present);
  });

  test('a node for which the store is away answers when it is back', async () => {
    await using world = new World();
    const [h1, h2] = await blueWith(world, 2);
    h2.store.goAway();
    await world.until('the loss to be noticed', () => h2.agent.view.state === 'stale');
    const { written } = waitKeys(world);
    const done = h1.attach('blue', 'c9', wait);
    await asked(world, written, 0);
    await world.clock.advance(2000);
    expect(written.size).toBe(1);
    h2.store.comeBack();
    expect((await world.settled(done)).waited?.nodes).toEqual(['h2']);
  });
});

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

  test('on a node that takes no part: nothing, unless it is asked for', async () => {
    await using world = new World();
    const nodes = await startCluster(world, 2);
    const [h1, h2] = nodes;
    await attached(world, h1, 'a');
    expect(await nodesOf(world, h2)).toBeUndefined();
    expect(await nodesOf(world, h2, { wait: true })).toEqual([
      { node: nameOf(h1), alive: true, endpoints: 1, self: false, state: 'programmed' },
    ]);
  });
});
