import { expect, test } from '@jest/globals';
import type { Ip } from './ip.ts';
import type { Name } from './name.ts';
import { checkWish, planNetwork, type Wish, type WishedSubnet } from './network-wish.ts';
import type { NetworkId } from './network.ts';
import type { Prefix } from './prefix.ts';
import type { Vni } from './vni.ts';

interface Loose {
  readonly gateway?: string;
  readonly range?: string;
  readonly auxiliary?: Readonly<Record<string, string>>;
}

function subnet(prefix: string, { gateway, range, auxiliary = {} }: Loose = {}): WishedSubnet {
  return {
    prefix: prefix as Prefix,
    ...(gateway === undefined ? {} : { gateway: gateway as Ip }),
    ...(range === undefined ? {} : { range: range as Prefix }),
    auxiliary: new Map(Object.entries(auxiliary)) as unknown as ReadonlyMap<Name, Ip>,
  };
}

function wish(subnets: readonly WishedSubnet[], more: Partial<Wish> = {}): Wish {
  const rest = { fromPools: [], internal: false, allowOverlap: false, labels: new Map() };
  return { driver: 'overlay', subnets, ...rest, ...more };
}

const accepted = {
  id: '0123456789abcdef' as NetworkId,
  name: 'blue' as Name,
  vni: 1048577 as Vni,
  wishHash: '0'.repeat(64),
  acceptance: 3,
  creator: 'n1',
  createdAt: '2026-11-25T15:00:00.000Z',
};

test('a plan decides what the wish left open, and keeps what it said', () => {
  const labels = new Map([['team', 'a']]);
  const subnets = [
    subnet('10.7.0.0/24'),
    subnet('fd00:7::/64', { gateway: 'fd00:7::9', range: 'fd00:7::100/120' }),
  ];
  expect(planNetwork(wish(subnets, { mtu: 1400, labels }), accepted)).toEqual({
    ...accepted,
    driver: 'overlay',
    subnets: [
      { prefix: '10.7.0.0/24', gateway: '10.7.0.1', auxiliary: new Map() },
      { prefix: 'fd00:7::/64', gateway: 'fd00:7::9', range: 'fd00:7::100/120', auxiliary: new Map() },
    ],
    mtu: 1400,
    internal: false,
    allowOverlap: false,
    labels,
    phase: { kind: 'active' },
  });
});

test.each([
  ['10.7.0.0/24', { a: '10.7.0.1', b: '10.7.0.2' }, '10.7.0.3'],
  ['10.7.0.4/31', {}, '10.7.0.4'],
  ['fd00::/64', { a: 'fd00::1' }, 'fd00::2'],
  ['fd00::4/127', {}, 'fd00::4'],
])('the gateway of %s beside %j is %s', (prefix, auxiliary, gateway) => {
  const wished = wish([subnet(prefix, { auxiliary })]);
  expect(checkWish(wished)).toEqual([]);
  expect(planNetwork(wished, accepted).subnets[0]?.gateway).toBe(gateway);
});

test.each<[string, Loose, string, string]>([
  ['10.7.0.0/32', {}, 'subnets[0]', 'room for a gateway'],
  ['fd00::1/128', {}, 'subnets[0]', 'room for a gateway'],
  ['127.1.0.0/16', {}, 'subnets[0]', 'is loopback'],
  ['169.254.7.0/24', {}, 'subnets[0]', 'is link-local'],
  ['239.0.0.0/24', {}, 'subnets[0]', 'is multicast'],
  ['0.0.0.0/0', {}, 'subnets[0]', 'unspecified'],
  ['255.255.255.0/24', {}, 'subnets[0]', 'broadcast'],
  ['fe80::/64', {}, 'subnets[0]', 'is link-local'],
  ['ff02::/64', {}, 'subnets[0]', 'is multicast'],
  ['::/127', {}, 'subnets[0]', 'unspecified'],
  ['::ffff:a07:0/120', {}, 'subnets[0]', 'IPv4-mapped'],
  ['10.7.0.0/24', { gateway: '10.8.0.1' }, 'subnets[0].gateway', 'outside'],
  ['10.7.0.0/24', { gateway: 'fd00::1' }, 'subnets[0].gateway', 'outside'],
  ['10.7.0.0/24', { gateway: '10.7.0.0' }, 'subnets[0].gateway', 'network address'],
  ['10.7.0.0/24', { gateway: '10.7.0.255' }, 'subnets[0].gateway', 'broadcast address'],
  ['fd00::/64', { gateway: 'fd00::' }, 'subnets[0].gateway', 'anycast'],
  ['10.7.0.0/24', { range: '10.7.0.0/16' }, 'subnets[0].range', 'inside'],
  ['10.7.0.0/24', { range: 'fd00::/120' }, 'subnets[0].range', 'inside'],
  ['10.7.0.0/24', { range: '10.7.0.0/32' }, 'subnets[0].range', 'no address'],
  ['10.7.0.0/24', { range: '10.7.0.1/32' }, 'subnets[0].range', 'no address'],
  ['10.7.0.0/24', { auxiliary: { a: '10.8.0.2' } }, 'subnets[0].auxiliary.a', 'outside'],
  ['10.7.0.0/24', { auxiliary: { a: '10.7.0.255' } }, 'subnets[0].auxiliary.a', 'broadcast'],
  [
    '10.7.0.0/24',
    { gateway: '10.7.0.9', auxiliary: { a: '10.7.0.9' } },
    'subnets[0].auxiliary.a',
    'the gateway',
  ],
  [
    '10.7.0.0/24',
    { auxiliary: { a: '10.7.0.9', b: '10.7.0.9' } },
    'subnets[0].auxiliary.b',
    'address a already',
  ],
  ['10.7.0.0/30', { auxiliary: { a: '10.7.0.1' } }, 'subnets[0]', 'no address left'],
  ['10.7.0.0/31', { auxiliary: { a: '10.7.0.0' } }, 'subnets[0]', 'no address left'],
])('%s with %j is refused at %s: %s', (prefix, more, path, why) => {
  const problems = checkWish(wish([subnet(prefix, more)]));
  expect(problems).toEqual([{ path, why: expect.stringContaining(why) }]);
});

test.each<[string, Loose]>([
  ['10.7.0.0/30', {}],
  ['10.7.0.0/24', { range: '10.7.0.2/32' }],
  ['10.7.0.0/24', { gateway: '10.7.0.254', range: '10.7.0.0/31' }],
  ['240.0.0.0/24', {}],
  ['2001:db8::/120', {}],
])('%s with %j is well formed', (prefix, more) => {
  expect(checkWish(wish([subnet(prefix, more)]))).toEqual([]);
});

test('every problem is told, each with its path', () => {
  const subnets = [
    subnet('10.7.0.0/24', { gateway: '10.9.0.1' }),
    subnet('10.7.0.128/25'),
    subnet('ff02::/64'),
  ];
  const labels = new Map([['', 'x']]);
  expect(checkWish(wish(subnets, { mtu: 67, labels })).map((p) => p.path)).toEqual([
    'subnets[0].gateway',
    'subnets[2]',
    'subnets[1]',
    'mtu',
    'labels',
  ]);
});

test('an overlap names both prefixes', () => {
  expect(checkWish(wish([subnet('10.7.0.128/25'), subnet('10.7.0.0/24')]))).toEqual([
    { path: 'subnets[1]', why: '10.7.0.0/24 overlaps 10.7.0.128/25, which is subnets[0]' },
  ]);
});

test.each([
  [67, '10.7.0.0/24', false],
  [68, '10.7.0.0/24', true],
  [65465, '10.7.0.0/24', true],
  [65466, '10.7.0.0/24', false],
  [1400.5, '10.7.0.0/24', false],
  [1279, 'fd00::/64', false],
  [1280, 'fd00::/64', true],
])('MTU %d in %s: %s', (mtu, prefix, good) => {
  const problems = checkWish(wish([subnet(prefix)], { mtu }));
  expect(problems.map((p) => p.path)).toEqual(good ? [] : ['mtu']);
});

test('a network has 1 to 8 subnets, 32 auxiliary addresses, and labels of 4096 bytes', () => {
  const subnets = (n: number): readonly WishedSubnet[] =>
    Array.from({ length: n }, (_, i) => subnet(`10.${i}.0.0/24`));
  const auxiliary = (n: number): Loose => ({
    auxiliary: Object.fromEntries(Array.from({ length: n }, (_, i) => [`a${i}`, `10.7.0.${i + 2}`])),
  });
  const labels = (n: number): Partial<Wish> => ({ labels: new Map([['k', 'ü'.repeat(n)]]) });
  const many = { labels: new Map(Array.from({ length: 65 }, (_, i) => [`k${i}`, ''])) };
  const pathsOf = (w: Wish): readonly string[] => checkWish(w).map((p) => p.path);
  expect(pathsOf(wish([]))).toEqual(['subnets']);
  expect(pathsOf(wish(subnets(8)))).toEqual([]);
  expect(pathsOf(wish(subnets(9)))).toEqual(['subnets']);
  expect(pathsOf(wish([subnet('10.7.0.0/24', auxiliary(32))]))).toEqual([]);
  expect(pathsOf(wish([subnet('10.7.0.0/24', auxiliary(33))]))).toEqual(['subnets']);
  expect(pathsOf(wish(subnets(1), labels(2047)))).toEqual([]);
  expect(pathsOf(wish(subnets(1), labels(2048)))).toEqual(['labels']);
  expect(pathsOf(wish(subnets(1), many))).toEqual(['labels']);
});
