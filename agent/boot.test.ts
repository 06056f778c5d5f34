import { join } from 'node:path';
import { readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { sandboxScope } from '../linux/objects/scope.ts';
import { World, type TestNode } from './testing/world.ts';

/** Two nodes with an endpoint each in blue; h1 has a second one, of a namespace that only has a path. */
async function two(world: World): Promise<readonly [TestNode, TestNode]> {
  const h1 = await world.ready(1);
  const h2 = await world.ready(2);
  await h1.create('blue', '10.7.0.0/24', 'fd00:7::/64');
  await world.until('h2 to know blue', () => h2.agent.view.networks().length === 1);
  await h1.attach('blue', 'c1');
  await h2.attach('blue', 'c1');
  const path = '/run/docker/netns/5f2b';
  h1.kernel.addSandbox(sandboxScope(path));
  await h1.attachAgain('blue', path);
  await world.until('h1 to have programmed h2', () => has(h1, 'fdb'));
  return [h1, h2];
}

const has = (node: TestNode, kind: string): boolean =>
  node.kernel.written.some((s) => s.op === 'create' && s.object.kind === kind);

const since = (node: TestNode, before: number): readonly string[] =>
  node.kernel.written.slice(before).map((s) => `${s.op} ${s.object.kind}`);

/** The machine of a stopped node starts anew, without its store. */
async function rebootAlone(world: World, node: TestNode): Promise<number> {
  await node.stop();
  node.kernel.reboot();
  node.store.goAway();
  const before = node.kernel.writes;
  node.begin().catch(() => undefined);
  await world.until('it to be ready', () => node.agent.phase === 'ready');
  return before;
}

describe('a node that is rebooted while the store is away', () => {
  test('restores its networks from the last good view, and says that this is stale', async () => {
    await using world = new World();
    const [h1] = await two(world);
    const before = await rebootAlone(world, h1);
    await world.until('the network to be there', () => since(h1, before).includes('create vxlan'));
    expect(since(h1, before)).toEqual(
      expect.arrayContaining(['create netns', 'create bridge', 'create fdb', 'create neighbour']),
    );
    expect(await h1.service.status()).toMatchObject({
      phase: 'ready',
      store: { state: 'stale' },
      networks: 1,
      endpoints: { local: 2, remote: 1 },
    });
    expect((await h1.service.listEndpoints({})).map((e) => e.node).toSorted()).toEqual(['h1', 'h1', 'h2']);
    expect(await h1.service.readiness()).toMatchObject({ ready: false });
    const told = h1.log.slice(h1.log.findIndex((l) => l.message.startsWith('last good view')));
    expect(told.filter((l) => l.message.startsWith('store is')).map((l) => l.message)).toEqual([
      expect.stringMatching(/^store is out of reach/),
    ]);
  });

  test('plumbs a named sandbox anew when it appears, however long that takes, and collects one that cannot come back', async () => {
    await using world = new World();
    const [h1] = await two(world);
    const before = await rebootAlone(world, h1);
    await world.clock.advance(60_000);
    expect(since(h1, before)).not.toContain('create veth');
    const own = (await h1.service.listEndpoints({})).filter(({ local }) => local);
    expect(own.map(({ sandbox }) => sandbox)).toEqual([
      { key: 'netns:c1', path: '/run/netns/c1', gone: { since: expect.any(String) } },
    ]);
    expect((await h1.service.status()).warnings).toMatchObject([
      {
        why: expect.stringMatching(/^its sandbox \/run\/netns\/c1 is gone since /),
        hint: 'it waits for a namespace of this name, as after a reboot; `weft detach --network blue c1` gives it up',
      },
    ]);
    h1.sandbox('c1');
    await world.clock.advance(2000);
    expect(since(h1, before).filter((s) => s === 'create veth')).toHaveLength(1);
    h1.store.comeBack();
    await world.until('it to be in sync', () => h1.agent.view.state === 'insync');
    await world.clock.advance(30_000);
    const left = (await h1.service.listEndpoints({})).map((e) => `${e.node} ${e.sandbox.key}`);
    expect(left.toSorted()).toEqual(['h1 netns:c1', 'h2 netns:c1']);
    expect((await world.keys('net/')).filter((k) => k.includes('/endpoint/'))).toHaveLength(2);
  });

  test('writes nothing more when the store is back, and the sandbox that returned is the one from then on', async () => {
    await using world = new World();
    const [h1] = await two(world);
    await rebootAlone(world, h1);
    h1.sandbox('c1');
    await world.clock.advance(5000);
    const settled = h1.kernel.writes;
    h1.store.comeBack();
    await world.until('it to be in sync', () => h1.agent.view.state === 'insync');
    await world.clock.advance(30_000);
    expect(since(h1, settled)).toEqual([]);
    const own = h1.agent.view
      .joined()
      .flatMap((n) => [...(h1.agent.view.endpoints(n)?.records.values() ?? [])]);
    const mine = own.find(({ value }) => value.node === h1.agent.id && value.sandbox.key === 'netns:c1');
    expect(mine?.value.sandbox.bootId).toBe(h1.kernel.bootId());
    await h1.restart();
    await world.clock.advance(30_000);
    expect(since(h1, settled)).toEqual([]);
    // The same boot: another namespace of this name is another one again.
    h1.kernel.killSandbox(sandboxScope('/run/netns/c1'));
    h1.sandbox('c1');
    await world.clock.advance(30_000);
    expect((await h1.service.listEndpoints({})).filter((e) => e.local)).toEqual([]);
  });
});

test('an agent that is started without its store deletes nothing that its last good view does not name', async () => {
  await using world = new World();
  const [h1] = await two(world);
  // As after a crash right behind an attach: the kernel knows more than the file.
  await world.clock.advance(10_000);
  await h1.stop();
  const file = join(world.directory(1), 'view.jsonl');
  const before = readFileSync(file, 'utf8');
  await h1.start();
  await h1.attach('blue', 'c9');
  await h1.stop();
  writeFileSync(file, before);
  const writes = h1.kernel.writes;
  h1.store.goAway();
  h1.begin().catch(() => undefined);
  await world.until('it to be ready', () => h1.agent.phase === 'ready');
  await world.clock.advance(60_000);
  expect(since(h1, writes)).toEqual([]);
  h1.store.comeBack();
  await world.until('it to know all', () => h1.agent.view.state === 'insync');
  await world.clock.advance(30_000);
  expect(since(h1, writes)).toEqual([]);
  expect((await h1.service.listEndpoints({})).filter((e) => e.programmed)).toHaveLength(4);
});
