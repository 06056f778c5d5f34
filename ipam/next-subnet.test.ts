import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { AddressPool } from '../model/address-pool.ts';
import { networkOf, overlaps, parsePrefix, type Prefix } from '../model/prefix.ts';
import { ipFromBigint } from '../model/ip.ts';
import { nextSubnet } from './next-subnet.ts';

const pool = (base: string, size: number): AddressPool => ({ base: parsePrefix(base), size });
const all = (...texts: readonly string[]): readonly Prefix[] => texts.map(parsePrefix);

describe('the next subnet of the pools', () => {
  test.each<[string, readonly string[], string | undefined]>([
    ['is the first of an empty pool', [], '10.0.0.0/24'],
    ['follows those that are taken', ['10.0.0.0/24', '10.0.1.0/24'], '10.0.2.0/24'],
    ['fills a gap', ['10.0.0.0/24', '10.0.2.0/24'], '10.0.1.0/24'],
    ['is none that holds a single address', ['10.0.0.7/32', '10.0.1.0/25'], '10.0.2.0/24'],
    ['lies behind a larger prefix', ['10.0.0.0/23'], '10.0.2.0/24'],
    ['is not disturbed by others', ['9.0.0.0/8', '10.0.4.0/24', 'fd00::/8'], '10.0.0.0/24'],
    ['may be the last one', ['10.0.0.0/23', '10.0.2.0/24'], '10.0.3.0/24'],
    ['does not exist in a full pool', ['10.0.0.0/22'], undefined],
    ['does not exist in a covered pool', ['10.0.0.0/8'], undefined],
    ['is not disturbed by what comes twice', ['10.0.0.0/24', '10.0.0.0/24', '10.0.0.0/25'], '10.0.1.0/24'],
  ])('%s', (_, taken, expected) => {
    expect(nextSubnet([pool('10.0.0.0/22', 24)], 4, all(...taken))).toBe(expected);
  });

  test('is of the next pool of the family when the first has none', () => {
    const pools = [pool('10.0.0.0/24', 24), pool('fd00::/63', 64), pool('10.9.0.0/16', 20)];
    expect(nextSubnet(pools, 4, all('10.0.0.0/25', '10.9.0.0/20'))).toBe('10.9.16.0/20');
    expect(nextSubnet(pools, 6, all('fd00::/64'))).toBe('fd00:0:0:1::/64');
    expect(nextSubnet(pools.slice(0, 1), 6, [])).toBeUndefined();
  });

  test('is what trying one after the other finds', () => {
    const prefix = fc
      .tuple(fc.integer({ min: 22, max: 32 }), fc.nat(4095))
      .map(
        ([length, at]) =>
          `${networkOf(ipFromBigint(4, 0x0a000000n + BigInt(at)), length)}/${length}` as Prefix,
      );
    const size = fc.integer({ min: 22, max: 28 });
    fc.assert(
      fc.property(fc.array(prefix, { maxLength: 40 }), size, (taken, each) => {
        const step = 2 ** (32 - each);
        const tried = Array.from({ length: 1024 / step }, (_, i) => {
          return `${ipFromBigint(4, 0x0a000000n + BigInt(i * step))}/${each}` as Prefix;
        });
        const free = tried.find((subnet) => !taken.some((other) => overlaps(subnet, other)));
        expect(nextSubnet([pool('10.0.0.0/22', each)], 4, taken)).toBe(free);
      }),
    );
  });

  test('of a pool of 2^40 subnets costs no more than of a small one', () => {
    const taken = Array.from({ length: 5000 }, (_, i) => {
      return `${ipFromBigint(6, (0xfdn << 120n) + (BigInt(i) << 64n))}/64` as Prefix;
    });
    expect(nextSubnet([pool('fd00::/8', 64)], 6, taken)).toBe('fd00:0:0:1388::/64');
  });
});
