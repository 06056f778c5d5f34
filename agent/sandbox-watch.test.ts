import { expect, test } from '@jest/globals';
import { sandboxScope } from '../linux/objects/scope.ts';
import { World, type TestNode } from './testing/world.ts';

async function attached(world: World, ...names: readonly string[]): Promise<TestNode> {
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24');
  for (const name of names) await h1.attach('blue', name);
  return h1;
}

const kill = (node: TestNode, name: string): void => {
  node.kernel.killSandbox(sandboxScope(`/run/netns/${name}`));
};

const names = async (node: TestNode): Promise<readonly string[]> =>
  (await node.service.listEndpoints({})).map((e) => e.sandbox.key);

test('an endpoint whose sandbox is gone is detached, and nothing else is', async () => {
  await using world = new World();
  const h1 = await attached(world, 'c1', 'c2');
  kill(h1, 'c1');
  await world.clock.advance(12_000);
  expect(await names(h1)).toHaveLength(2);
  await world.clock.advance(10_000);
  expect(await names(h1)).toEqual(['netns:c2']);
  expect(h1.log).toContainEqual(expect.objectContaining({ event: 'sandbox-gone', sandbox: '/run/netns/c1' }));
  expect((await world.keys('net/')).filter((key) => key.includes('/endpoint/'))).toHaveLength(1);
});

test('a sandbox of the same name that was not attached is not touched', async () => {
  await using world = new World();
  const h1 = await attached(world, 'c1');
  kill(h1, 'c1');
  h1.sandbox('c1');
  await world.clock.advance(30_000);
  expect(await names(h1)).toEqual([]);
  expect(h1.kernel.identify(sandboxScope('/run/netns/c1')).interfaces).toEqual(['lo']);
});

test('one that is attached anew in time keeps its endpoint', async () => {
  await using world = new World();
  const h1 = await attached(world, 'c1');
  const [before] = await h1.service.listEndpoints({});
  kill(h1, 'c1');
  await world.clock.advance(12_000);
  expect(await h1.attach('blue', 'c1')).toEqual(before);
  await world.clock.advance(60_000);
  expect(await h1.service.listEndpoints({})).toEqual([before]);
});

test('until it is detached it is told that its sandbox is gone, and until when that may come back', async () => {
  await using world = new World();
  const h1 = await attached(world, 'c1', 'c2');
  const gone = async (): Promise<readonly unknown[]> =>
    (await h1.service.listEndpoints({})).map(({ sandbox }) => [sandbox.path, sandbox.gone]);
  const both = [
    ['/run/netns/c1', undefined],
    ['/run/netns/c2', undefined],
  ];
  expect((await gone()).toSorted()).toEqual(both);
  kill(h1, 'c1');
  const start = world.clock.wall();
  await world.clock.advance(8000);
  const [shown] = (await h1.service.listEndpoints({})).flatMap(({ sandbox }) => sandbox.gone ?? []);
  const { since = '', until = '' } = shown ?? {};
  expect(Date.parse(since) - start).toBeGreaterThan(0);
  expect(Date.parse(since) - start).toBeLessThanOrEqual(5000);
  expect(Date.parse(until) - Date.parse(since)).toBe(10_000);
  expect((await gone()).toSorted()).toEqual([['/run/netns/c1', { since, until }], both[1]]);
  const { warnings, problems } = await h1.service.status();
  expect({ warnings, problems }).toEqual({
    warnings: [
      {
        what: 'endpoint netns:c1 of network blue',
        why: `its sandbox /run/netns/c1 is gone since ${since}`,
        hint: `it is detached soon after ${until}, unless it is attached again before`,
      },
    ],
    problems: [],
  });
  await h1.attach('blue', 'c1');
  expect((await gone()).toSorted()).toEqual(both);
  expect((await h1.service.status()).warnings).toEqual([]);
});

test('while the store is away only the dead are given up, and the store hears of it when it is back', async () => {
  await using world = new World();
  const h1 = await attached(world, 'c1', 'c2');
  h1.store.goAway();
  kill(h1, 'c1');
  await world.clock.advance(60_000);
  expect(await names(h1)).toEqual(['netns:c2']);
  const held = (await world.keys('net/')).filter((key) => key.includes('/endpoint/'));
  expect(held).toHaveLength(2);
  h1.store.comeBack();
  await world.clock.advance(10_000);
  expect((await world.keys('net/')).filter((key) => key.includes('/endpoint/'))).toHaveLength(1);
});

test('after a reboot the dead are found at the start', async () => {
  await using world = new World();
  const h1 = await attached(world, 'c1');
  await h1.stop();
  kill(h1, 'c1');
  await h1.start();
  await world.clock.advance(30_000);
  expect(await world.keys('net/')).toEqual([expect.stringContaining('claim/address/10.7.0.1')]);
});
