import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { addressBits, ipFromBigint, ipToBigint, type Family, type Ip } from '../model/ip.ts';
import type { Name } from '../model/name.ts';
import type { Subnet } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import { hostSpan, networkOf, spanOf, type Prefix } from '../model/prefix.ts';
import { AddressSet } from './address-set.ts';
import { chooseAddress, seatFor, startFor } from './choose.ts';
import { naivePool, smallSubnets } from './testing/naive-pool.ts';

const nothing = new AddressSet();

/** A subnet, what is taken of it, and where the search begins. */
const cases = smallSubnets.chain((s) =>
  fc.record({
    subnet: fc.constant(s),
    taken: fc.subarray([...naivePool(s.prefix, undefined)]).map((ips) => new Set(ips)),
    start: fc.bigInt({ min: 0n, max: 1n << 130n }),
  }),
);

function setOf(ips: Iterable<Ip>): AddressSet {
  const set = new AddressSet();
  for (const ip of ips) set.add(ipToBigint(ip));
  return set;
}

function subnet(prefix: string, gateway: string, more: Partial<Subnet> = {}): Subnet {
  return { prefix: prefix as Prefix, gateway: gateway as Ip, auxiliary: new Map(), ...more };
}

test('chooses what somebody who looks at every address would choose', () => {
  fc.assert(
    fc.property(cases, ({ subnet: s, taken, start }) => {
      const pool = naivePool(s.prefix, s.range);
      const from = pool.length === 0 ? 0 : Number(start % BigInt(pool.length));
      const kept = new Set([s.gateway, ...s.auxiliary.values()]);
      const wanted = [...pool.slice(from), ...pool.slice(0, from)].find(
        (ip) => !taken.has(ip) && !kept.has(ip),
      );
      expect(chooseAddress(s, setOf(taken), start)).toBe(wanted);
    }),
    { numRuns: 500 },
  );
});

test('whoever takes what is chosen gets every address once, and then none', () => {
  fc.assert(
    fc.property(cases, ({ subnet: s, start }) => {
      const taken = new Set<Ip>();
      const set = new AddressSet();
      for (let ip = chooseAddress(s, set, start); ip !== undefined; ip = chooseAddress(s, set, start)) {
        expect(taken.has(ip)).toBe(false);
        taken.add(ip);
        set.add(ipToBigint(ip));
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

/** A subnet of any size with a range in it or without, and a crowd around the place where the search begins. */
const sizes = fc
  .constantFrom<Family>(4, 6)
  .chain((family) =>
    fc.record({
      family: fc.constant(family),
      length: fc.integer({ min: 0, max: addressBits[family] }),
      bits: fc.bigInt({ min: 0n, max: (1n << BigInt(addressBits[family])) - 1n }),
      range: fc.option(
        fc.record({ deeper: fc.nat(128), bits: fc.bigInt({ min: 0n, max: (1n << 128n) - 1n }) }),
        {
          nil: undefined,
        },
      ),
      start: fc.bigInt({ min: 0n, max: 1n << 129n }),
      crowd: fc.array(fc.integer({ min: -3, max: 40 }), { maxLength: 44, size: 'max' }),
      kept: fc.array(fc.integer({ min: 0, max: 40 }), { minLength: 1, maxLength: 9 }),
    }),
  )
  .map(({ family, length, bits, range, start, crowd, kept }) => {
    const prefix = `${networkOf(ipFromBigint(family, bits), length)}/${length}` as Prefix;
    const { first, last } = spanOf(prefix);
    const inside = (value: bigint): Ip => ipFromBigint(family, first + (value % (last - first + 1n)));
    const deeper = range === undefined ? length : Math.min(addressBits[family], length + range.deeper);
    const part = `${networkOf(inside(range?.bits ?? 0n), deeper)}/${deeper}` as Prefix;
    const usable = hostSpan(prefix);
    const of = range === undefined ? prefix : part;
    const pool = {
      first: max(spanOf(of).first, usable?.first ?? 0n),
      last: min(spanOf(of).last, usable?.last ?? -1n),
    };
    const size = pool.last - pool.first + 1n;
    const near = (n: number): bigint =>
      size <= 0n ? first : pool.first + (((((start % size) + BigInt(n)) % size) + size) % size);
    const reserved = kept.map((n) => ipFromBigint(family, near(n)));
    const [gateway = inside(1n), ...auxiliary] = reserved;
    const of_ = subnet(prefix, gateway, {
      ...(range === undefined ? {} : { range: part }),
      auxiliary: new Map(auxiliary.map((ip, i) => [`a${i}` as Name, ip])),
    });
    return { subnet: of_, family, pool, size, start, taken: new Set(crowd.map(near)) };
  });

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);

test('of a prefix of any length chooses what somebody who goes from address to address would', () => {
  fc.assert(
    fc.property(sizes, ({ subnet: s, family, pool, size, start, taken }) => {
      const kept = new Set<Ip>([s.gateway, ...s.auxiliary.values()]);
      let wanted: Ip | undefined;
      // Nothing more than the crowd and what is kept stands in the way.
      for (let n = 0n; n < min(size, 100n) && wanted === undefined; n += 1n) {
        const value = pool.first + (((start % size) + n) % size);
        const ip = ipFromBigint(family, value);
        if (!taken.has(value) && !kept.has(ip)) wanted = ip;
      }
      const set = new AddressSet();
      for (const value of taken) set.add(value);
      expect(chooseAddress(s, set, start)).toBe(wanted);
    }),
    { numRuns: 1000 },
  );
});

test('the steps grow with the logarithm of what is taken, and a /8 costs what a /64 does', () => {
  const steps = (prefix: string, gateway: string, count: number): number => {
    const first = spanOf(prefix as Prefix).first;
    const set = new AddressSet();
    for (let n = 2; n < count + 2; n += 1) set.add(first + BigInt(n));
    const before = set.looks;
    const chosen = chooseAddress(subnet(prefix, gateway), set, 0n);
    expect(chosen).toBe(ipFromBigint(prefix.includes(':') ? 6 : 4, first + BigInt(count + 2)));
    return set.looks - before;
  };
  for (const power of [0, 4, 8, 12, 16]) {
    const count = 2 ** power + 3;
    const four = steps('10.0.0.0/8', '10.0.0.1', count);
    expect(four).toBe(steps('fd00:7::/64', 'fd00:7::1', count));
    expect(four).toBeLessThanOrEqual((power + 3) ** 2);
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

test('another place to begin is free where a fifth is, of the pool, and another one each time', () => {
  const node = 'aaaa000000000001' as NodeId;
  const range = '10.7.16.0/20' as Prefix;
  const ranged = subnet('10.7.0.0/16', '10.7.0.1', { range });
  const set = new AddressSet();
  const { first } = spanOf(range);
  for (let n = 0; n < 3277; n += 1) set.add(first + BigInt(n));
  const seats = Array.from({ length: 100 }, (_, time) => seatFor(ranged, set, node, time));
  for (const seat of seats) expect([seat >= 3277n, seat < 4096n]).toEqual([true, true]);
  expect(new Set(seats).size).toBeGreaterThan(70);
  expect(Array.from({ length: 100 }, (_, time) => seatFor(ranged, set, node, time))).toEqual(seats);
  // Nobody looks for ever.
  for (let n = 3277; n < 4096; n += 1) set.add(first + BigInt(n));
  expect(seatFor(ranged, set, node, 1)).toBeLessThan(4096n);
  expect(seatFor(subnet('10.7.0.1/32', '10.7.0.1'), set, node, 1)).toBe(0n);
});
