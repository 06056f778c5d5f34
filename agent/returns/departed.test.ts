import { expect, test } from '@jest/globals';
import type { Op } from '../../kvstore/store.ts';
import { attached, endpointKeys, startCluster, told } from '../testing/cluster.ts';
import { World, type TestNode } from '../testing/world.ts';

/** What an attach of a sandbox writes, as it comes when nobody waits for it any more: the endpoint is detached already. */
async function late(world: World, node: TestNode): Promise<() => Promise<void>> {
  await attached(world, node, 'late');
  const { entries } = await world.store.list('net/');
  const before = new Set(await endpointKeys(world));
  await world.settled(node.detach({ network: 'blue', sandbox: 'late' }));
  const after = new Set(await endpointKeys(world));
  const ops = entries
    .filter(({ key }) => before.has(key) && !after.has(key))
    .map(({ key, value }): Op => ({ kind: 'put', key, value }));
  expect(ops.length).toBeGreaterThan(1);
  return async () => {
    expect(await world.store.txn([], ops)).toMatchObject({ ok: true });
  };
}

test.each([
  ['at once', 0],
  ['after the view without it was saved', 30_000],
])(
  'an attach that the store carries out when its endpoint is detached already is undone: %s',
  async (_, ms) => {
    await using world = new World();
    const [h1, h2] = await startCluster(world, 2);
    await attached(world, h1, 'own1');
    await attached(world, h2, 'own2');
    const arrive = await late(world, h1);
    await world.clock.advance(ms);
    const keys = await endpointKeys(world);
    const { writes } = h1.kernel;
    await arrive();
    await world.clock.advance(1000);
    expect(await endpointKeys(world)).toEqual(keys);
    expect(h1.kernel.writes).toBe(writes);
    expect(told('endpoint-ended', h1)).toHaveLength(1);
    // It can be attached again.
    await attached(world, h1, 'late');
  },
);

test('the same for an agent that was restarted meanwhile', async () => {
  await using world = new World();
  const [h1, h2] = await startCluster(world, 2);
  await attached(world, h1, 'own1');
  await attached(world, h2, 'own2');
  const arrive = await late(world, h1);
  const keys = await endpointKeys(world);
  await h1.stop();
  await arrive();
  await world.settled(h1.start());
  await world.clock.advance(5000);
  expect(await endpointKeys(world)).toEqual(keys);
  expect(told('endpoint-ended', h1)).toHaveLength(1);
});

test.each([
  ['a request of it may still be carried out', true, 1],
  ['every request of it was answered', false, 0],
])('an attach that was refused, when %s', async (_, isLost, remembered) => {
  await using world = new World();
  const [h1, h2] = await startCluster(world, 2);
  await attached(world, h2, 'theirs', { addresses: ['10.7.0.9'] });
  if (isLost) h1.store.loseNextReply('not applied');
  const attach = world.settled(h1.attach('blue', 'late', { addresses: ['10.7.0.9'] }));
  await expect(attach).rejects.toMatchObject({ code: 'ADDRESS_TAKEN' });
  expect(h1.agent.operations.intents.gone()).toHaveLength(remembered);
});
