import { describe, expect, test } from '@jest/globals';
import type { AcceptedNetworkJson } from '../../api/schemas/network.ts';
import { decodeText } from '../../kvstore/store.ts';
import type { Name } from '../../model/name.ts';
import { World, type TestNode } from '../testing/world.ts';

const blue = 'blue' as Name;

const state = (node: TestNode) => node.agent.view.network(blue)?.value;

const shown = async (node: TestNode) => (await node.service.listNetworks()).find((n) => n.name === blue);

const logs = (node: TestNode, message: string): number =>
  node.log.filter((l) => l.message === message).length;

async function three(world: World): Promise<readonly [TestNode, TestNode, TestNode]> {
  return [await world.ready(1), await world.ready(2), await world.ready(3)];
}

describe('removal', () => {
  test('of a network that is accepted just then leaves no claim and no VNI behind', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    // What h1 looks at first is older than the acceptance, what it looks at next is not.
    const { store } = h1;
    const get = store.get.bind(store);
    store.get = async (key, options) => {
      if (key !== 'network-state/blue') return get(key, options);
      store.get = get;
      const before = await get(key, options);
      await h2.create('blue', '10.7.0.0/24');
      return before;
    };
    await world.settled(h1.service.removeNetwork({ name: blue, force: false }));
    expect([await world.keys('vnis/'), await world.keys('net/')]).toEqual([[], []]);
    expect([await world.keys('networks/'), await world.keys('network-state/')]).toEqual([[], []]);
  });

  test('is refused while endpoints are there, names them, and leaves the declaration', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    expect(await h1.create('blue', '10.7.0.0/24')).toMatchObject({ declared: true });
    await world.until('h2 to know it', () => state(h2) !== undefined);
    const { addresses } = await h2.attach('blue', 'c1', { name: 'web' });
    await expect(h1.service.removeNetwork({ name: blue, force: false })).rejects.toMatchObject({
      code: 'NETWORK_IN_USE',
      message: expect.stringContaining(`web (${addresses[0]!.replace('/24', '')}) on h2`),
    });
    expect(await world.keys('networks/')).toEqual(['networks/blue']);
    expect(await shown(h1)).toMatchObject({ phase: 'active' });
  });

  describe.each([false, true])('of a network in which an endpoint slips in (waits for all: %s)', (wait) => {
    const remove = (node: TestNode) => node.service.removeNetwork({ name: blue, force: false, wait });
    const inUse = {
      code: 'NETWORK_IN_USE',
      message: expect.stringMatching(/web \(10\.7\.0\.\d+\) on h\d/) as unknown,
    };
    const isActive = (node: TestNode): boolean => {
      const value = state(node);
      return value !== undefined && 'id' in value && value.phase.kind === 'active';
    };

    test('is refused, whoever makes the network active again: here a warden', async () => {
      await using world = new World();
      const [, h2, h3] = await three(world);
      await h2.create('blue', '10.7.0.0/24');
      await world.until('h3 to know it', () => state(h3) !== undefined);
      const { begun, goOn } = slipIn(h2, () => h3.attach('blue', 'c1', { name: 'web' }));
      const removed = remove(h2);
      const failed = expect(removed).rejects.toMatchObject(inUse);
      await world.settled(begun);
      await world.until('a warden to make it active', () => isActive(h2));
      goOn();
      await world.settled(failed);
      expect(await world.keys('networks/')).toEqual(['networks/blue']);
    });

    test('is refused, whoever makes the network active again: here the one who was asked', async () => {
      await using world = new World();
      const [first, second, third] = (await three(world)).toSorted((a, b) =>
        a.agent.id < b.agent.id ? -1 : 1,
      );
      await second!.create('blue', '10.7.0.0/24');
      await world.until('all to know it', () => [first, second, third].every((n) => state(n!) !== undefined));
      // Whose turn it is does nothing, and the others wait two seconds for it.
      first!.store.goAway();
      const { begun, goOn } = slipIn(second!, () => third!.attach('blue', 'c1', { name: 'web' }));
      const removed = remove(second!);
      const failed = expect(removed).rejects.toMatchObject(inUse);
      await world.settled(begun);
      const since = world.clock.monotonic();
      goOn();
      await world.settled(failed);
      expect(world.clock.monotonic() - since).toBeLessThan(1000);
      await world.until('it to be active', () => isActive(third!));
      expect(await world.keys('networks/')).toEqual(['networks/blue']);
      expect([second!, third!].map((n) => logs(n, 'removal is off: the network has endpoints'))).toEqual([
        0, 0,
      ]);
    });

    test('goes on when the endpoint has gone again', async () => {
      await using world = new World();
      const [, h2, h3] = await three(world);
      await h2.create('blue', '10.7.0.0/24');
      await world.until('h3 to know it', () => state(h3) !== undefined);
      const { begun, goOn } = slipIn(h2, () => h3.attach('blue', 'c1'));
      const removed = remove(h2);
      await world.settled(begun);
      await world.until('a warden to make it active', () => isActive(h2));
      await h3.detach({ network: 'blue', sandbox: '/run/netns/c1' });
      goOn();
      expect(await world.settled(removed)).toMatchObject({ state: 'removed' });
      for (const prefix of ['net/', 'network-state/', 'networks/', 'vnis/'])
        expect(await world.keys(prefix)).toEqual([]);
    });
  });

  test('that has begun lets no endpoint in', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    await h1.create('blue', '10.7.0.0/24');
    await world.until('h2 to know it', () => state(h2) !== undefined);
    const late = Promise.withResolvers<unknown>();
    const { begun, goOn } = slipIn(h1, async () => {
      h2.store.txn = async (conditions, ops, options) => {
        h2.store.txn = txn;
        await begun;
        return txn(conditions, ops, options);
      };
      h2.attach('blue', 'c1').catch(late.resolve);
    });
    const txn = h2.store.txn.bind(h2.store);
    const removed = h1.service.removeNetwork({ name: blue, force: false });
    await world.settled(begun);
    goOn();
    expect(await world.settled(removed)).toEqual({ state: 'removed' });
    const code = expect.stringMatching(/^NETWORK_(REMOVING|NOT_FOUND)$/) as unknown;
    expect(await world.settled(late.promise)).toMatchObject({ code });
    expect(await world.keys('net/')).toEqual([]);
  });

  test('leaves a later network of the name alone', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    await h1.create('blue', '10.7.0.0/24');
    await world.until('h2 to know it', () => state(h2) !== undefined);
    const { begun, goOn } = slipIn(h1, () => Promise.resolve());
    const removed = h1.service.removeNetwork({ name: blue, force: false });
    await world.settled(begun);
    await world.until('a warden to end it', () => state(h2) === undefined);
    const { id } = (await h2.create('blue', '10.9.0.0/24')) as AcceptedNetworkJson;
    goOn();
    expect(await world.settled(removed)).toEqual({ state: 'removed' });
    expect(state(h2)).toMatchObject({ id, phase: { kind: 'active' } });
    expect(await world.keys('networks/')).toEqual(['networks/blue']);
  });

  test('by force detaches everywhere and leaves nothing', async () => {
    await using world = new World();
    const nodes = await three(world);
    await nodes[0].create('blue', '10.7.0.0/24', 'fd00:7::/64');
    await world.until('everybody to know it', () => nodes.every((n) => state(n) !== undefined));
    for (const node of nodes) await node.attach('blue', 'c1');
    const removed = nodes[1].service.removeNetwork({ name: blue, force: true });
    expect(await world.settled(removed)).toEqual({ state: 'removed' });
    await world.until('the kernels to be empty', () =>
      nodes.every((n) => n.agent.reconciler.networks().size === 0),
    );
    for (const node of nodes) expect(await node.kernel.namespaces()).toEqual([]);
    for (const prefix of ['net/', 'network-state/', 'networks/', 'vnis/']) {
      expect(await world.keys(prefix)).toEqual([]);
    }
  });

  test('by force waits for a node that is away, and takes no attach meanwhile', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    await h1.create('blue', '10.7.0.0/24');
    await world.until('h2 to know it', () => state(h2) !== undefined);
    await h2.attach('blue', 'c1');
    await h2.attach('blue', 'c2');
    h2.store.goAway();
    const removed = h1.service.removeNetwork({ name: blue, force: true });
    const waiting = (alive: boolean) => [{ node: 'h2', alive, endpoints: 2 }];
    expect(await world.settled(removed)).toEqual({ state: 'removing', waitsFor: waiting(true) });
    await world.until('h2 to be down', () => !h1.agent.view.isAlive(h2.agent.id));
    expect(await shown(h1)).toMatchObject({ phase: 'removing', endpoints: null, waitsFor: waiting(false) });
    await expect(h1.attach('blue', 'c1')).rejects.toMatchObject({ code: 'NETWORK_REMOVING' });
    h2.store.comeBack();
    await world.until('it to go', () => state(h1) === undefined);
    expect(await world.keys('net/')).toEqual([]);
  });

  test('a wish written after it had begun is a new network', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    await h1.create('blue', '10.7.0.0/24');
    await world.until('h2 to know it', () => state(h2) !== undefined);
    await h2.attach('blue', 'c1');
    h2.store.goAway();
    await world.settled(h1.service.removeNetwork({ name: blue, force: true }));
    await world.declare('blue', { subnets: ['10.9.0.0/24'] });
    h2.store.comeBack();
    await world.until('the new one to be there', () => {
      const value = state(h1);
      return value !== undefined && 'id' in value && value.subnets[0]?.prefix === '10.9.0.0/24';
    });
    expect(decodeText((await world.store.get('networks/blue'))!.value)).toContain('10.9.0.0/24');
  });
});

/**
 * `what` is done between this node's last look at the endpoints of `blue` and its setting of the phase; the one who asked for the
 * removal hears of that only when he may go on, and the node's wardens do not wait for him.
 */
function slipIn(
  { store }: TestNode,
  what: () => Promise<unknown>,
): { readonly begun: Promise<void>; readonly goOn: () => void } {
  const begun = Promise.withResolvers<undefined>();
  const held = Promise.withResolvers<undefined>();
  const txn = store.txn.bind(store);
  store.txn = async (conditions, ops, options) => {
    if (!ops.some((op) => op.kind === 'put' && decodeText(op.value).includes('"removing"')))
      return txn(conditions, ops, options);
    store.txn = txn;
    await what();
    const result = await txn(conditions, ops, options);
    begun.resolve(undefined);
    await held.promise;
    return result;
  };
  return {
    begun: begun.promise,
    goOn: () => {
      held.resolve(undefined);
    },
  };
}
