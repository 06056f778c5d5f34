import { describe, expect, test } from '@jest/globals';
import { decodeCluster, encodeCluster } from '../../kvstore/records/cluster-json.ts';
import { decodeNode } from '../../kvstore/records/node.ts';
import { encodeText } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import { World, type TestNode } from '../testing/world.ts';
import { newCluster } from './cluster-facts.ts';

const failure = (node: TestNode): Promise<unknown> =>
  node.start().then(
    () => undefined,
    (error: unknown) => error,
  );

async function record(world: World, node: TestNode) {
  const key = `nodes/${node.agent.id}`;
  return decodeNode(key, (await world.store.get(key))!.value);
}

describe('the facts of a cluster', () => {
  test('are founded at once with --init, and followed by everybody else', async () => {
    await using world = new World();
    const h1 = await world.ready(1, { '--port': '4790' });
    const h2 = await world.ready(2);
    expect(h1.agent.cluster).toMatchObject({ port: 4790, underlay: 4 });
    expect(h2.agent.cluster).toEqual(h1.agent.cluster);
  });

  test('are founded by a node without --init after thirty seconds', async () => {
    await using world = new World();
    const h2 = world.node(2);
    void h2.begin();
    await world.clock.advance(29_000);
    expect(await world.keys('cluster')).toEqual([]);
    await world.clock.advance(2000);
    await world.until('it to be ready', () => h2.agent.phase === 'ready');
    expect(await world.keys('cluster')).toEqual(['cluster']);
  });

  test('are not believed while the store is being filled', async () => {
    await using world = new World();
    const put = (key: string, value: Uint8Array) => world.store.txn([], [{ kind: 'put', key, value }]);
    await put('restoring', encodeText('file /a.db'));
    await put('cluster', encodeCluster(newCluster('c1', { underlay: 4, port: 4789 }, '0.1.0')));
    const h1 = world.node(1);
    void h1.begin();
    await world.clock.advance(60_000);
    expect([h1.agent.phase, await world.keys('')]).toEqual(['joining', ['cluster', 'restoring']]);
    await world.store.txn([], [{ kind: 'delete', key: 'restoring' }]);
    await world.until('it to be ready', () => h1.agent.phase === 'ready');
    expect(h1.agent.cluster).toMatchObject({ id: 'c1' });
  });

  test('are not founded while the store is being filled', async () => {
    await using world = new World();
    await world.store.txn([], [{ kind: 'put', key: 'restoring', value: encodeText('file /a.db') }]);
    void world.node(1).begin();
    await world.clock.advance(60_000);
    expect(await world.keys('')).toEqual(['restoring']);
  });

  test.each([
    [{ '--port': '4790' }, 'port is 4790 here and 4789 in the cluster'],
    [{ '--underlay': '6' }, 'underlay is 6 here and 4 in the cluster'],
  ])('that differ from %j end the agent, naming both', async (flags, part) => {
    await using world = new World();
    await world.ready(1);
    expect(await failure(world.node(2, flags))).toMatchObject({
      code: 'CLUSTER_MISMATCH',
      message: expect.stringContaining(part),
    });
    expect(await world.keys('nodes/')).toHaveLength(1);
  });

  test('include a port that no other agent may have here: nothing is written before it is ours', async () => {
    await using world = new World();
    const asked: number[] = [];
    const holdPort = async (port: number): Promise<void> => {
      asked.push(port);
      throw new WeftError('NODE_CONFLICT', 'another weftd has it');
    };
    const founder = Object.assign(world.node(1, { '--port': '4790' }), { holdPort });
    expect(await failure(founder)).toMatchObject({ code: 'NODE_CONFLICT' });
    expect(await world.keys('')).toEqual([]);
    await world.ready(2, { '--init': 'true', '--port': '4791' });
    const late = Object.assign(world.node(3), { holdPort });
    expect(await failure(late)).toMatchObject({ code: 'NODE_CONFLICT' });
    expect(asked).toEqual([4790, 4791]);
    expect([late.kernel.writes, await world.keys('nodes/')]).toEqual([0, [expect.anything()]]);
  });

  test.each([
    ['0.2.0', false],
    ['0.1.1', false],
    ['1.0', false],
    ['0.1.0', true],
    ['0.0.9', true],
    ['', true],
  ])('ask for at least version %p: 0.1.0 may join: %p', async (minimumVersion, mayJoin) => {
    await using world = new World();
    const cluster = { ...newCluster('c1', { underlay: 4, port: 4789 }, '0.1.0'), minimumVersion };
    await world.store.txn([], [{ kind: 'put', key: 'cluster', value: encodeCluster(cluster) }]);
    const error = await failure(world.node(1));
    if (mayJoin) expect(error).toBeUndefined();
    else
      expect(error).toMatchObject({
        code: 'CLUSTER_MISMATCH',
        message: expect.stringContaining(minimumVersion),
      });
  });

  test('of two founders at once only one counts', async () => {
    await using world = new World();
    const nodes = [world.node(1), world.node(2, { '--init': 'true' })];
    for (const node of nodes) void node.begin();
    await world.until('both to be ready', () => nodes.every((n) => n.agent.phase === 'ready'));
    const { id } = decodeCluster('cluster', (await world.store.get('cluster'))!.value);
    expect(nodes.map((n) => n.agent.cluster?.id)).toEqual([id, id]);
  });
});

describe('a node that joins', () => {
  test('says what it is, claims name and addresses, and is alive under a lease', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    expect(await record(world, h1)).toMatchObject({
      name: 'h1',
      vteps: ['192.0.2.1', '2001:db8::1'],
      mtu: 1500,
      serial: 1,
    });
    expect(await world.keys('node-claims/')).toEqual([
      'node-claims/name/h1',
      'node-claims/vtep/192.0.2.1',
      'node-claims/vtep/2001:db8::1',
    ]);
    await h1.stop();
    await world.clock.advance(1000);
    expect(await world.keys('alive/')).toHaveLength(1);
    await world.clock.advance(30_000);
    expect(await world.keys('alive/')).toEqual([]);
    expect(await world.keys('nodes/')).toHaveLength(1);
  });

  test('again writes its record only when it says something else, with the next serial', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    const before = (await world.store.get(`nodes/${h1.agent.id}`))!.revision;
    await h1.restart();
    expect((await world.store.get(`nodes/${h1.agent.id}`))!.revision).toBe(before);
    h1.kernel.under = { ...h1.kernel.under, mtu: 9000 };
    await h1.restart();
    expect(await record(world, h1)).toMatchObject({ mtu: 9000, serial: 2 });
  });

  test('lifts a fence that was put on it', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.stop();
    const [alive] = await world.keys('alive/');
    const fence = alive!.replace('alive', 'fences');
    await world.store.txn([], [{ kind: 'put', key: fence, value: Uint8Array.of(1) }]);
    await h1.start();
    expect(await world.keys('fences/')).toEqual([]);
  });

  test.each([
    ['name', { '--name': 'h1' }, ['name h1', 'h1 (', '--name']],
    ['address', {}, ['vtep 192.0.2.1', 'h1 (', '--advertise']],
  ])('with the %s of a living one is told whose it is', async (what, flags, parts) => {
    await using world = new World();
    await world.ready(1);
    const h2 = world.node(2, flags);
    if (what === 'address') h2.kernel.under = { ...h2.kernel.under, addresses: ['192.0.2.1'] as never };
    const error = await failure(h2);
    expect(error).toMatchObject({ code: 'NODE_CONFLICT' });
    for (const part of parts) expect((error as Error).message).toContain(part);
  });

  test('takes name and address of a dead one over', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.stop();
    await world.clock.advance(60_000);
    const heir = world.node(2, { '--name': 'h1' });
    heir.kernel.under = h1.kernel.under;
    await heir.start();
    const holders = (await world.store.list('node-claims/')).entries.map((e) => String(Buffer.from(e.value)));
    expect(holders).toEqual(Array.from({ length: 3 }, () => heir.agent.id));
  });

  test.each([
    ['another name', { '--name': 'copy' }],
    ['the same name', {}],
  ])('as a clone of a living one, under %s, is told so, and the living one goes on', async (_, flags) => {
    await using world = new World();
    const h1 = await world.ready(1);
    const copy = world.node(2, { ...flags, '--state-dir': world.directory(1) });
    const error = await failure(copy);
    expect(error).toMatchObject({ code: 'NODE_CONFLICT', message: expect.stringContaining('node id') });
    await world.clock.advance(30_000);
    expect((await h1.service.readiness()).ready).toBe(true);
  });

  test('whose keys somebody deletes writes them again, and its peers find it', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    const { id } = h1.agent;
    const claims = (await world.keys('node-claims/')).length;
    for (const key of [...(await world.keys('nodes/')), ...(await world.keys('node-claims/'))])
      await world.delete(key);
    await world.until('both to be there', () => h2.agent.view.nodeList().length === 2);
    await world.delete(`alive/${id}`);
    await world.until('h1 to be down', () => !h2.agent.view.isAlive(id));
    await world.until('h1 to be alive', () => h2.agent.view.isAlive(id));
    expect((await world.keys('node-claims/')).length).toBe(claims);
    expect((await world.keys('nodes/')).length).toBe(2);
  });

  test('that loses its lease joins again, and others see it come and go', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    const seen = (): boolean => h2.agent.view.isAlive(h1.agent.id);
    world.store.expireLeases();
    await world.until('h1 to be gone', () => !seen());
    await world.until('h1 to be back', () => seen());
    expect(h1.log.map((l) => l.message)).toEqual(
      expect.arrayContaining(['lease of this node is lost; joining again', 'this node has joined again']),
    );
  });

  test('joins again as soon as its store is back, however long that was away', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    h1.store.goAway();
    await world.clock.advance(600_000);
    expect(h1.agent.membership.state.kind).toBe('joining');
    h1.store.comeBack();
    await world.clock.advance(10);
    expect(h1.agent.membership.state).toEqual({ kind: 'joined' });
  });
});
