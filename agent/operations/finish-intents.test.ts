import { expect, test } from '@jest/globals';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { EndpointId } from '../../model/endpoint.ts';
import type { NetworkId } from '../../model/network.ts';
import { Intents, type Intent } from '../state/intents.ts';
import { World, type TestNode } from '../testing/world.ts';

/** An agent died with this intent open; what the next life makes of it. */
async function nextLife(
  world: World,
  h1: TestNode,
  intent: { op: Intent['op']; network: string; endpoint: string },
): Promise<readonly string[]> {
  await h1.stop();
  const left = new Intents(world.directory(1), () => undefined);
  await left.begin({
    op: intent.op,
    network: intent.network as NetworkId,
    endpoint: intent.endpoint as EndpointId,
  });
  await left.close();
  await h1.start();
  await world.until('the intent to be finished', () => h1.agent.operations.intents.open().length === 0);
  return (await world.keys('net/')).filter((key) => key.includes('/endpoint/'));
}

async function attached(world: World) {
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24');
  const endpoint = await h1.attach('blue', 'c1');
  return { h1, network: endpoint.networkId, endpoint: endpoint.id };
}

test('an attach that reached the store stays while its sandbox lives', async () => {
  await using world = new World();
  const { h1, ...about } = await attached(world);
  const writes = h1.kernel.writes;
  expect(await nextLife(world, h1, { op: 'attach', ...about })).toHaveLength(1);
  expect(h1.kernel.writes).toBe(writes);
});

test('an attach whose sandbox died with the agent is undone', async () => {
  await using world = new World();
  const { h1, ...about } = await attached(world);
  h1.kernel.killSandbox(sandboxScope('/run/netns/c1'));
  expect(await nextLife(world, h1, { op: 'attach', ...about })).toEqual([]);
  expect((await world.keys('net/')).filter((key) => key.includes('/claim/'))).toHaveLength(1);
});

test('an attach that never reached the store is forgotten', async () => {
  await using world = new World();
  const { h1, network } = await attached(world);
  const endpoint = 'f'.repeat(32);
  expect(await nextLife(world, h1, { op: 'attach', network, endpoint })).toHaveLength(1);
});

test('a detach is done', async () => {
  await using world = new World();
  const { h1, ...about } = await attached(world);
  expect(await nextLife(world, h1, { op: 'detach', ...about })).toEqual([]);
  await world.until('the kernel to be empty', () => h1.agent.reconciler.networks().size === 0);
  expect(await h1.kernel.namespaces()).toEqual([]);
});

test('nothing is done to the endpoint of another node', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  const h2 = await world.ready(2);
  const { id } = await h1.create('blue', '10.7.0.0/24').then((n) => n as { id: string });
  await world.until('h2 to know blue', () => h2.agent.view.networks().length === 1);
  const endpoint = await h2.attach('blue', 'c1');
  expect(await nextLife(world, h1, { op: 'detach', network: id, endpoint: endpoint.id })).toHaveLength(1);
});
