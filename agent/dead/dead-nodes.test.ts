import { describe, expect, test } from '@jest/globals';
import type { EndpointJson } from '../../api/schemas/endpoint.ts';
import { World, type TestNode } from '../testing/world.ts';

const grace = 60_000;
const flags = { '--dead-node-grace': '60s' };

/** Some nodes, and a network. */
async function cluster(world: World, size: number): Promise<readonly TestNode[]> {
  const nodes: TestNode[] = [];
  for (let n = 1; n <= size; n += 1) nodes.push(await world.ready(n, flags));
  await world.settled(nodes[0]!.create('blue', '10.7.0.0/24', 'fd00:7::/64'));
  return nodes;
}

const attached = (world: World, node: TestNode, name: string, more = {}): Promise<EndpointJson> =>
  world.settled(node.attach('blue', name, { name, ...more }));

/** Keys of endpoints and their claims. */
const held = async (world: World): Promise<readonly string[]> => {
  const all = await world.keys('net/');
  return all.filter((key) => !/claim\/address\/(10\.7\.0\.1|fd00:7::1)$/.test(key));
};

const messages = (node: TestNode, message: string) => node.log.filter((line) => line.message === message);

describe('a node that is gone', () => {
  test('is down within its lease, which changes nothing, and is collected after the grace, by one, once', async () => {
    await using world = new World();
    const [h1, h2, h3] = await cluster(world, 3);
    for (const name of ['a', 'b', 'c']) await attached(world, h3!, name);
    const own = await attached(world, h1!, 'own');
    const id = h3!.agent.id;
    const before = await held(world);
    await h3!.die();
    await world.clock.advance(20_000);
    const seen = async () => (await h1!.service.listNodes()).find((n) => n.id === id);
    expect(await seen()).toMatchObject({ alive: false });
    await world.clock.advance(grace - 10_000);
    expect(await held(world)).toEqual(before);
    await world.clock.advance(20_000);
    expect((await held(world)).filter((key) => key.includes('/endpoint/'))).toEqual([
      `net/${own.networkId}/endpoint/${own.id}`,
    ]);
    expect((await held(world)).length).toBe(5);
    expect(await seen()).toBeUndefined();
    expect((await world.keys('node-claims/')).length).toBe(6);
    const told = [h1!, h2!].flatMap((node) => messages(node, 'node collected'));
    expect(told).toMatchObject([{ node: id, name: 'h3', endpoints: 3 }]);
    // The lowest of the living did it.
    const first = [h1!, h2!].find((node) => messages(node, 'node collected').length > 0);
    expect(first!.agent.id).toBe([h1!.agent.id, h2!.agent.id].toSorted()[0]);
  });
});
