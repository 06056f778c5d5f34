import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ipFromBigint, type Family, type Ip } from '../model/ip.ts';
import type { Name } from '../model/name.ts';
import type { Subnet } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import { contains, networkOf, type Prefix } from '../model/prefix.ts';
import { chooseAddress, startFor } from './choose.ts';

const nothing = new Set<Ip>();

function subnet(prefix: string, gateway: string, more: Partial<Subnet> = {}): Subnet {
  return { prefix: prefix as Prefix, gateway: gateway as Ip, auxiliary: new Map(), ...more };
}

/** Every address of the pool in order, found the slow way: by looking at each address of the prefix. */
function naivePool(prefix: Prefix, range: Prefix | undefined): readonly Ip[] {
  const [text = '', length = ''] = prefix.split('/');
  const family: Family = text.includes(':') ? 6 : 4;
  const first = BigInt(`0x${hexOf(text, family)}`);
  const size = 2 ** ((family === 4 ? 32 : 128) - Number(length));
  const all = Array.from({ length: size }, (_, i) => ipFromBigint(family, first + BigInt(i)));
  const usable = size <= 2 ? all : family === 4 ? all.slice(1, -1) : all.slice(1);
  return range === undefined ? usable : usable.filter((ip) => contains(range, ip));
}

/** Only what the tests below make: 10.7.x.y and fd00::xx. */
function hexOf(text: string, family: Family): string {
  if (family === 4)
    return text
      .split('.')
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('');
  const [head = '', tail = ''] = text.split('::');
  return `${head.padStart(4, '0')}${tail.padStart(28, '0')}`;
}

interface Case {
  readonly subnet: Subnet;
  readonly taken: ReadonlySet<Ip>;
  readonly start: bigint;
}

/** Small subnets of both families with a range, reserved addresses, and anything between nothing and all taken. */
const cases: fc.Arbitrary<Case> = fc
  .record({ family: fc.constantFrom<Family>(4, 6), host: fc.integer({ min: 1, max: 6 }), base: fc.nat(255) })
  .chain(({ family, host, base }) => {
    const bits = family === 4 ? 32 : 128;
    const near = ipFromBigint(family, (family === 4 ? 0x0a070000n : 0xfd00n << 112n) + BigInt(base));
    const prefix = `${networkOf(near, bits - host)}/${bits - host}` as Prefix;
    const all = naivePool(prefix, undefined);
    const some = fc.subarray([...all]);
    const range = fc.option(
      fc.record({ ip: fc.constantFrom(...all), length: fc.integer({ min: bits - host, max: bits }) }),
      { nil: undefined },
    );
    return fc
      .record({
        gateway: fc.constantFrom(...all),
        auxiliary: some,
        taken: some,
        range,
        start: fc.bigInt({ min: 0n, max: 1n << 130n }),
      })
      .map(({ gateway, auxiliary, taken, range: r, start }): Case => ({
        subnet: {
          prefix,
          gateway,
          ...(r === undefined ? {} : { range: `${networkOf(r.ip, r.length)}/${r.length}` as Prefix }),
          auxiliary: new Map(auxiliary.map((ip, i) => [`a${i}` as Name, ip])),
        },
        taken: new Set(taken),
        start,
      }));
  });

test('chooses what somebody who looks at every address would choose', () => {
  fc.assert(
    fc.property(cases, ({ subnet: s, taken, start }) => {
      const pool = naivePool(s.prefix, s.range);
      const from = pool.length === 0 ? 0 : Number(start % BigInt(pool.length));
      const kept = new Set([s.gateway, ...s.auxiliary.values()]);
      const wanted = [...pool.slice(from), ...pool.slice(0, from)].find(
        (ip) => !taken.has(ip) && !kept.has(ip),
      );
      expect(chooseAddress(s, taken, start)).toBe(wanted);
    }),
    { numRuns: 500 },
  );
});

test('whoever takes what is chosen gets every address once, and then none', () => {
  fc.assert(
    fc.property(cases, ({ subnet: s, start }) => {
      const taken = new Set<Ip>();
      for (let ip = chooseAddress(s, taken, start); ip !== undefined; ip = chooseAddress(s, taken, start)) {
        expect(taken.has(ip)).toBe(false);
        taken.add(ip);
      }
      const kept = new Set([s.gateway, ...s.auxiliary.values()]);
      const free = naivePool(s.prefix, s.range).filter((ip) => !kept.has(ip));
      expect([...taken].toSorted()).toEqual([...free].toSorted());
    }),
  );
});

test.each([
  ['10.7.0.0/24', '10.7.0.1', 0n, '10.7.0.2'],
  ['10.7.0.0/24', '10.7.0.1', 253n, '10.7.0.254'],
  ['10.7.0.0/24', '10.7.0.1', 254n, '10.7.0.2'],
  ['10.7.0.4/31', '10.7.0.4', 0n, '10.7.0.5'],
  ['10.0.0.0/8', '10.0.0.1', 16_777_213n, '10.255.255.254'],
  ['fd00:7::/64', 'fd00:7::1', 0n, 'fd00:7::2'],
  ['fd00:7::/64', 'fd00:7::1', (1n << 64n) - 2n, 'fd00:7::ffff:ffff:ffff:ffff'],
  ['fd00:7::/64', 'fd00:7::1', (1n << 64n) - 1n, 'fd00:7::2'],
])('in %s with gateway %s the place %d leads to %s', (prefix, gateway, start, ip) => {
  expect(chooseAddress(subnet(prefix, gateway), nothing, start)).toBe(ip);
});

test('looks at no more addresses than are taken, however large the prefix is', () => {
  for (const [prefix, gateway, first] of [
    ['10.0.0.0/8', '10.0.0.1', 0x0a000000n],
    ['10.7.0.0/24', '10.7.0.1', 0x0a070000n],
    ['fd00:7::/64', 'fd00:7::1', 0xfd000007n << 96n],
  ] as const) {
    const family = prefix.includes(':') ? 6 : 4;
    const taken = new Set(Array.from({ length: 100 }, (_, i) => ipFromBigint(family, first + BigInt(i + 2))));
    let looks = 0;
    const counting = { has: (ip: Ip): boolean => (looks += 1) > 0 && taken.has(ip) };
    expect(chooseAddress(subnet(prefix, gateway), counting, 0n)).toBe(ipFromBigint(family, first + 102n));
    expect(looks).toBe(101);
  }
});

test('nodes begin at different places of a large pool, always inside it, and each always at its own', () => {
  const large = subnet('10.0.0.0/8', '10.0.0.1');
  const nodes = Array.from({ length: 200 }, (_, i) => i.toString(16).padStart(16, '0') as NodeId);
  const starts = nodes.map((node) => startFor(large, node));
  expect(new Set(starts).size).toBeGreaterThan(190);
  expect(nodes.map((node) => startFor(large, node))).toEqual(starts);
  const ranged = subnet('10.0.0.0/8', '10.0.0.1', { range: '10.7.0.128/30' as Prefix });
  expect(new Set(nodes.map((node) => startFor(ranged, node)))).toEqual(new Set([0n, 1n, 2n, 3n]));
});

test('a subnet without room gives nothing', () => {
  const single = subnet('10.7.0.1/32', '10.7.0.1');
  expect([chooseAddress(single, nothing, 0n), startFor(single, '0'.repeat(16) as NodeId)]).toEqual([
    undefined,
    0n,
  ]);
  const empty = subnet('10.7.0.0/24', '10.7.0.1', { range: '10.7.0.0/32' as Prefix });
  expect(chooseAddress(empty, nothing, 5n)).toBeUndefined();
});
