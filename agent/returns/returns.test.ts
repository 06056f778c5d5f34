import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { DetachBody, EndpointJson } from '../../api/schemas/endpoint.ts';
import { networkScope, sandboxScope } from '../../linux/objects/scope.ts';
import type { Name } from '../../model/name.ts';
import type { NetworkId } from '../../model/network.ts';
import { attached, endpointKeys, told, startCluster, surely } from '../testing/cluster.ts';
import { World, type TestNode } from '../testing/world.ts';

/** Cuts a node off, with its machine silent, until the others have collected it. */
async function collect(world: World, node: TestNode): Promise<void> {
  node.store.goAway();
  node.machine = 'off';
  await world.clock.advance(surely);
}

async function comeBack(world: World, node: TestNode): Promise<void> {
  node.machine = 'up';
  node.store.comeBack();
  await world.clock.advance(10_000);
}

const shownBy = async (node: TestNode, { id }: EndpointJson): Promise<EndpointJson | undefined> =>
  (await node.service.listEndpoints({})).find((each) => each.id === id);

/** What the port of an endpoint looks like in its node's kernel. */
async function port(node: TestNode, { networkId, sandbox }: EndpointJson) {
  const scope = networkScope(networkId as NetworkId);
  const { objects } = await node.kernel.observe(scope, [sandboxScope(sandbox.path)]);
  return [...objects].find((o) => o.kind === 'veth' && o.peer.scope === sandboxScope(sandbox.path));
}

describe('a node that was cut off', () => {
  test('and not collected comes back into the same state, without a write to any kernel', async () => {
    await using world = new World();
    const nodes = await startCluster(world, 3);
    const [h1, , h3] = nodes;
    await attached(world, h3, 'theirs');
    await attached(world, h1, 'own');
    await world.clock.advance(1000);
    const keys = await endpointKeys(world);
    const before = nodes.map((node) => node.kernel.writes);
    h3.store.goAway();
    await world.clock.advance(40_000);
    expect((await h1.service.listNodes()).filter((n) => !n.alive).length).toBe(1);
    await comeBack(world, h3);
    expect(await endpointKeys(world)).toEqual(keys);
    expect(nodes.map((node) => node.kernel.writes)).toEqual(before);
    expect((await h1.service.listNodes()).every((n) => n.alive)).toBe(true);
  });

  test('and was collected puts its endpoints back as they were, without a write to its kernel', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const one = await attached(world, h3, 'one');
    const two = await attached(world, h3, 'two', { addresses: ['10.7.0.9'] });
    await attached(world, h1, 'own');
    await world.clock.advance(1000);
    const keys = await endpointKeys(world);
    const nodes = await world.keys('nod');
    const writes = h3.kernel.writes;
    await collect(world, h3);
    expect((await endpointKeys(world)).length).toBe(5);
    await comeBack(world, h3);
    expect(await endpointKeys(world)).toEqual(keys);
    expect(await world.keys('nod')).toEqual(nodes);
    expect(await world.keys('fences/')).toEqual([]);
    expect(h3.kernel.writes).toBe(writes);
    for (const before of [one, two]) {
      expect(await shownBy(h3, before)).toEqual(before);
      expect(await shownBy(h1, before)).toMatchObject({ addresses: before.addresses, programmed: true });
    }
    expect((await h3.service.status()).problems).toEqual([]);
    expect(told('endpoint-put-back', h3).length).toBe(2);
  });
});

test('a node that dies and is collected puts its endpoints back in its next life, without a write to its kernel', async () => {
  await using world = new World();
  const [h1, , h3] = await startCluster(world, 3);
  const one = await attached(world, h3, 'one');
  await attached(world, h1, 'own');
  await world.clock.advance(5000);
  const keys = await endpointKeys(world);
  const { writes } = h3.kernel;
  await h3.die();
  await world.clock.advance(surely);
  expect((await endpointKeys(world)).length).toBe(5);
  h3.machine = 'up';
  await h3.start();
  await world.clock.advance(5000);
  expect(await endpointKeys(world)).toEqual(keys);
  expect(await shownBy(h3, one)).toEqual(one);
  expect(h3.kernel.writes).toBe(writes);
});

describe('what was lost and cannot be put back as it was', () => {
  test('gives way to who holds an address of it by now; both sides say so, until it is detached', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const loser = await attached(world, h3, 'web', { addresses: ['10.7.0.5'] });
    await attached(world, h1, 'own');
    await collect(world, h3);
    const winner = await attached(world, h1, 'db', { addresses: ['10.7.0.5'] });
    await comeBack(world, h3);

    const { name } = h1.agent.ports.settings.config;
    const holder = `endpoint db on node ${name} (address 10.7.0.5, MAC ${loser.mac})`;
    const shown = await shownBy(h3, loser);
    expect(shown).toMatchObject({ state: 'conflict', conflictWith: holder });
    expect(await port(h3, loser)).toMatchObject({ up: false });
    expect((await h3.service.status()).problems).toMatchObject([
      { what: 'endpoint web of network blue', why: `is in conflict with ${holder}; its port is down` },
    ]);
    const loserText = `endpoint web on node ${h3.agent.ports.settings.config.name}`;
    expect((await shownBy(h1, winner))?.contestedBy).toEqual([loserText]);
    expect((await h1.service.status()).warnings).toMatchObject([
      { what: 'endpoint db of network blue', why: expect.stringContaining(loserText) },
    ]);
    // Nobody programs it, and it holds nothing: not even the name that nobody else has.
    const scope = networkScope(winner.networkId as NetworkId);
    const macs = [...(await h1.kernel.observe(scope, [])).objects].flatMap((o) =>
      o.kind === 'fdb' ? [o.mac] : [],
    );
    expect(macs).not.toContain(loser.mac);
    expect(await world.keys(`net/${loser.networkId}/claim/name/`)).toHaveLength(2);
    await attached(world, h1, 'web');

    await expect(world.settled(h3.attachAgain('blue', loser.sandbox.path))).rejects.toMatchObject({
      code: 'ENDPOINT_CONFLICT',
      message: expect.stringContaining(holder),
    });
    expect(await world.settled(h3.detach({ network: 'blue', sandbox: loser.sandbox.path }))).toBe(true);
    expect(await port(h3, loser)).toBeUndefined();
    expect((await shownBy(h1, winner))?.contestedBy).toBeUndefined();
    expect((await h3.service.status()).problems).toEqual([]);
    const claim = `net/${winner.networkId}/claim/address/10.7.0.5`;
    expect(await world.keys(claim)).toEqual([claim]);
    const fresh = await world.settled(h3.attachAgain('blue', loser.sandbox.path));
    expect(fresh.state).toBe('active');
  });

  test.each([
    ['was removed', false],
    ['was removed and made anew under its name', true],
  ])('is detached when its network %s', async (_, anew) => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const lost = await attached(world, h3, 'one');
    await collect(world, h3);
    await world.settled(h1.service.removeNetwork({ name: 'blue' as Name, force: true }));
    if (anew) await world.settled(h1.create('blue', '10.7.0.0/24'));
    await comeBack(world, h3);
    expect(await port(h3, lost)).toBeUndefined();
    expect(await endpointKeys(world)).toEqual([]);
    expect(told('endpoint-ended', h3)).toMatchObject([{ why: 'its network is gone' }]);
    expect(await h3.kernel.namespaces()).toEqual([]);
  });

  test('is detached when its network is being removed by force', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    const lost = await attached(world, h3, 'one');
    await attached(world, h2, 'held');
    await collect(world, h3);
    h2.store.goAway();
    await world.settled(h1.service.removeNetwork({ name: 'blue' as Name, force: true }));
    await comeBack(world, h3);
    expect(await port(h3, lost)).toBeUndefined();
    expect(told('endpoint-ended', h3)).toMatchObject([{ why: 'its network blue is being removed by force' }]);
    h2.store.comeBack();
  });

  test('is detached when its sandbox ended meanwhile', async () => {
    await using world = new World();
    const [, , h3] = await startCluster(world, 3);
    const lost = await attached(world, h3, 'one');
    await collect(world, h3);
    h3.kernel.killSandbox(sandboxScope(lost.sandbox.path));
    await comeBack(world, h3);
    expect(await endpointKeys(world)).toEqual([]);
    expect(await h3.kernel.namespaces()).toEqual([]);
  });

  test.each<[string, (lost: EndpointJson) => DetachBody]>([
    ['sandbox', ({ sandbox }) => ({ network: 'blue', sandbox: sandbox.path })],
    ['name', () => ({ network: 'blue', endpoint: 'one' })],
    ['id', ({ id }) => ({ network: 'blue', endpoint: id })],
  ])('is detached by whoever detaches it meanwhile by its %s', async (_, wish) => {
    await using world = new World();
    const [, , h3] = await startCluster(world, 3);
    const lost = await attached(world, h3, 'one');
    await collect(world, h3);
    h3.machine = 'up';
    h3.store.comeBack();
    await world.until('the loss to be seen', () => h3.agent.returner.missing().length > 0);
    expect(await world.settled(h3.detach(wish(lost)))).toBe(true);
    await world.clock.advance(10_000);
    expect(await port(h3, lost)).toBeUndefined();
    expect(await endpointKeys(world)).toEqual([]);
    expect(h3.agent.returner.missing()).toEqual([]);
  });

  test('is the same endpoint for an attach that is repeated just then', async () => {
    await using world = new World();
    const [, , h3] = await startCluster(world, 3);
    const lost = await attached(world, h3, 'one');
    await attached(world, h3, 'two');
    const mine = await endpointKeys(world);
    // Its own address is not the next one to be chosen.
    await world.store.txn(
      [],
      mine.map((key) => ({ kind: 'delete', key })),
    );
    const again = h3.attachAgain('blue', lost.sandbox.path, { name: 'one' });
    expect(await world.settled(again)).toEqual(lost);
    await world.clock.advance(5000);
    expect(await endpointKeys(world)).toEqual(mine);
  });

  test('is kept while a record that cannot be read may be that of its network', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const lost = await attached(world, h3, 'one');
    await collect(world, h3);
    await world.settled(h1.service.removeNetwork({ name: 'blue' as Name, force: true }));
    await world.store.txn([], [{ kind: 'put', key: 'network-state/odd', value: Uint8Array.of(1) }]);
    await comeBack(world, h3);
    expect(await port(h3, lost)).toMatchObject({ up: true });
    expect((await h3.service.status()).problems.map((p) => p.why)).toContainEqual(
      expect.stringContaining('a record of one cannot be read'),
    );
    await world.delete('network-state/odd');
    await world.clock.advance(5000);
    expect(await port(h3, lost)).toBeUndefined();
  });
});

test.each([
  ['alone', () => false],
  ['with some of its claims', (key: string) => key.includes('/claim/address/10.')],
  ['with all its claims', () => true],
])('an endpoint that a stranger deletes %s is put back, and no kernel notices', async (_, goesToo) => {
  await using world = new World();
  const [h1, , h3] = await startCluster(world, 3);
  const one = await attached(world, h3, 'one');
  await world.clock.advance(1000);
  const { writes } = h3.kernel;
  const keys = await endpointKeys(world);
  const doomed = keys.filter((key) => key.includes('/endpoint/') || goesToo(key));
  await world.store.txn(
    [],
    doomed.map((key) => ({ kind: 'delete', key })),
  );
  await world.clock.advance(3000);
  expect(await shownBy(h3, one)).toEqual(one);
  expect(await endpointKeys(world)).toEqual(keys);
  expect(h3.kernel.writes).toBe(writes);
  await attached(world, h1, 'own');
});

describe('an endpoint of a node that was forgotten', () => {
  test('comes back although its attach was the last that the node knew of the store', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    await attached(world, h1, 'own');
    await world.clock.advance(10_000);
    await attached(world, h3, 'late');
    h3.store.goAway();
    const { id } = h3.agent;
    await h3.stop();
    await world.clock.advance(40_000);
    await world.settled(h1.service.forgetNode({ node: id }));
    expect((await endpointKeys(world)).filter((key) => key.endsWith('late'))).toEqual([]);
    h3.store.comeBack();
    await world.settled(h3.start());
    await world.clock.advance(10_000);
    expect((await endpointKeys(world)).filter((key) => key.endsWith('late'))).toHaveLength(1);
  });

  test('comes back although the first life after that ended before it could say so', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    await attached(world, h1, 'own');
    await attached(world, h3, 'late');
    await world.clock.advance(10_000);
    const { id } = h3.agent;
    const { stateDir } = h3.agent.ports.settings.config;
    await h3.stop();
    await world.clock.advance(40_000);
    await world.settled(h1.service.forgetNode({ node: id }));
    // The journal of operations does not go back that far.
    rmSync(join(stateDir, 'intents.jsonl'));
    h3.begin().catch(() => undefined);
    await world.until('it to see what is gone', () => h3.agent.returner.missing().length > 0);
    await h3.stop();
    await world.settled(h3.start());
    await world.clock.advance(10_000);
    expect((await endpointKeys(world)).filter((key) => key.endsWith('late'))).toHaveLength(1);
  });
});
