import { expect, test } from '@jest/globals';
import { World, type TestNode } from '../testing/world.ts';

const told = (node: TestNode): readonly string[] =>
  node.agent.events.after(0).flatMap(({ kind, message }) => (kind === 'pool-nearly-full' ? [message] : []));

const warned = async (node: TestNode): Promise<readonly string[]> =>
  (await node.service.status()).warnings.flatMap(({ what, why }) =>
    why.includes('addresses') ? [`${what}: ${why}`] : [],
  );

test('a pool that is nearly used up is warned of as long as it is, and told once until it had room', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  // Thirteen addresses for endpoints, and plenty.
  await h1.create('blue', '10.7.0.0/28', 'fd00:7::/64');
  for (let n = 0; n < 11; n += 1) await h1.attach('blue', `c${n}`);
  await world.clock.advance(1000);
  expect([told(h1), await warned(h1)]).toEqual([[], []]);

  await h1.attach('blue', 'c11');
  await world.clock.advance(1000);
  const first = 'pool 10.7.0.0/28 of network blue is nearly used up: 12 of 13 addresses';
  expect(told(h1)).toEqual([first]);
  expect(await warned(h1)).toEqual(['pool 10.7.0.0/28 of network blue: 12 of 13 addresses are used']);

  // Back and forth over the mark is no news.
  await h1.detach({ network: 'blue', sandbox: '/run/netns/c0' });
  await world.clock.advance(1000);
  expect(await warned(h1)).toEqual([]);
  await h1.attachAgain('blue', '/run/netns/c0');
  await world.clock.advance(1000);
  expect(told(h1)).toEqual([first]);

  for (const n of [0, 1, 2]) await h1.detach({ network: 'blue', sandbox: `/run/netns/c${n}` });
  await world.clock.advance(1000);
  for (const n of [0, 1, 2]) await h1.attachAgain('blue', `/run/netns/c${n}`);
  await world.clock.advance(1000);
  expect(told(h1)).toEqual([first, first]);
});
