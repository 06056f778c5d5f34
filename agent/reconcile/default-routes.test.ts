import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Route } from '../../linux/objects/route.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import type { Family } from '../../model/ip.ts';
import type { Prefix } from '../../model/prefix.ts';
import type { NetworkId } from '../../model/network.ts';
import { defaultRouteGiver } from '../../vxlan/default-route.ts';
import { endpoint } from '../../vxlan/testing/builders.ts';
import { removeLastView } from '../state/last-view.ts';
import { World, type TestNode } from '../testing/world.ts';
import { DefaultRoutes } from './default-routes.ts';

const families: readonly Family[] = [4, 6];

describe('who gives what is kept by sandbox:', () => {
  const step = fc.record({
    n: fc.integer({ min: 1, max: 6 }),
    sandbox: fc.constantFrom(undefined, 'a', 'b'),
    routePriority: fc.integer({ min: 1, max: 3 }),
    both: fc.boolean(),
  });

  test('it is always as looking at all of them says, and whoever gives something else is told', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
        const routes = new DefaultRoutes();
        const model = new Map<EndpointId, { readonly endpoint: Endpoint; readonly sandbox: string }>();
        const expected = (id: EndpointId): readonly Family[] => {
          const own = model.get(id)?.sandbox;
          const beside = [...model.values()].filter(({ sandbox }) => sandbox === own).map((c) => c.endpoint);
          return own === undefined ? [] : families.filter((f) => defaultRouteGiver(beside, f) === id);
        };
        const ids = [1, 2, 3, 4, 5, 6].map((n) => endpoint(n).id);
        for (const { n, sandbox, routePriority, both } of steps) {
          const plain = endpoint(n, { routePriority, interfaceName: `eth${n}` });
          const one = both ? plain : { ...plain, addresses: plain.addresses.slice(0, 1) };
          const before = new Map(ids.map((id) => [id, expected(id)]));
          if (sandbox === undefined) model.delete(one.id);
          else model.set(one.id, { endpoint: one, sandbox });
          const { gaining, losing } = routes.note(one.id, model.get(one.id));
          for (const id of ids) expect([id, routes.familiesOf(id)]).toEqual([id, expected(id)]);
          const gains = (id: EndpointId): boolean => expected(id).some((f) => !before.get(id)!.includes(f));
          const loses = (id: EndpointId): boolean => expected(id).length < before.get(id)!.length;
          const named = (list: readonly Endpoint[]): readonly string[] => list.map(({ id }) => id).toSorted();
          expect(named(gaining)).toEqual(ids.filter(gains));
          expect(named(losing)).toEqual(ids.filter((id) => id !== one.id && loses(id) && !gains(id)));
          expect(routes.concerns(one.network)).toBe(model.size > 0);
          expect(routes.concerns('ffffffffffffffff' as NetworkId)).toBe(false);
        }
      }),
    );
  });
});

/** The default routes in a sandbox, as `via` and interface. */
function defaults(node: TestNode, sandbox: string): readonly string[] {
  const scope = sandboxScope(sandbox);
  const found = node.kernel.peek().filter((o): o is Route => o.kind === 'route' && o.scope === scope);
  return found
    .filter(({ prefix }) => prefix === '0.0.0.0/0' || prefix === '::/0')
    .map(({ via, dev }) => `${via} ${dev}`)
    .toSorted();
}

describe('a sandbox in several networks', () => {
  async function scene(world: World): Promise<readonly [TestNode, string]> {
    const h1 = await world.ready(1);
    await h1.create('blue', '10.7.0.0/24', 'fd00:7::/64');
    await h1.create('green', '10.8.0.0/24', 'fd00:8::/64');
    await h1.create('red', '10.9.0.0/24');
    return [h1, h1.sandbox('c1')];
  }
  const blue = ['10.7.0.1 eth0', 'fd00:7::1 eth0'];
  const green = ['10.8.0.1 eth1', 'fd00:8::1 eth1'];

  test('has no default route unless it is asked for', async () => {
    await using world = new World();
    const [h1, c1] = await scene(world);
    await h1.attachAgain('blue', c1);
    expect(defaults(h1, c1)).toEqual([]);
    expect(h1.kernel.peek().some((o) => o.kind === 'address' && o.dev === 'br0')).toBe(false);
  });

  test('has it by the highest priority, in each family; it moves when that one goes, and back', async () => {
    await using world = new World();
    const [h1, c1] = await scene(world);
    expect(await h1.attachAgain('blue', c1, { routePriority: 10 })).toMatchObject({
      routePriority: 10,
      defaultRoutes: ['IPv4', 'IPv6'],
    });
    expect(defaults(h1, c1)).toEqual(blue);
    await h1.attachAgain('green', c1, { routePriority: 20 });
    await world.until('the default routes to be by green', () => defaults(h1, c1).join() === green.join());
    await h1.attachAgain('red', c1, { routePriority: 30 });
    const mixed = ['10.9.0.1 eth2', 'fd00:8::1 eth1'];
    await world.until('IPv4 to be by red', () => defaults(h1, c1).join() === mixed.join());
    const shown = await h1.service.listEndpoints({});
    expect(shown.map(({ network, defaultRoutes }) => [network, defaultRoutes])).toEqual([
      ['blue', undefined],
      ['green', ['IPv6']],
      ['red', ['IPv4']],
    ]);
    await h1.detach({ network: 'red', sandbox: c1 });
    await world.until('IPv4 to be by green', () => defaults(h1, c1).join() === green.join());
    await h1.detach({ network: 'green', sandbox: c1 });
    await world.until('both to be by blue', () => defaults(h1, c1).join() === blue.join());
    await h1.detach({ network: 'blue', sandbox: c1 });
    expect(h1.kernel.peek()).toEqual([]);
  });

  test('is never without one while it passes on, to one that comes and back from one that goes', async () => {
    await using world = new World();
    const [h1, c1] = await scene(world);
    await h1.attachAgain('blue', c1, { routePriority: 10 });
    const seen = new Set<number>();
    const { written } = h1.kernel;
    const push = written.push.bind(written);
    written.push = (...steps) => {
      seen.add(defaults(h1, c1).length);
      return push(...steps);
    };
    await h1.attachAgain('green', c1, { routePriority: 20 });
    await world.until('the default routes to be by green', () => defaults(h1, c1).join() === green.join());
    await h1.detach({ network: 'green', sandbox: c1 });
    await world.until('the default routes to be by blue', () => defaults(h1, c1).join() === blue.join());
    await world.clock.advance(5000);
    expect([...seen]).toEqual([2]);
  });

  test('gets another one by the same attach with another priority', async () => {
    await using world = new World();
    const [h1, c1] = await scene(world);
    await h1.attachAgain('blue', c1, { routePriority: 10 });
    await h1.attachAgain('green', c1, { routePriority: 5 });
    expect(defaults(h1, c1)).toEqual(blue);
    await h1.attachAgain('green', c1, { routePriority: 11 });
    await world.until('the default routes to be by green', () => defaults(h1, c1).join() === green.join());
    // Who says nothing wishes nothing else.
    expect(await h1.attachAgain('green', c1)).toMatchObject({ routePriority: 11 });
    await h1.attachAgain('green', c1, { routePriority: 0 });
    await world.until('the default routes to be by blue', () => defaults(h1, c1).join() === blue.join());
  });

  test('keeps it over a restart, and nothing is written', async () => {
    await using world = new World();
    const [h1, c1] = await scene(world);
    await h1.attachAgain('blue', c1, { routePriority: 10 });
    await h1.attachAgain('green', c1, { routePriority: 20 });
    await h1.attachAgain('red', c1, { routePriority: 15 });
    await world.until('the default routes to be by green', () => defaults(h1, c1).join() === green.join());
    await world.clock.advance(5000);
    const before = h1.kernel.writes;
    for (let round = 0; round < 3; round += 1) {
      await h1.restart();
      await world.clock.advance(20_000);
      expect(h1.kernel.writes).toBe(before);
    }
    expect(defaults(h1, c1)).toEqual(green);
  });

  test('keeps it over a restart without a memory, while one network is read long after the others', async () => {
    await using world = new World();
    const [h1, c1] = await scene(world);
    await h1.attachAgain('blue', c1, { routePriority: 10 });
    const { networkId } = await h1.attachAgain('green', c1, { routePriority: 20 });
    await world.until('the default routes to be by green', () => defaults(h1, c1).join() === green.join());
    await world.clock.advance(5000);
    const before = h1.kernel.writes;
    await h1.stop();
    removeLastView(h1.directory);
    const watch = h1.store.watch.bind(h1.store);
    const waiting: (() => void)[] = [];
    h1.store.watch = (prefix, sink) => {
      if (!prefix.includes(networkId)) return watch(prefix, sink);
      return watch(prefix, (update) => {
        if (isOpen) sink(update);
        else
          waiting.push(() => {
            sink(update);
          });
      });
    };
    let isOpen = false;
    const started = h1.start();
    await world.clock.advance(2000);
    expect(waiting.length).toBeGreaterThan(0);
    expect(h1.kernel.writes).toBe(before);
    isOpen = true;
    for (const tell of waiting.splice(0)) tell();
    await started;
    await world.clock.advance(20_000);
    expect(h1.kernel.writes).toBe(before);
    expect(defaults(h1, c1)).toEqual(green);
  });

  test('by an internal network is refused with the reason', async () => {
    await using world = new World();
    const [h1, c1] = await scene(world);
    const declaration = { subnets: ['10.6.0.0/24'], internal: true };
    await h1.service.createNetwork({ name: 'inside' as never, declaration });
    await expect(h1.attachAgain('inside', c1, { routePriority: 1 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('the network is internal'),
    });
    await h1.attachAgain('inside', c1);
    await expect(h1.attachAgain('inside', c1, { routePriority: 1 })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    expect(defaults(h1, c1)).toEqual([]);
  });

  test('that has one which is not ours keeps it, and the attach says so', async () => {
    await using world = new World();
    const [h1, c1] = await scene(world);
    const foreign = { kind: 'route', scope: sandboxScope(c1), dev: 'lan0', via: '10.1.0.1' } as const;
    h1.kernel.meddle({ ...foreign, via: '10.1.0.1' as never, prefix: '0.0.0.0/0' as Prefix, metric: 0 });
    await expect(h1.attachAgain('blue', c1, { routePriority: 1 })).rejects.toMatchObject({
      code: 'KERNEL_REFUSED',
      message: expect.stringContaining('route 0.0.0.0/0'),
    });
    expect(await h1.service.listEndpoints({})).toEqual([]);
    expect(await h1.attachAgain('blue', c1)).toMatchObject({ programmed: true });
  });
});
