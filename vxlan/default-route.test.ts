import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { familyOf, type Family, type Ip } from '../model/ip.ts';
import type { Route } from '../linux/objects/route.ts';
import type { LinuxObject } from '../linux/objects/object.ts';
import { defaultRouteGiver, mayGiveRoute, type RouteGiver } from './default-route.ts';
import { localEndpointObjects } from './endpoint-objects.ts';
import { networkObjects } from './network-objects.ts';
import { cluster, endpoint, network, other4, self, v4, v6 } from './testing/builders.ts';

const giver = (n: number, routePriority: number, interfaceName: string, ...addresses: string[]): RouteGiver =>
  endpoint(n, {
    routePriority,
    interfaceName,
    ...(addresses.length > 0 ? { addresses: addresses as Ip[] } : {}),
  });

describe('of the endpoints of a sandbox, the default route is given by', () => {
  const cases: readonly (readonly [string, readonly RouteGiver[], Family, number | undefined])[] = [
    ['nobody where there is none', [], 4, undefined],
    ['the only one', [giver(1, 1, 'eth0')], 4, 1],
    ['the highest priority', [giver(1, 1, 'eth0'), giver(2, 3, 'eth1'), giver(3, 2, 'eth2')], 4, 2],
    ['the first interface of equal ones', [giver(1, 7, 'eth10'), giver(2, 7, 'eth2')], 6, 2],
    ['whoever has an address of the family', [giver(1, 9, 'eth0', '10.7.0.1'), giver(2, 1, 'eth1')], 6, 2],
    ['nobody where none has one', [giver(1, 9, 'eth0', '10.7.0.1')], 6, undefined],
    ['the first id, while two claim one interface', [giver(4, 7, 'eth0'), giver(3, 7, 'eth0')], 4, 3],
  ];
  test.each(cases)('%s', (_, givers, family, winner) => {
    expect(defaultRouteGiver(givers, family)).toBe(winner === undefined ? undefined : endpoint(winner).id);
  });

  const someGiver = fc.record({
    n: fc.integer({ min: 1, max: 60 }),
    priority: fc.integer({ min: 1, max: 3 }),
    name: fc.constantFrom('eth0', 'eth1', 'eth10', 'lan', 'a'),
    addresses: fc.constantFrom(['10.7.0.9'], ['fd00:7::9'], ['10.7.0.9', 'fd00:7::9']),
  });
  const some = fc
    .uniqueArray(someGiver, { selector: ({ n }) => n, maxLength: 8 })
    .map((all) => all.map(({ n, priority, name, addresses }) => giver(n, priority, name, ...addresses)));

  test('the same one in whatever order they are known, and nobody beats it', () => {
    fc.assert(
      fc.property(some, fc.constantFrom<Family>(4, 6), fc.gen(), (givers, family, gen) => {
        const found = defaultRouteGiver(givers, family);
        const shuffled = gen(fc.shuffledSubarray, givers, { minLength: givers.length });
        expect(defaultRouteGiver(shuffled, family)).toBe(found);
        const able = givers.filter(({ addresses }) => addresses.some((ip) => familyOf(ip) === family));
        const most = Math.max(...able.map(({ routePriority }) => routePriority));
        const winner = givers.find(({ id }) => id === found);
        expect(winner?.routePriority ?? Number.NEGATIVE_INFINITY).toBe(most);
        // Whoever goes and did not give it changes nothing.
        for (const other of givers) {
          if (other.id === found) continue;
          expect(
            defaultRouteGiver(
              givers.filter((g) => g !== other),
              family,
            ),
          ).toBe(found);
        }
      }),
    );
  });
});

test('only an active endpoint that asks may give one, and never one of an internal network', () => {
  const conflict = { kind: 'conflict', holder: 'x' } as const;
  const asks = endpoint(1, { routePriority: 1 });
  expect(mayGiveRoute(network(), asks)).toBe(true);
  expect(mayGiveRoute(network({ internal: true }), asks)).toBe(false);
  expect(mayGiveRoute(network(), endpoint(1))).toBe(false);
  expect(mayGiveRoute(network(), { ...asks, state: conflict })).toBe(false);
});

describe('the objects', () => {
  const asks = endpoint(5, { routePriority: 1 });
  const local = (defaultRoutes: readonly Family[], net = network(), e = asks): readonly LinuxObject[] =>
    localEndpointObjects({ network: net, networkMtu: 1450, endpoint: e, defaultRoutes });
  const routes = (objects: readonly LinuxObject[]): readonly string[] =>
    objects.filter((o): o is Route => o.kind === 'route').map((o) => `${o.prefix} ${o.via} ${o.metric}`);

  test('of an endpoint: a route by the gateway of its own subnet, with the metric of plain ones', () => {
    expect(routes(local([]))).toEqual([]);
    expect(routes(local([4]))).toEqual(['0.0.0.0/0 10.7.0.1 0']);
    expect(routes(local([4, 6]))).toEqual(['0.0.0.0/0 10.7.0.1 0', '::/0 fd00:7::1 1024']);
    const routed = network({ subnets: [other4, v4, v6] });
    expect(routes(local([4], routed))).toEqual(['10.8.0.0/24 10.7.0.1 100', '0.0.0.0/0 10.7.0.1 0']);
  });

  test('of an endpoint that may give one: the gateway knows it, whoever gives it now', () => {
    const known = (objects: readonly LinuxObject[]): number =>
      objects.filter((o) => o.kind === 'neighbour' && o.dev === 'br0').length;
    expect(known(local([]))).toBe(2);
    expect(known(local([], network(), endpoint(5)))).toBe(0);
    expect(known(local([], network({ internal: true })))).toBe(0);
  });

  test('of a network in which somebody may give one: the gateways, as where it routes', () => {
    const plain = { network: network(), networkMtu: 1450, self, cluster };
    const names = (objects: readonly LinuxObject[]): readonly string[] =>
      objects.flatMap((o): string[] => (o.kind === 'address' ? [o.ip] : o.kind === 'bridge' ? [o.mac] : []));
    expect(names(networkObjects(plain))).toEqual([expect.stringMatching(/^06:/)]);
    const with1 = networkObjects({ ...plain, givesRoutes: true });
    expect(names(with1)).toEqual(['02:57:00:00:00:01', '10.7.0.1', 'fd00:7::1']);
    expect(with1).toContainEqual(expect.objectContaining({ key: 'net/ipv4/ip_forward', value: '1' }));
  });
});
