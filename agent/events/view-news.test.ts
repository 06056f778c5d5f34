import { expect, test } from '@jest/globals';
import type { EventJson } from '../../api/schemas/event.ts';
import { eventsJson } from '../../api/schemas/event.ts';
import type { Name } from '../../model/name.ts';
import { World, type TestNode } from '../testing/world.ts';

const told = async (node: TestNode, after = 0): Promise<readonly EventJson[]> =>
  eventsJson.parse(await node.service.events({ after, wait: 0 })).events;
const kinds = async (node: TestNode): Promise<readonly string[]> => (await told(node)).map((e) => e.kind);

test('nodes that come, go down, come back and change are news; those that were there are not', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  const h2 = await world.ready(2);
  expect(await kinds(h2)).toEqual(['agent-ready']);
  await world.until('h2 to be seen', () => h1.agent.view.isAlive(h2.agent.id));
  const { id } = h2.agent;
  await h2.stop();
  await world.until('h2 to be down', () => !h1.agent.view.isAlive(id));
  h2.kernel.under = { ...h2.kernel.under, mtu: 9000 };
  await h2.start();
  await world.until('h2 to be back', () => h1.agent.view.isAlive(id));
  const messages = (await told(h1)).filter((e) => e.kind.startsWith('node-')).map((e) => e.message);
  expect(messages.toSorted()).toEqual([
    'node h2 (192.0.2.2, 2001:db8::2) is new',
    'node h2 (192.0.2.2, 2001:db8::2, MTU 1500) is now h2 (192.0.2.2, 2001:db8::2, MTU 9000)',
    'node h2 is alive',
    'node h2 is alive',
    'node h2 is down; its endpoints stay',
  ]);
  await world.delete(`nodes/${id}`);
  await world.until('the record to be gone', () => h1.agent.view.node(id) === undefined);
  expect((await told(h1)).at(-1)).toMatchObject({ kind: 'node-left', fields: { node: id } });
});

test('networks that are accepted, changed, refused, undeclared and removed are news on every node, once', async () => {
  await using world = new World();
  const [h1, h2] = [await world.ready(1), await world.ready(2)];
  await world.declare('blue', { subnets: ['10.7.0.0/24'] });
  await world.until('blue to be there', () => h2.agent.view.networks().length === 1);
  await world.declare('red', { subnets: ['10.7.0.0/25'] });
  await world.until('red to be refused', () => h2.agent.view.network('red' as Name) !== undefined);
  await world.declare('blue', { subnets: ['10.7.0.0/24'], labels: { a: 'b' } });
  await world.until('the change', () => h2.agent.view.networks()[0]?.labels.size === 1);
  await h2.attach('blue', 'c1');
  await world.delete('networks/blue');
  await world.until('it to be noticed', () =>
    [h1, h2].some(({ log }) => log.some((l) => l['event'] === 'network-undeclared')),
  );
  await h2.detach({ network: 'blue', sandbox: '/run/netns/c1' });
  for (const { agent } of [h1, h2]) {
    await world.until('red to have its place', () => agent.view.networks()[0]?.name === 'red');
  }
  const ofNetworks = async (node: TestNode): Promise<readonly string[]> =>
    (await kinds(node)).filter((kind) => kind.startsWith('network-') && kind !== 'network-undeclared');
  for (const node of [h1, h2]) {
    expect((await ofNetworks(node)).filter((kind) => kind !== 'network-removing')).toEqual([
      'network-accepted',
      'network-refused',
      'network-accepted',
      'network-removed',
      'network-accepted',
    ]);
  }
  expect((await kinds(h2)).filter((kind) => kind.startsWith('endpoint-'))).toEqual([
    'endpoint-attached',
    'endpoint-detached',
  ]);
  expect((await kinds(h1)).filter((kind) => kind.startsWith('endpoint-'))).toEqual([]);
});

test('a repeated attach is no event; a store that goes and comes back is two', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24');
  await h1.attach('blue', 'c1', { name: 'web' });
  await h1.attachAgain('blue', '/run/netns/c1');
  h1.store.goAway();
  await world.until('it to be noticed', () => h1.agent.view.state === 'stale');
  h1.store.comeBack();
  await world.until('it to be back', () => h1.agent.view.state === 'insync');
  expect(await kinds(h1)).toEqual([
    'agent-ready',
    'network-accepted',
    'endpoint-attached',
    'store-away',
    'store-back',
  ]);
  const attached = (await told(h1)).find((e) => e.kind === 'endpoint-attached');
  expect(attached?.message).toMatch(/^\/run\/netns\/c1 is attached to network blue as 10\.7\.0\.\d+$/);
});

test('a question with a number that never was begins anew, and one that waits is answered by the next event', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  expect((await told(h1, 999)).map((e) => e.number)).toEqual([1]);
  const next = h1.service.events({ after: 1, wait: 60_000 });
  await h1.create('blue', '10.7.0.0/24');
  expect((await world.settled(next)).events.map((e) => e.kind)).toEqual(['network-accepted']);
  const none = await world.settled(h1.service.events({ after: 2, wait: 100 }));
  expect(none).toEqual({ events: [], last: 2 });
});
