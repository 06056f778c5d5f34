import { expect, test } from '@jest/globals';
import type { Name } from '../../model/name.ts';
import type { NodeId } from '../../model/node.ts';
import { attached, startCluster } from '../testing/cluster.ts';
import { World, type TestNode } from '../testing/world.ts';
import { pictureOf } from './picture-of.ts';

const seenBy = (node: TestNode) => pictureOf(node.agent.id, node.agent.view, new Set());

test('shows records, the living and fences, and no doubt when all is in sync', async () => {
  await using world = new World();
  const [h1, h2, h3] = await startCluster(world, 3);
  await attached(world, h1, 'own');
  const ids = [h1, h2, h3].map((node) => node.agent.id);
  const [, , gone] = ids as [NodeId, NodeId, NodeId];
  const { revision } = (await world.store.get(`nodes/${gone}`))!;
  await h3.die();
  await world.clock.advance(20_000);
  const picture = seenBy(h1);
  expect(picture.doubt).toBeUndefined();
  expect([...picture.nodes.keys()].toSorted()).toEqual(ids);
  expect(picture.nodes.get(gone)).toBe(revision);
  expect([...picture.alive].toSorted()).toEqual(ids.slice(0, 2));
  expect(picture.fences.size).toBe(0);
  await world.settled(h2.service.forgetNode({ node: gone }));
  await world.clock.advance(100);
  expect([...seenBy(h1).fences]).toMatchObject([[gone, { kind: 'forget', by: h2.agent.id }]]);
});

test('is broken while the store is away, and while the store may have lost keys', async () => {
  await using world = new World();
  const [h1] = await startCluster(world, 3, { '--rebuild-store': 'false' });
  h1.store.goAway();
  await world.clock.advance(1000);
  expect(seenBy(h1).doubt).toEqual({ why: 'the store is out of reach', broken: true });
  world.store.wipe();
  h1.store.comeBack();
  await world.clock.advance(1000);
  expect(seenBy(h1).doubt).toMatchObject({ broken: true });
});

test('is unfinished while a network is being read', async () => {
  await using world = new World();
  const [h1] = await startCluster(world, 3);
  await world.settled(h1.create('red', '10.8.0.0/24'));
  const red = h1.agent.view.network('red' as Name)!.value;
  if (!('id' in red)) throw new Error('red was refused');
  h1.agent.view.join(red.id);
  expect(seenBy(h1).doubt).toEqual({ why: 'the endpoints of network red are not in sync', broken: false });
  await world.clock.advance(100);
  expect(seenBy(h1).doubt).toBeUndefined();
});
