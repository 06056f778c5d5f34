import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Name } from '../../model/name.ts';
import { WeftError } from '../../model/errors.ts';
import { networkChanges } from '../../model/network-changes.ts';
import { decodeText, encodeText } from '../store.ts';
import { encodeWish, parseWish, readWish, wishHash } from './wish.ts';
import { knownKeys, wishExamples } from './wish-schema.ts';

const key = 'networks/blue';
const blue = 'blue' as Name;
const parse = (json: unknown) => parseWish(key, encodeText(JSON.stringify(json)));
const full = {
  driver: 'overlay',
  subnets: [
    '10.7.0.0/24',
    {
      cidr: 'fd00:7::/64',
      gateway: 'fd00:7::1',
      range: 'fd00:7::100/120',
      auxiliary: { router: 'fd00:7::2' },
    },
  ],
  mtu: 1450,
  vni: 1048577,
  internal: false,
  allowOverlap: false,
  labels: { team: 'a' },
};

/** What the message says after the key, problem by problem. */
function complaints(read: () => unknown): readonly string[] {
  try {
    read();
  } catch (error) {
    if (!(error instanceof WeftError) || error.code !== 'INPUT_INVALID') throw error;
    const head = `declaration "${key}" is not valid: `;
    expect(error.message.slice(0, head.length)).toBe(head);
    return error.message.slice(head.length).split('; ');
  }
  return [];
}

test('the least declaration says nothing, and one with subnets wants these', () => {
  const least = { driver: 'overlay', internal: false, allowOverlap: false, labels: new Map() };
  expect(parse({})).toEqual({ ...least, subnets: [], fromPools: [4] });
  expect(parse({ subnets: ['10.7.0.0/24'] })).toEqual({
    driver: 'overlay',
    subnets: [{ prefix: '10.7.0.0/24', auxiliary: new Map() }],
    fromPools: [],
    internal: false,
    allowOverlap: false,
    labels: new Map(),
  });
});

test('everything that can be declared is read', () => {
  expect(parse(full)).toEqual({
    driver: 'overlay',
    subnets: [
      { prefix: '10.7.0.0/24', auxiliary: new Map() },
      {
        prefix: 'fd00:7::/64',
        gateway: 'fd00:7::1',
        range: 'fd00:7::100/120',
        auxiliary: new Map([['router', 'fd00:7::2']]),
      },
    ],
    fromPools: [],
    mtu: 1450,
    vni: 1048577,
    internal: false,
    allowOverlap: false,
    labels: new Map([['team', 'a']]),
  });
});

test('the published examples are good, and JSON from elsewhere reads the same', () => {
  for (const example of wishExamples) expect(readWish(blue, example)).toEqual(parse(example));
});

test('what is written is readable and leaves defaults out', () => {
  expect(decodeText(encodeWish(parse(full)))).toBe(
    '{"driver":"overlay","subnets":["10.7.0.0/24",{"cidr":"fd00:7::/64","gateway":"fd00:7::1","range":"fd00:7::100/120",' +
      '"auxiliary":{"router":"fd00:7::2"}}],"mtu":1450,"vni":1048577,"labels":{"team":"a"}}',
  );
});

test('the hash of a declaration stays what it was: clusters have stored it', () => {
  expect(wishHash(parse({ subnets: ['10.7.0.0/24'] }))).toBe(
    'dcfc1aeb5a0b5a8d096354e7603f139c9f14793adcfe22d57437e868540e13aa',
  );
});

test.each([
  [{ subnets: ['fd00:7:0:0::/64'] }, { subnets: [{ cidr: 'FD00:7::/64' }] }],
  [
    { subnets: ['10.7.0.0/24'] },
    { internal: false, subnets: ['10.7.0.0/24'], driver: 'overlay', labels: {} },
  ],
  [
    { subnets: ['10.7.0.0/24'], labels: { a: '1', b: '2' } },
    { labels: { b: '2', a: '1' }, subnets: ['10.7.0.0/24'], $schema: 'network.schema.json' },
  ],
  [
    { subnets: [{ cidr: '10.7.0.0/24', auxiliary: { a: '10.7.0.2', b: '10.7.0.3' } }] },
    { subnets: [{ auxiliary: { b: '10.7.0.3', a: '10.7.0.2' }, cidr: '10.7.0.0/24' }] },
  ],
  [{}, { subnets: [] }],
  [{}, { ipv4: true, ipv6: false }],
  [{ ipv6: true }, { subnets: [], ipv6: true, ipv4: true }],
  [{ subnets: ['fd00::/64'] }, { subnets: ['fd00::/64'], ipv6: true, ipv4: false }],
  [{ subnets: ['10.7.0.0/24'] }, { subnets: ['10.7.0.0/24'], ipv4: true }],
])('%j and %j are one wish', (a, b) => {
  expect(wishHash(parse(a))).toBe(wishHash(parse(b)));
});

test.each([
  { subnets: ['10.7.0.0/25'] },
  { subnets: ['10.7.0.0/24'], internal: true },
  { subnets: ['10.7.0.0/24'], allowOverlap: true },
  { subnets: ['10.7.0.0/24'], mtu: 1400 },
  { subnets: ['10.7.0.0/24'], vni: 7 },
  { subnets: ['10.7.0.0/24'], labels: { a: '' } },
  { subnets: ['10.7.0.0/24', 'fd00:7::/64'] },
  { subnets: [{ cidr: '10.7.0.0/24', gateway: '10.7.0.1' }] },
  { subnets: [{ cidr: '10.7.0.0/24', range: '10.7.0.0/24' }] },
  { subnets: [{ cidr: '10.7.0.0/24', auxiliary: { a: '10.7.0.9' } }] },
])('%j is another wish than the least', (other) => {
  expect(wishHash(parse(other))).not.toBe(wishHash(parse({ subnets: ['10.7.0.0/24'] })));
});

test.each([
  {},
  { ipv6: true },
  { ipv4: false, ipv6: true },
  { subnets: ['10.7.0.0/24'], ipv6: true },
  { subnets: ['fd00::/64'], ipv4: true },
])('of what comes from pools, %j is all that is written', (json) => {
  expect(JSON.parse(decodeText(encodeWish(parse(json))))).toEqual({ driver: 'overlay', ...json });
});

test.each(['port', 'udpPort', 'vxlanPort', 'dstport'])('%s is refused with the reason', (name) => {
  expect(complaints(() => parse({ subnets: ['10.7.0.0/24'], [name]: 4789 })).join('; ')).toBe(
    `${name}: cannot be declared: the tunnels of all networks share one UDP port of the cluster, so that nodes need one hole in ` +
      'their firewalls and one socket; it is set by `weftd --port` where the cluster is founded',
  );
});

test('what was written reads back as the same wish', () => {
  const subnet = fc
    .nat(7)
    .map((i) => (i < 4 ? `10.${i}.0.0/16` : { cidr: `fd00:${i}::/64`, gateway: `fd00:${i}::9` }));
  const declaration = fc.record(
    {
      ipv4: fc.constant(true),
      ipv6: fc.constant(true),
      subnets: fc.uniqueArray(subnet, { maxLength: 7, selector: (s) => JSON.stringify(s) }),
      mtu: fc.integer({ min: 1280, max: 9000 }),
      vni: fc.integer({ min: 1, max: 0xfffffe }),
      internal: fc.boolean(),
      allowOverlap: fc.boolean(),
      labels: fc.dictionary(fc.string({ minLength: 1, maxLength: 8 }), fc.string({ maxLength: 8 }), {
        maxKeys: 8,
      }),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(declaration, (json) => {
      fc.pre(!Object.keys(json.labels ?? {}).includes('__proto__'));
      const wish = parse(json);
      expect(parseWish(key, encodeWish(wish))).toEqual(wish);
    }),
  );
});

test('every problem is told at once, each with its path', () => {
  const broken = {
    driver: 'macvlan',
    subnets: ['10.7.0.0/33', '10.7.0.1/24', { cidr: '10.8.0.0/24', gw: 1, gateway: '10.9.0.1/3' }, 5, {}],
    MTU: 3,
    mtu: 1.5,
    vni: 0,
    internal: 'no',
    labels: { a: 1 },
  };
  expect(complaints(() => parse(broken)).toSorted()).toEqual(
    [
      'driver: is "macvlan", must be overlay',
      'subnets[0]: "10.7.0.0/33" has a length beyond /32',
      'subnets[1]: "10.7.0.1/24" has host bits set; did you mean 10.7.0.0/24?',
      'subnets[2].gateway: "10.9.0.1/3" is not an IPv4 or IPv6 address',
      `subnets[2].gw: is an unknown key (known are ${knownKeys('subnet').join(', ')})`,
      'subnets[3]: must be a prefix such as "10.7.0.0/24", or an object with at least cidr',
      'subnets[4].cidr: is missing',
      'mtu: must be a whole number',
      'vni: is 0, must be at least 1',
      'internal: must be true or false',
      'labels.a: must be a text',
      `MTU: is an unknown key (known are ${knownKeys('top').join(', ')})`,
    ]
      .flatMap((c) => c.split('; '))
      .toSorted(),
  );
});

test.each<[string, unknown, string]>([
  ['no object', [], 'must be an object'],
  [
    'a text in place of a list',
    { subnets: '10.20.0.0/24' },
    'subnets: is "10.20.0.0/24", must be a list such as ["10.20.0.0/24"]',
  ],
  [
    'a subnet in place of a list',
    { subnets: { cidr: '10.20.0.0/24' } },
    'subnets: must be a list such as ["10.7.0.0/24"]',
  ],
  [
    'no subnet',
    { ipv4: false },
    'subnets: is empty, and ipv4 and ipv6 are both false: a network needs a subnet',
  ],
  [
    'IPv4 with and without',
    { subnets: ['10.7.0.0/24'], ipv4: false },
    'ipv4: is false, and an IPv4 subnet is declared, 10.7.0.0/24',
  ],
  [
    'IPv6 with and without',
    { subnets: ['fd00::/64'], ipv6: false },
    'ipv6: is false, and an IPv6 subnet is declared, fd00::/64',
  ],
  [
    'too many with that of the pools',
    { subnets: Array.from({ length: 8 }, (_, i) => `10.${i}.0.0/24`), ipv6: true },
    'subnets: has 9 with 1 from the address pools, at most 8 may be declared',
  ],
  [
    'small MTU for IPv6 of the pools',
    { ipv6: true, mtu: 1279 },
    'mtu: 1279 is less than the 1280 that IPv6 (ipv6) needs',
  ],
  ['too many subnets', { subnets: Array(9).fill('10.7.0.0/24') }, 'subnets: must have at most 8 entries'],
  [
    'overlap',
    { subnets: ['10.7.0.0/24', '10.7.0.0/25'] },
    'subnets[1]: 10.7.0.0/25 overlaps 10.7.0.0/24, which is subnets[0]',
  ],
  [
    'small MTU',
    { subnets: ['fd00::/64'], mtu: 1279 },
    'mtu: 1279 is less than the 1280 that IPv6 (subnet fd00::/64) needs',
  ],
  [
    'outside',
    { subnets: [{ cidr: '10.7.0.0/24', gateway: '10.8.0.1' }] },
    'subnets[0].gateway: 10.8.0.1 lies outside 10.7.0.0/24',
  ],
])('%s is refused', (_, json, complaint) => {
  expect(complaints(() => parse(json))).toEqual([complaint]);
  expect(complaints(() => readWish(blue, json))).toEqual([complaint]);
});

test.each<[string, string, readonly string[]]>([
  ['a key', '{"mtu":1400,"labels":{"mtu":"x"},"mtu" : 1300}', ['mtu: is given twice']],
  ['one that is spelt otherwise', '{"mtu":1400,"m\\u0074u":1300}', ['mtu: is given twice']],
  [
    'keys within',
    '{"labels":{"a":"{\\",\\"a\\":1}","a":"1","a":"2"},"subnets":["10.6.0.0/24",{"cidr":"10.7.0.0/24","cidr":"10.8.0.0/24"}]}',
    ['labels.a: is given twice', 'subnets[1].cidr: is given twice'],
  ],
  [
    'one that is unknown',
    '{"x":1,"x":1}',
    ['x: is given twice', `x: is an unknown key (known are ${knownKeys('top').join(', ')})`],
  ],
  ['none', '{"labels":{"a":"\\"a\\":1,\\"a\\":2","b":"a","c":"a"},"subnets":[]}', []],
])('%s given twice is told', (_, text, expected) => {
  expect(complaints(() => parseWish(key, encodeText(text)))).toEqual(expected);
});

test('an auxiliary address needs a name', () => {
  const json = { subnets: [{ cidr: '10.7.0.0/24', auxiliary: { 'a/b': '10.7.0.2' } }] };
  expect(complaints(() => parse(json)).join('')).toMatch(
    /^subnets\[0\]\.auxiliary\.a\/b: auxiliary address name "a\/b" is not allowed/,
  );
});

test('a label that an object would swallow is refused', () => {
  const text = '{"subnets":["10.7.0.0/24"],"labels":{"__proto__":"x"}}';
  expect(complaints(() => parseWish(key, encodeText(text)))).toEqual([
    'labels.__proto__: is a key that nothing may have',
  ]);
});

test.each<[string, Uint8Array, RegExp]>([
  ['cut off', encodeText('{"subnets":["10.7.0.0/24"'), /^it is not JSON: /],
  ['not text', Uint8Array.of(0xff, 0xfe), /^it is not UTF-8 text$/],
  ['empty', new Uint8Array(), /^it is not JSON: /],
  ['huge', encodeText(`"${'x'.repeat(70_000)}"`), /^it has 70002 bytes, at most 65536 are possible$/],
  ['deep', encodeText('['.repeat(30_000)), /^it is nested deeper than 16 levels$/],
])('a value that is %s is refused with its key', (_, value, why) => {
  expect(complaints(() => parseWish(key, value)).join('; ')).toMatch(why);
});

test('brackets in a text are no nesting', () => {
  expect(
    parse({ subnets: ['10.7.0.0/24'], labels: { art: `\\"${'['.repeat(50)}` } }).labels.get('art'),
  ).toHaveLength(52);
});

test('a message repeats no control characters, and not much of what it refuses', () => {
  const hostile = { subnets: ['10.7.0.0/24'], [`\u001b[2J${'x'.repeat(5000)}`]: 1 };
  for (const read of [() => parse(hostile), () => parseWish(key, encodeText('\u001b[2J'))]) {
    const text = complaints(read).join('; ');
    expect(text).not.toMatch(/[\x00-\x1f]/);
    expect(text.length).toBeLessThan(400);
  }
});

test('of very many problems the first are told and the rest counted', () => {
  const many = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`key${i}`, 1]));
  const told = complaints(() => parse({ subnets: ['10.7.0.0/24'], ...many }));
  expect(told).toHaveLength(21);
  expect(told.at(-1)).toBe('and 10 more problems');
});

test('of every key it is said whether it may change', () => {
  const keys = new Set([...knownKeys('top'), ...knownKeys('subnet')]);
  keys.delete('$schema');
  expect(Object.keys(networkChanges).toSorted()).toEqual([...keys].toSorted());
});
