import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { ipFromBigint, type Family, type Ip } from './ip.ts';
import {
  contains,
  covers,
  hostSpan,
  networkOf,
  overlaps,
  parsePrefix,
  prefixFamily,
  prefixLength,
  spanOf,
  type Prefix,
} from './prefix.ts';

const family = fc.constantFrom<Family>(4, 6);
/** Prefixes close together, so that they often overlap. */
const prefix = family.chain((f) =>
  fc
    .tuple(fc.integer({ min: f === 4 ? 24 : 120, max: f === 4 ? 32 : 128 }), fc.nat(255))
    .map(([length, host]): Prefix => {
      const base = f === 4 ? 0x0a070000n : 0xfd00n << 112n;
      return `${networkOf(ipFromBigint(f, base + BigInt(host)), length)}/${length}` as Prefix;
    }),
);
const everyAddress = (p: Prefix): readonly Ip[] => {
  const { first, last, family: f } = spanOf(p);
  return Array.from({ length: Number(last - first) + 1 }, (_, i) => ipFromBigint(f, first + BigInt(i)));
};

test.each([
  ['10.7.0.0/24', '10.7.0.0/24'],
  ['FD00:7:0::/64', 'fd00:7::/64'],
  ['0.0.0.0/0', '0.0.0.0/0'],
  ['::/0', '::/0'],
  ['fd00::1/128', 'fd00::1/128'],
])('%s is read as %s', (text, canonical) => {
  expect(parsePrefix(text)).toBe(canonical);
});

test.each([
  ['10.7.0.0', 'is not a prefix'],
  ['10.7.0.0/', 'is not a prefix'],
  ['10.7.0.0/33', 'beyond /32'],
  ['fd00::/129', 'beyond /128'],
  ['10.7.0.1/24', 'did you mean 10.7.0.0/24?'],
  ['fd00:7::1/64', 'did you mean fd00:7::/64?'],
  ['10.7.0.0/24/8', 'is not a prefix'],
  ['x/8', 'is not a prefix'],
  ['10.7.0.0/-1', 'is not a prefix'],
])('%s is refused: %s', (text, why) => {
  expect(() => parsePrefix(text)).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(why) }),
  );
});

test('family and length are those of the text', () => {
  expect([prefixFamily('10.7.0.0/24' as Prefix), prefixLength('10.7.0.0/24' as Prefix)]).toEqual([4, 24]);
  expect([prefixFamily('fd00::/64' as Prefix), prefixLength('fd00::/64' as Prefix)]).toEqual([6, 64]);
});

test('the network address is that of ip-address', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), fc.nat(128), (value, length) => {
      const ip = ipFromBigint(6, value);
      const start = new Address6(`${ip}/${length}`).startAddress().bigInt();
      expect(networkOf(ip, length)).toBe(ipFromBigint(6, start));
    }),
  );
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }), fc.nat(32), (value, length) => {
      const ip = ipFromBigint(4, value);
      expect(networkOf(ip, length)).toBe(new Address4(`${ip}/${length}`).startAddress().correctForm());
    }),
  );
});

test('overlaps, covers and contains are what the sets of addresses say', () => {
  fc.assert(
    fc.property(prefix, prefix, (a, b) => {
      const [inA, inB] = [new Set(everyAddress(a)), everyAddress(b)];
      expect(overlaps(a, b)).toBe(inB.some((ip) => inA.has(ip)));
      expect(covers(a, b)).toBe(inB.every((ip) => inA.has(ip)));
      expect(contains(a, inB[0]!)).toBe(inA.has(inB[0]!));
      expect(contains(a, inB.at(-1)!)).toBe(inA.has(inB.at(-1)!));
    }),
  );
});

/** Prefixes of every length, half of them with the first bits of one place, so that they often overlap. */
const anyPrefix = family.chain((f) => {
  const bits = f === 4 ? 32 : 128;
  const place = f === 4 ? 0x0a07_1234n : (0xfd00_0007n << 96n) + 0x1234n;
  return fc
    .record({
      length: fc.nat(bits),
      shared: fc.nat(bits),
      noise: fc.bigInt({ min: 0n, max: (1n << BigInt(bits)) - 1n }),
    })
    .map(({ length, shared, noise }): Prefix => {
      const free = BigInt(bits - shared);
      const value = ((place >> free) << free) + (noise % (1n << free));
      return `${networkOf(ipFromBigint(f, value), length)}/${length}` as Prefix;
    });
});
/** Any two, or one that holds or touches the beginning or the end of the other, whatever its length. */
const pairs = anyPrefix.chain((a) => {
  const { family: f, first, last } = spanOf(a);
  const near = fc
    .record({ value: fc.constantFrom(first, last), length: fc.nat(f === 4 ? 32 : 128) })
    .map(({ value, length }) => `${networkOf(ipFromBigint(f, value), length)}/${length}` as Prefix);
  return fc.tuple(fc.constant(a), fc.oneof(anyPrefix, near));
});
const addressIn = (text: string): Address4 | Address6 =>
  text.includes(':') ? new Address6(text) : new Address4(text);
/** By ip-address; its words compare addresses of one family only. */
const isWithin = (inner: string, outer: string): boolean =>
  inner.includes(':') === outer.includes(':') && addressIn(inner).isInSubnet(addressIn(outer));

test('of any length, overlaps, covers, contains and the span are what ip-address says', () => {
  fc.assert(
    fc.property(pairs, ([a, b]) => {
      expect(covers(a, b)).toBe(isWithin(b, a));
      expect(overlaps(a, b)).toBe(isWithin(a, b) || isWithin(b, a));
      const ip = b.slice(0, b.indexOf('/')) as Ip;
      expect(contains(a, ip)).toBe(isWithin(ip, a));
      const address = addressIn(a);
      expect(spanOf(a)).toMatchObject({
        first: address.startAddress().bigInt(),
        last: address.endAddress().bigInt(),
      });
    }),
    { numRuns: 2000 },
  );
});

test.each([
  ['10.7.0.0/24', '10.7.0.1', '10.7.0.254'],
  ['10.7.0.4/30', '10.7.0.5', '10.7.0.6'],
  ['10.7.0.4/31', '10.7.0.4', '10.7.0.5'],
  ['10.0.0.0/8', '10.0.0.1', '10.255.255.254'],
  ['fd00::/64', 'fd00::1', 'fd00::ffff:ffff:ffff:ffff'],
  ['fd00::4/126', 'fd00::5', 'fd00::7'],
  ['fd00::4/127', 'fd00::4', 'fd00::5'],
])('in %s interfaces can have %s to %s', (text, first, last) => {
  const span = hostSpan(text as Prefix)!;
  expect([ipFromBigint(span.family, span.first), ipFromBigint(span.family, span.last)]).toEqual([
    first,
    last,
  ]);
});

test.each(['10.7.0.4/32', 'fd00::4/128'])('%s has no room for an interface and its neighbour', (text) => {
  expect(hostSpan(text as Prefix)).toBeUndefined();
});
