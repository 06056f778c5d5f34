import { describe, expect, test } from '@jest/globals';
import { attached } from '../testing/cluster.ts';
import { asked, blue, holdBack, nameOf, wait, waitKeys } from '../testing/waiting.ts';
import { type TestNode, World } from '../testing/world.ts';

describe('news that come late', () => {
  /** h1, h2 and h3 with an endpoint in `blue` each; news below the prefix can be kept from one of them. */
  async function blueLate(world: World, late: number, prefix: string) {
    const nodes = [1, 2, 3].map((n) => world.node(n));
    const { hold, release } = holdBack(nodes[late - 1]!, prefix);
    for (const node of nodes) await node.start();
    await world.settled(nodes[0]!.create('blue', '10.7.0.0/24', 'fd00:7::/64'));
    await world.clock.advance(100);
    const [h1, h2, h3] = nodes as [TestNode, TestNode, TestNode];
    for (const node of [h1, h2]) await attached(world, node, nameOf(node));
    await world.clock.advance(100);
    return { h1, h2, h3, hold, release };
  }

  test.each(['attach', 'detach'] as const)('%s: who has not seen it does not answer', async (what) => {
    await using world = new World();
    const { h1, h2, hold, release } = await blueLate(world, 2, 'net/');
    const { written } = waitKeys(world);
    if (what === 'detach') await world.settled(h1.attach('blue', 'c9'));
    await world.clock.advance(100);
    hold();
    const body = { network: blue, sandbox: '/run/netns/c9', timeout: 10_000, wait: true };
    const done: Promise<unknown> =
      what === 'attach' ? h1.attach('blue', 'c9', wait) : h1.service.detach(body);
    await asked(world, written, 0);
    await world.clock.advance(1000);
    expect(written.size).toBe(1);
    release();
    expect(await world.settled(done)).toMatchObject({ waited: { nodes: ['h2'] } });
    expect(h2.kernel.written.filter(({ object }) => object.kind === 'fdb').at(-1)?.op).toBe(
      what === 'attach' ? 'create' : 'delete',
    );
  });

  test('a change of the network: who has not seen it does not answer', async () => {
    await using world = new World();
    const { h1, hold, release } = await blueLate(world, 2, 'network-state/');
    const { written } = waitKeys(world);
    hold();
    const declaration = { subnets: ['10.7.0.0/24', 'fd00:7::/64'], mtu: 1300 };
    const done = h1.service.applyNetwork({ name: blue, declaration, wait: true });
    await asked(world, written, 0);
    await world.clock.advance(1000);
    expect(written.size).toBe(1);
    release();
    expect(await world.settled(done)).toMatchObject({ waited: { nodes: ['h2'] } });
  });

  test('who does not know the node yet has no way to the endpoint, and does not answer', async () => {
    await using world = new World();
    const { hold, release } = await blueLate(world, 2, 'nodes/');
    const { written } = waitKeys(world);
    hold();
    const h4 = await world.ready(4);
    const done = h4.attach('blue', 'c9', wait);
    await asked(world, written, 1);
    await world.clock.advance(1000);
    expect(written.size).toBe(2);
    release();
    expect((await world.settled(done)).waited?.nodes).toEqual(['h1', 'h2']);
  });

  test('the asker himself looks who takes part once he has seen his own commit', async () => {
    await using world = new World();
    const { h1, h3, hold, release } = await blueLate(world, 1, 'net/');
    hold();
    await attached(world, h3, 'h3');
    const { written } = waitKeys(world);
    const done = h1.attach('blue', 'c9', wait);
    await world.clock.advance(1000);
    expect(written.size).toBe(0);
    release();
    expect((await world.settled(done)).waited?.nodes).toEqual(['h2', 'h3']);
  });
});
