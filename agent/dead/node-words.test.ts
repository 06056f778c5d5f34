import { describe, expect, test } from '@jest/globals';
import { encodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { endpoint } from '../../kvstore/records/testing/values.ts';
import type { Name } from '../../model/name.ts';
import { attached, endpointKeys, told, startCluster, surely } from '../testing/cluster.ts';
import { World } from '../testing/world.ts';

describe('weft node forget', () => {
  test('gives up a node that is down at once, and said again finds nothing left', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h3, 'one');
    await attached(world, h3, 'two');
    const { id } = h3.agent;
    const { name } = h3.agent.ports.settings.config;
    await h3.die();
    await world.clock.advance(20_000);
    const forget = () => world.settled(h2.service.forgetNode({ node: name }));
    expect(await forget()).toEqual({ id, name, endpoints: 2 });
    expect(await endpointKeys(world)).toEqual([]);
    expect(await forget()).toEqual({ id, name, endpoints: 0 });
    const left = (await h1.service.listNodes()).map((n) => n.id);
    expect(left.toSorted()).toEqual([h1.agent.id, h2.agent.id]);
    expect(told('node-forgotten', h1, h2).length).toBe(1);
  });

  test('needs no majority', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h3, 'one');
    const { id } = h3.agent;
    for (const node of [h2, h3]) await node.die();
    await world.clock.advance(20_000);
    expect(await world.settled(h1.service.forgetNode({ node: id }))).toMatchObject({ endpoints: 1 });
    await world.clock.advance(2 * surely);
    expect(told('node-forgotten', h1).length).toBe(1);
  });

  test('is refused for a live node, with what to do instead', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    await attached(world, h3, 'one');
    const { name } = h3.agent.ports.settings.config;
    const forget = (node: string) => world.settled(h1.service.forgetNode({ node }));
    await expect(forget(name)).rejects.toMatchObject({
      code: 'NODE_STATE',
      message: expect.stringContaining(`it is alive. Stop weftd there`),
    });
    await expect(forget('nobody')).rejects.toMatchObject({ code: 'NODE_NOT_FOUND' });
    expect((await endpointKeys(world)).length).toBe(5);
    expect(await world.keys('fences/')).toEqual([]);
  });

  test('of two nodes with one name means the one that is down', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const { id } = h3.agent;
    const { name } = h3.agent.ports.settings.config;
    await h3.die();
    await world.clock.advance(20_000);
    const heir = await world.ready(9, { '--name': name });
    expect((await h1.service.listNodes()).filter((n) => n.name === name).length).toBe(2);
    expect(await world.settled(h1.service.forgetNode({ node: name }))).toMatchObject({ id });
    const claim = await world.store.get(`node-claims/name/${name}`);
    expect(Buffer.from(claim!.value).toString()).toBe(heir.agent.id);
  });

  test('waits for a store that is out of reach', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    h1.store.goAway();
    await world.clock.advance(1000);
    await expect(h1.service.forgetNode({ node: h3.agent.id })).rejects.toMatchObject({ code: 'NOT_READY' });
  });
});

describe('weft node drain', () => {
  const drain = { confirm: undefined, timeout: 10_000 };

  test('has a live node detach everything, and lets nothing new in until that is done', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const { id } = h3.agent;
    const { name } = h3.agent.ports.settings.config;
    for (const each of ['a', 'b', 'c']) await attached(world, h3, each);
    await attached(world, h1, 'own');
    const draining = h1.service.drainNode({ ...drain, node: name, confirm: `drain ${name}` });
    expect(await world.settled(draining)).toEqual({ id, name, state: 'drained', endpoints: 0 });
    expect((await endpointKeys(world)).length).toBe(5);
    expect(await h3.kernel.namespaces()).toEqual([]);
    expect(await world.keys('fences/')).toEqual([]);
    // Alive as ever.
    await attached(world, h3, 'd');
  });

  test('says how far it has come when the node is slow, and refuses attaches there', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const { id } = h3.agent;
    await attached(world, h3, 'a');
    const real = h3.store.txn.bind(h3.store);
    let isSlow = true;
    h3.store.txn = async (...args) => {
      if (isSlow && args[1].some((op) => op.kind === 'delete' && op.key.includes('/endpoint/')))
        return { ok: false, current: new Map() };
      return real(...args);
    };
    const { name } = h3.agent.ports.settings.config;
    const words = { ...drain, node: id, confirm: `drain ${name}` };
    const draining = h1.service.drainNode({ ...words, timeout: 1000 });
    expect(await world.settled(draining)).toMatchObject({ state: 'draining', endpoints: 1 });
    expect((await h1.service.listNodes()).find((n) => n.id === id)).toMatchObject({ state: 'draining' });
    await expect(world.settled(h3.attach('blue', 'new'))).rejects.toMatchObject({
      code: 'NODE_STATE',
      message: expect.stringContaining('is being drained'),
    });
    isSlow = false;
    // A restart in between lifts nothing.
    await h3.restart();
    h3.store.txn = h3.store.txn.bind(h3.store);
    expect(await world.settled(h1.service.drainNode(words))).toMatchObject({ state: 'drained' });
    expect(await endpointKeys(world)).toEqual([]);
  });

  test('leaves nothing behind that the node did not have in view', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const { name } = h3.agent.ports.settings.config;
    await world.settled(h1.create('red', '10.8.0.0/24'));
    const red = h3.agent.view.network('red' as Name)!.value;
    if (!('id' in red)) throw new Error('red was refused');
    const unseen = { ...endpoint, network: red.id, node: h3.agent.id };
    const key = `net/${red.id}/endpoint/${unseen.id}`;
    await world.store.txn([], [{ kind: 'put', key, value: encodeEndpoint(unseen) }]);
    expect(h3.agent.view.endpoints(red.id)).toBeUndefined();
    const draining = h1.service.drainNode({ ...drain, node: name, confirm: `drain ${name}` });
    expect(await world.settled(draining)).toMatchObject({ state: 'drained' });
    expect((await endpointKeys(world)).filter((each) => each.includes('/endpoint/'))).toEqual([]);
  });

  test('is meant only with the words', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const { name } = h3.agent.ports.settings.config;
    await attached(world, h3, 'a');
    for (const confirm of [undefined, 'yes', 'drain', `drain ${h1.agent.ports.settings.config.name}`]) {
      await expect(
        world.settled(h1.service.drainNode({ ...drain, node: name, confirm })),
      ).rejects.toMatchObject({
        code: 'INPUT_INVALID',
        message: expect.stringContaining(`"drain ${name}"`),
      });
    }
    expect((await endpointKeys(world)).length).toBe(5);
  });

  test('is refused for a node that is down', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const { name } = h3.agent.ports.settings.config;
    await h3.die();
    await world.clock.advance(20_000);
    const draining = h1.service.drainNode({ ...drain, node: name, confirm: `drain ${name}` });
    await expect(world.settled(draining)).rejects.toMatchObject({
      code: 'NODE_STATE',
      message: expect.stringContaining('weft node forget'),
    });
  });

  test('of a node that dies over it ends in its collection', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const { name } = h3.agent.ports.settings.config;
    await attached(world, h3, 'a');
    h3.store.goAway();
    const words = { ...drain, node: name, confirm: `drain ${name}`, timeout: 500 };
    expect(await world.settled(h1.service.drainNode(words))).toMatchObject({ state: 'draining' });
    await h3.die();
    await world.clock.advance(surely);
    expect(await endpointKeys(world)).toEqual([]);
  });
});
