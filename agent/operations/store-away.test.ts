import { expect, test } from '@jest/globals';
import { sandboxScope } from '../../linux/objects/scope.ts';
import { WeftError } from '../../model/errors.ts';
import { detachBody } from '../../api/schemas/endpoint.ts';
import { World, type TestNode } from '../testing/world.ts';

async function attached(world: World): Promise<TestNode> {
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24');
  for (const name of ['c1', 'c2', 'c3']) await h1.attach('blue', name);
  return h1;
}

async function away(world: World, node: TestNode): Promise<void> {
  node.store.goAway();
  await world.until('it to be away', () => node.agent.view.state === 'stale');
}

async function back(world: World, node: TestNode): Promise<void> {
  node.store.comeBack();
  await world.until('it to be back', () => node.agent.view.state === 'insync');
  await world.clock.advance(1000);
}

const deletedVeths = (node: TestNode): number =>
  node.kernel.written.filter((s) => s.op === 'delete' && s.object.kind === 'veth').length;
const inStore = async (world: World): Promise<number> =>
  (await world.keys('net/')).filter((key) => key.includes('/endpoint/')).length;
const detach = (node: TestNode, name: string) =>
  node.service.detach(detachBody.parse({ network: 'blue', sandbox: `/run/netns/${name}` }));

test('a detach acts on the kernel at once, answers so, and the store is told when it is back', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await away(world, h1);
  expect(await world.settled(detach(h1, 'c1'))).toEqual({ detached: true, storePending: true });
  expect(deletedVeths(h1)).toBe(1);
  expect(await inStore(world)).toBe(3);
  expect((await h1.service.listEndpoints({})).map((e) => e.sandbox.key)).toEqual(['netns:c2', 'netns:c3']);
  await back(world, h1);
  expect(await inStore(world)).toBe(2);
  expect(h1.agent.operations.intents.open()).toEqual([]);
  expect(deletedVeths(h1)).toBe(1);
});

test('what was detached stays so over a restart without the store, and is told in the order in which it was done', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await world.clock.advance(10_000);
  await away(world, h1);
  for (const name of ['c3', 'c1']) await world.settled(detach(h1, name));
  const writes = h1.kernel.writes;
  await h1.stop();
  h1.store.goAway();
  h1.begin().catch(() => undefined);
  await world.until('it to be ready', () => h1.agent.phase === 'ready');
  await world.clock.advance(10_000);
  expect(h1.kernel.writes).toBe(writes);
  const gone: string[] = [];
  const watch = world.store.watch('net/', (update) => {
    if (update.kind !== 'changes') return;
    for (const change of update.changes) if (change.kind === 'delete') gone.push(change.key);
  });
  const ids = new Map(
    [...h1.agent.view.joined()].flatMap((n) =>
      [...(h1.agent.view.endpoints(n)?.records.values() ?? [])].map((r) => [
        r.value.id as string,
        r.value.sandbox.key,
      ]),
    ),
  );
  await back(world, h1);
  await watch.close();
  const order = gone
    .filter((key) => key.includes('/endpoint/'))
    .map((key) => ids.get(key.split('/')[3] ?? ''));
  expect(order).toEqual(['netns:c3', 'netns:c1']);
  expect(await inStore(world)).toBe(1);
});

test('a sandbox that dies is gone from the kernel and, after its grace, from this node; the store hears of it later', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await away(world, h1);
  h1.kernel.killSandbox(sandboxScope('/run/netns/c1'));
  await world.clock.advance(30_000);
  expect(h1.agent.operations.intents.open()).toMatchObject([{ op: 'detach' }]);
  expect((await h1.service.listEndpoints({})).map((e) => e.sandbox.key)).toEqual(['netns:c2', 'netns:c3']);
  expect(await inStore(world)).toBe(3);
  await back(world, h1);
  expect(await inStore(world)).toBe(2);
});

test('an attach is refused at once, and says why', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await away(world, h1);
  const begin = world.clock.monotonic();
  await expect(h1.attach('blue', 'c9')).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(
      /^cannot attach to network blue: the store fake store in memory cannot be used/,
    ),
  });
  expect(world.clock.monotonic()).toBe(begin);
});

test('an attach whose question to the store is not answered in time says so', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await away(world, h1);
  // Takes the question, and is silent.
  h1.store.txn = (_conditions, _ops, options) =>
    new Promise((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
    });
  const attach = world.settled(h1.attach('blue', 'c9', { timeout: 1000 }));
  await expect(attach).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
    message: expect.stringMatching(/^cannot attach to network blue: .* no answer from it in time$/),
  });
});

test('an attach right after a detach is one transaction; where that is not answered in time, the store is named', async () => {
  await using world = new World();
  const h1 = await attached(world);
  const again = { timeout: 1000 };
  const silent = (...[, , options]: Parameters<typeof h1.store.txn>): Promise<never> =>
    new Promise((_resolve, reject) => {
      options?.signal?.addEventListener('abort', () => reject(options.signal?.reason as Error));
    });
  const { txn, get } = h1.store;
  await world.settled(detach(h1, 'c1'));
  h1.store.get = (_key, options) => silent([], [], options);
  expect(await world.settled(h1.attachAgain('blue', '/run/netns/c1', again))).toMatchObject({
    programmed: true,
  });
  h1.store.get = get;
  await world.settled(detach(h1, 'c1'));
  h1.store.txn = silent;
  await expect(world.settled(h1.attachAgain('blue', '/run/netns/c1', again))).rejects.toMatchObject({
    code: 'TIMEOUT',
    message: expect.stringMatching(/^cannot attach to network blue in time: no answer from the store/),
  });
  h1.store.txn = txn;
  expect(await world.settled(h1.attachAgain('blue', '/run/netns/c1', again))).toMatchObject({
    programmed: true,
  });
});

test('an attach finds a store that is back before anybody else has noticed', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await away(world, h1);
  h1.store.comeBack();
  expect(h1.agent.view.state).toBe('stale');
  const begin = world.clock.monotonic();
  const added = await world.settled(h1.attach('blue', 'c9'));
  expect(added).toMatchObject({ state: 'active', programmed: true });
  expect(world.clock.monotonic() - begin).toBeLessThan(2000);
});

test('what was detached without the store and is attached again with it is attached anew', async () => {
  await using world = new World();
  const h1 = await attached(world);
  await away(world, h1);
  await world.settled(detach(h1, 'c1'));
  // The store is there again, but does not take the first thing that it is told.
  h1.store.failNext('txn', new WeftError('STORE_UNAVAILABLE', 'refused on demand'));
  h1.store.comeBack();
  await world.until('it to be back', () =>
    h1.log.some((l) => l.message.includes('intent cannot be finished yet')),
  );
  const again = await world.settled(h1.attachAgain('blue', '/run/netns/c1', { addresses: ['10.7.0.77'] }));
  expect(again.addresses).toEqual(['10.7.0.77/24']);
  expect(await inStore(world)).toBe(3);
});

test('networks that an operator removes, with or without force, go on every node and nothing of them is held', async () => {
  await using world = new World();
  const h1 = await attached(world);
  const h2 = await world.ready(2);
  await world.until('h2 to know blue', () => h2.agent.view.networks().length === 1);
  for (let n = 0; n < 40; n += 1) await h1.create(`n${n}`, `10.20.${n}.0/24`);
  for (let n = 0; n < 20; n += 1) await h2.attach('blue', `d${n}`);
  await world.until(
    'h1 to know them',
    () => h1.agent.view.endpoints(h1.agent.view.networks()[0]!.id)?.records.size === 23,
  );
  // One of the nodes only hears of it afterwards.
  h2.store.goAway();
  for (let n = 0; n < 40; n += 1)
    await world.settled(h1.service.removeNetwork({ name: `n${n}` as never, force: false }));
  void world.settled(h1.service.removeNetwork({ name: 'blue' as never, force: true })).catch(() => undefined);
  await world.clock.advance(10_000);
  world.store.compact();
  h2.store.comeBack();
  await world.until('h2 to be back', () => h2.agent.view.state === 'insync');
  await world.clock.advance(20_000);
  for (const node of [h1, h2]) {
    expect([node.agent.view.networks(), node.agent.view.held()]).toEqual([[], []]);
    expect(await node.kernel.namespaces()).toEqual([]);
  }
  expect(await world.keys('net')).toEqual(['network-accept']);
});
