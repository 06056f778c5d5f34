import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { network } from '../../kvstore/records/testing/values.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { networkOf, overlaps, parsePrefix, type Prefix } from '../../model/prefix.ts';
import { ipFromBigint } from '../../model/ip.ts';
import { acceptedOverlaps } from './overlap.ts';

const prefix = fc
  .tuple(fc.constantFrom(4 as const, 6 as const), fc.bigInt(0n, 255n), fc.integer({ min: 0, max: 8 }))
  .map(([family, host, bits]): Prefix => {
    const length = (family === 4 ? 24 : 120) + bits;
    const base = family === 4 ? 0x0a000000n : 0xfd00n << 112n;
    return parsePrefix(`${networkOf(ipFromBigint(family, base + host), length)}/${length}`);
  });

const named = (prefixes: readonly Prefix[], n: number, more: Partial<Network> = {}): Network => ({
  ...network,
  name: `n${n}` as Name,
  allowOverlap: false,
  phase: { kind: 'active' },
  subnets: prefixes.map((each) => ({ ...network.subnets[0]!, prefix: each })),
  ...more,
});

test('networks that overlap are found exactly when there are some, and each pair that is named does', () => {
  fc.assert(
    fc.property(fc.array(prefix, { maxLength: 8 }), (prefixes) => {
      const networks = prefixes.map((each, n) => named([each], n));
      const any = prefixes.some((a, n) => prefixes.slice(n + 1).some((b) => overlaps(a, b)));
      const found = acceptedOverlaps(networks);
      expect(found.length > 0).toBe(any);
      for (const { one, other, subnets } of found) {
        expect(one).not.toBe(other);
        expect(overlaps(...subnets)).toBe(true);
        expect([one.subnets[0]?.prefix, other.subnets[0]?.prefix]).toEqual(subnets);
      }
    }),
  );
});

test('those that may overlap, and those on their way out, are not named', () => {
  const same = [parsePrefix('10.0.0.0/24')];
  const free = named(same, 2, { allowOverlap: true });
  const going = named(same, 3, { phase: { kind: 'removing', force: true, by: 'x' } });
  expect(acceptedOverlaps([named(same, 1), free, going])).toEqual([]);
  expect(acceptedOverlaps([named(same, 1), named(same, 4)])).toHaveLength(1);
});
