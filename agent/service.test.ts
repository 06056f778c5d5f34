import { describe, expect, test } from '@jest/globals';
import { endpointJson, detachedJson } from '../api/schemas/endpoint.ts';
import { networkJson } from '../api/schemas/network.ts';
import { nodeJson } from '../api/schemas/node.ts';
import { configJson, readinessJson, statusJson } from '../api/schemas/status.ts';
import { encodeText } from '../kvstore/store.ts';
import { WeftError } from '../model/errors.ts';
import type { Name } from '../model/name.ts';
import { World, type TestNode } from './testing/world.ts';

async function two(world: World): Promise<readonly [TestNode, TestNode]> {
  const [h1, h2] = [await world.ready(1), await world.ready(2)];
  await h1.create('blue', '10.7.0.0/24', 'fd00:7::/64');
  await h1.create('green', '10.8.0.0/24');
  await world.until('h2 to know both', () => h2.agent.view.networks().length === 2);
  await h1.attach('blue', 'c1', { name: 'web', labels: { team: 'a' } });
  await h2.attach('blue', 'c1', { name: 'db' });
  await h2.attach('green', 'c2', { name: 'web' });
  await world.until(
    'h1 to know the other',
    () => h1.agent.view.endpoints(h1.agent.view.networks()[0]!.id)?.records.size === 2,
  );
  return [h1, h2];
}

test('everything that is answered fits the schemas', async () => {
  await using world = new World();
  const [h1] = await two(world);
  const { service } = h1;
  statusJson.parse(await service.status());
  readinessJson.parse(await service.readiness());
  configJson.parse(await service.config());
  networkJson.array().parse(await service.listNetworks());
  endpointJson.array().parse(await service.listEndpoints({}));
  nodeJson.array().parse(await service.listNodes());
  detachedJson.parse({ detached: await h1.detach({ network: 'blue', endpoint: 'web' }) });
});

test('endpoints are listed from the view, and from the store where this node takes no part', async () => {
  await using world = new World();
  const [h1] = await two(world);
  const shown = (await h1.service.listEndpoints({})).map((e) => [e.network, e.node, e.name, e.local]);
  expect(shown.toSorted()).toEqual([
    ['blue', 'h1', 'web', true],
    ['blue', 'h2', 'db', false],
    ['green', 'h2', 'web', false],
  ]);
  const [web] = await h1.service.listEndpoints({ network: 'blue' as Name });
  expect(web).toMatchObject({
    networkId: expect.any(String),
    mac: expect.stringMatching(/^02:57:0a:07:00:/),
  });
  await expect(h1.service.listEndpoints({ network: 'red' as Name })).rejects.toMatchObject({
    code: 'NETWORK_NOT_FOUND',
  });
});

describe('one endpoint', () => {
  test('is found by its id, by its name, and by its name in a network', async () => {
    await using world = new World();
    const [h1] = await two(world);
    const db = await h1.service.inspectEndpoint({ endpoint: 'db' });
    expect(db).toMatchObject({ node: 'h2', programmed: true });
    expect(await h1.service.inspectEndpoint({ endpoint: db.id })).toEqual(db);
    const inGreen = { endpoint: 'web', network: 'green' as Name };
    expect(await h1.service.inspectEndpoint(inGreen)).toMatchObject({ network: 'green', programmed: false });
  });

  test('whose name means several, or none, is told so', async () => {
    await using world = new World();
    const [h1] = await two(world);
    await expect(h1.service.inspectEndpoint({ endpoint: 'web' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringMatching(/blue on h1.*green on h2/),
    });
    await expect(h1.service.inspectEndpoint({ endpoint: 'nobody' })).rejects.toMatchObject({
      code: 'ENDPOINT_NOT_FOUND',
    });
  });
});

test('nodes are told with what is known of their endpoints', async () => {
  await using world = new World();
  const [h1, h2] = await two(world);
  expect((await h2.service.listNodes()).map((n) => [n.name, n.alive, n.self, n.endpoints])).toEqual([
    ['h1', true, false, 1],
    ['h2', true, true, 2],
  ]);
  // h1 takes no part in green: it cannot know.
  expect((await h1.service.listNodes()).map((n) => n.endpoints)).toEqual([1, null]);
});

test('networks are told with their endpoints where this node follows them', async () => {
  await using world = new World();
  const [h1, h2] = await two(world);
  const counts = async ({ service }: TestNode) =>
    (await service.listNetworks()).map((n) => ('endpoints' in n ? n.endpoints : undefined));
  expect(await counts(h2)).toEqual([2, 1]);
  expect(await counts(h1)).toEqual([2, null]);
});

test('the status names what is wrong', async () => {
  await using world = new World();
  const [h1] = await two(world);
  expect(await h1.service.status()).toMatchObject({
    phase: 'ready',
    node: { name: 'h1', vteps: ['192.0.2.1', '2001:db8::1'] },
    store: { state: 'insync' },
    networks: 2,
    endpoints: { local: 1, remote: 1 },
    objects: { failed: 0, pending: 0 },
    problems: [],
    warnings: [],
  });
  await world.declare('bad', '{');
  await world.store.txn([], [{ kind: 'put', key: `nodes/${'9'.repeat(16)}`, value: encodeText('junk') }]);
  await world.clock.advance(5000);
  const what = (await h1.service.status()).problems.map((p) => p.what);
  expect(what.toSorted()).toEqual(['declaration of network bad', `record nodes/${'9'.repeat(16)}`]);
  h1.store.goAway();
  await world.clock.advance(100);
  expect(await h1.service.status()).toMatchObject({
    store: { state: 'stale' },
    problems: [{ what: 'store' }, { what: 'network blue', why: expect.stringContaining('away') }, {}, {}],
  });
});

test('before the store was read, questions about it are refused and status, health and settings are answered', async () => {
  await using world = new World();
  const h1 = world.node(1);
  h1.store.goAway();
  void h1.begin();
  await world.clock.advance(5000);
  const { service } = h1;
  expect(await service.readiness()).toEqual({
    ready: false,
    reasons: [expect.any(String), expect.any(String)],
  });
  expect(await service.status()).toMatchObject({ phase: 'joining', cluster: null });
  expect(await service.config()).toContainEqual({ key: 'name', value: 'h1', origin: 'flag --name' });
  for (const question of [
    service.listNetworks(),
    service.listEndpoints({}),
    service.listNodes(),
    h1.create('a', '10.7.0.0/24'),
  ]) {
    await expect(question).rejects.toMatchObject({ code: 'NOT_READY' });
  }
});

test('an agent that comes to a full store waits until there is room', async () => {
  await using world = new World();
  const h1 = world.node(1);
  h1.store.failNext('txn', new WeftError('STORE_FULL', 'no room'));
  await h1.start();
  expect(await h1.service.status()).toMatchObject({ phase: 'ready' });
});

test('a network that nobody knows cannot be inspected or removed', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  const name = 'red' as Name;
  await expect(h1.service.inspectNetwork({ name })).rejects.toMatchObject({ code: 'NETWORK_NOT_FOUND' });
  await expect(h1.service.removeNetwork({ name, force: false })).rejects.toMatchObject({
    code: 'NETWORK_NOT_FOUND',
  });
  await world.declare('red', '{');
  await world.clock.advance(5000);
  expect(await h1.service.inspectNetwork({ name })).toMatchObject({ phase: 'refused' });
  expect(await h1.service.removeNetwork({ name, force: false })).toEqual({ state: 'removed' });
  expect(await h1.service.listNetworks()).toEqual([]);
});

test('a broken declaration is refused with all its problems', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  await expect(h1.create('blue', '10.7.0.0/33', 'what')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringMatching(/subnets\[0\].*subnets\[1\]/),
  });
});
