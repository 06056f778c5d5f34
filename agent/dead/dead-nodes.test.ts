import { describe, expect, test } from '@jest/globals';
import { networkScope } from '../../linux/objects/scope.ts';
import type { Name } from '../../model/name.ts';
import type { NetworkId } from '../../model/network.ts';
import { attached, endpointKeys, grace, told, startCluster, surely } from '../testing/cluster.ts';
import { World, type TestNode } from '../testing/world.ts';

const seenBy = async (node: TestNode, id: string) =>
  (await node.service.listNodes()).find((each) => each.id === id);
const why = async (node: TestNode, id: string) => (await seenBy(node, id))?.why;

describe('a node that is gone', () => {
  test('is down within its lease, which changes nothing; after the grace one collects it, once', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    for (const name of ['a', 'b', 'c']) await attached(world, h3, name);
    await attached(world, h1, 'own');
    const { id } = h3.agent;
    const name = h3.agent.ports.settings.config.name;
    const before = await endpointKeys(world);
    expect(before.length).toBe(4 * 5);
    await h3.die();
    await world.clock.advance(20_000);
    expect(await seenBy(h1, id)).toMatchObject({ alive: false, state: 'down' });
    await world.clock.advance(grace - 10_000);
    expect(await endpointKeys(world)).toEqual(before);
    await world.clock.advance(20_000);
    expect((await endpointKeys(world)).length).toBe(5);
    expect(await seenBy(h2, id)).toBeUndefined();
    expect((await world.keys('node-claims/')).length).toBe(2 * 3);
    expect(told('node-collected', h1)).toMatchObject([{ node: id, name, endpoints: 3 }]);
    expect(told('node-collected', h2)).toEqual([]);

    // Its addresses and names are free again, at once and for anybody.
    const again = await attached(world, h2, 'a', { addresses: ['10.7.0.77'] });
    expect(again.name).toBe('a');
  });

  test('leaves the peers without a way to its endpoints', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    const theirs = await attached(world, h3, 'theirs');
    const own = await attached(world, h1, 'own');
    const scope = networkScope(own.networkId as NetworkId);
    const macs = async () =>
      [...(await h1.kernel.observe(scope, [])).objects].flatMap((o) => (o.kind === 'fdb' ? [o.mac] : []));
    expect(await macs()).toEqual([theirs.mac]);
    await h3.die();
    await world.clock.advance(surely);
    expect(await macs()).toEqual([]);
  });

  test('no longer keeps a forced removal of its network waiting', async () => {
    await using world = new World();
    const [h1, , h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    await h3.die();
    await world.clock.advance(20_000);
    const removal = await world.settled(h1.service.removeNetwork({ name: 'blue' as Name, force: true }));
    expect(removal).toMatchObject({ state: 'removing', waitsFor: [{ alive: false, endpoints: 1 }] });
    await world.clock.advance(surely);
    expect(await world.keys('network-state/')).toEqual([]);
    expect(await endpointKeys(world)).toEqual([]);
  });

  test('leaves a fence for another grace, so that nothing late of it gets in; then nothing', async () => {
    await using world = new World();
    const [, , h3] = await startCluster(world, 3);
    const { id } = h3.agent;
    await h3.die();
    await world.clock.advance(surely);
    expect(await world.keys('fences/')).toEqual([`fences/${id}`]);
    expect(await world.keys(`nodes/${id}`)).toEqual([]);
    await world.clock.advance(surely);
    expect(await world.keys('fences/')).toEqual([]);
  });

  test('is not collected when it was back for a moment: the grace begins anew', async () => {
    await using world = new World();
    const [, , h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    await h3.stop();
    await world.clock.advance(grace);
    await h3.start();
    await h3.die();
    await world.clock.advance(grace);
    expect((await endpointKeys(world)).length).toBe(5);
    await world.clock.advance(surely);
    expect(await endpointKeys(world)).toEqual([]);
  });
});

describe('a collector', () => {
  test('that dies half-way is followed by the next, and everything is done once', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h2, 'own');
    const names = Array.from({ length: 12 }, (_, i) => `e${i}`);
    for (const name of names) await attached(world, h3, name);
    const { networkId } = (await h2.service.listEndpoints({}))[0]!;
    const left = () =>
      [...h2.agent.view.endpoints(networkId as NetworkId)!.records.values()].filter(
        (r) => r.value.node === h3Id,
      ).length;
    const h3Id = h3.agent.id;
    await h3.die();
    // The fence and six endpoints, and then the collector is cut off.
    const { store } = h1;
    const write = store.txn.bind(store);
    let writes = 0;
    store.txn = async (...args) => {
      writes += 1;
      if (writes > 7) store.goAway();
      return write(...args);
    };
    await world.clock.advance(grace);
    await world.until('half of them to be gone', () => left() === 6);
    await h1.die();
    await world.clock.advance(5000);
    // The dead one counts as alive until its lease is over; nobody interferes.
    expect(left()).toBe(6);
    await world.clock.advance(30_000);
    expect((await endpointKeys(world)).length).toBe(5);
    expect(told('node-collected', h1)).toEqual([]);
    expect(told('node-collected', h2)).toMatchObject([{ node: h3Id, endpoints: 6 }]);
  });

  test('that was only restarted goes on with its own fence', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    for (let i = 0; i < 8; i += 1) await attached(world, h3, `e${i}`);
    await h3.die();
    await world.clock.advance(grace);
    await world.until('the fence', () => h2.agent.view.fences.records.size > 0);
    await h1.restart();
    await world.clock.advance(5000);
    expect(await endpointKeys(world)).toEqual([]);
    expect(told('node-collected', h2)).toEqual([]);
  });

  test('of a higher rank steps in when the first does not act', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    await h3.die();
    await world.clock.advance(grace);
    // The first hears of nothing, and its lease is kept all the same.
    await h1.agent.collector.close();
    await world.clock.advance(surely - grace);
    expect(told('node-collected', h2).length).toBe(1);
  });

  test('collects nothing while fewer than half of the nodes are alive, and says so', async () => {
    await using world = new World();
    const [h1, h2, h3, h4, h5] = await startCluster(world, 5);
    await attached(world, h3, 'theirs');
    const lost = [h3, h4!, h5!];
    const ids = lost.map((node) => node.agent.id);
    for (const node of lost) await node.die();
    await world.clock.advance(2 * surely);
    expect((await endpointKeys(world)).length).toBe(5);
    expect(await why(h2, ids[0]!)).toBe('only 2 of 5 nodes are alive, and fewer than half decide nothing');
    expect((await h1.service.status()).warnings.map((w) => w.why)).toContainEqual(
      expect.stringContaining('only 2 of 5 nodes are alive'),
    );
    // One of them is back: half is enough.
    h5!.machine = 'up';
    await h5!.start();
    await world.clock.advance(surely);
    expect(await endpointKeys(world)).toEqual([]);
  });

  test('collects nothing while its view is not in sync; what it saw before counts no more', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    await h3.die();
    await world.clock.advance(grace - 5000);
    for (const node of [h1, h2]) node.store.goAway();
    await world.clock.advance(60_000);
    for (const node of [h1, h2]) node.store.comeBack();
    await world.clock.advance(grace - 10_000);
    expect((await endpointKeys(world)).length).toBe(5);
    await world.clock.advance(surely);
    expect(await endpointKeys(world)).toEqual([]);
  });

  test('that was cut off itself collects nothing', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h1, 'own');
    h1.store.goAway();
    await world.clock.advance(grace);
    // It has missed nothing but the others' signs of life.
    expect(h1.agent.collector.standing(h2.agent.id)).toEqual({ state: 'down' });
    expect(told('node-collected', h1, h2, h3)).toEqual([]);
    h1.store.comeBack();
  });
});

describe('a machine whose agent alone is gone', () => {
  test('is unmanaged: kept and shown, until an operator decides', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    const { id } = h3.agent;
    const [vtep] = h3.kernel.under.addresses;
    await h3.stop();
    await world.clock.advance(2 * surely);
    expect((await endpointKeys(world)).length).toBe(5);
    for (const node of [h1, h2]) {
      expect(await seenBy(node, id)).toMatchObject({ state: 'unmanaged' });
      expect(await why(node, id)).toMatch(
        new RegExp(`VTEP ${vtep} answers and does not refuse UDP port 4789`),
      );
      const { warnings } = await node.service.status();
      expect(warnings).toMatchObject([{ hint: expect.stringContaining('weft node forget') }]);
    }
    const forgotten = await world.settled(h2.service.forgetNode({ node: id }));
    expect(forgotten).toMatchObject({ id, endpoints: 1 });
    expect(await endpointKeys(world)).toEqual([]);
  });

  test('is collected when it answers, but no tunnel ends there any more', async () => {
    await using world = new World();
    const [, , h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    await h3.stop();
    h3.machine = 'bare';
    await world.clock.advance(surely);
    expect(await endpointKeys(world)).toEqual([]);
  });

  test('is collected as soon as it stops to answer', async () => {
    await using world = new World();
    const [, , h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    await h3.stop();
    await world.clock.advance(surely);
    h3.machine = 'off';
    await world.clock.advance(surely);
    expect(await endpointKeys(world)).toEqual([]);
  });

  test('does not count as answering when a live node has its address by now', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    const { under } = h3.kernel;
    await h3.die();
    await world.clock.advance(30_000);
    h2.kernel.under = under;
    await world.clock.advance(surely);
    expect(world.probed).not.toContain(under.addresses[0]);
    expect(await endpointKeys(world)).toEqual([]);
    expect(told('node-collected', h1).length).toBe(1);
    // The claim on the address is the heir's.
    expect((await world.keys(`node-claims/vtep/${under.addresses[0]}`)).length).toBe(1);
  });

  test('is kept when nobody else answers either: it may be us who are cut off', async () => {
    await using world = new World();
    const [h1, h2, h3] = await startCluster(world, 3);
    await attached(world, h3, 'theirs');
    const { id } = h3.agent;
    for (const node of [h1, h2]) node.machine = 'off';
    await h3.die();
    await world.clock.advance(surely);
    expect(await seenBy(h1, id)).toMatchObject({
      state: 'down',
      why: expect.stringContaining('this node may be cut off from the underlay'),
    });
    expect((await endpointKeys(world)).length).toBe(5);
  });
});

test('nothing can be attached to a node that is fenced, be the request ever so late', async () => {
  await using world = new World();
  const [h1, , h3] = await startCluster(world, 3);
  const { id } = h3.agent;
  // Its lease is over, and it has not noticed: the store answers it.
  h3.machine = 'off';
  await world.delete(`alive/${id}`);
  await world.settled(h1.service.forgetNode({ node: id }));
  const late = world.settled(h3.attach('blue', 'late'));
  await expect(late).rejects.toMatchObject({
    code: 'NOT_READY',
    message: expect.stringContaining('given up'),
  });
  expect(await endpointKeys(world)).toEqual([]);
});
