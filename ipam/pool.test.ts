import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { asWeftError } from '../model/errors.ts';
import { ipFromBigint, ipToBigint, type Ip } from '../model/ip.ts';
import { prefixFamily, type Prefix } from '../model/prefix.ts';
import type { Subnet } from '../model/network.ts';
import { network } from '../vxlan/testing/builders.ts';
import { checkFixed } from './fixed.ts';
import { isInPool, poolOf, poolSize, poolUse } from './pool.ts';
import { endsOf, naivePool, smallSubnets } from './testing/naive-pool.ts';

const isKept = ({ gateway, auxiliary }: Subnet, ip: Ip): boolean =>
  ip === gateway || [...auxiliary.values()].includes(ip);

/** Every address of the subnet, and three on either side of it. */
function around({ prefix }: Subnet): readonly Ip[] {
  const [first, last] = endsOf(prefix);
  const all: Ip[] = [];
  for (let value = first - 3n; value <= last + 3n; value += 1n)
    all.push(ipFromBigint(prefixFamily(prefix), value));
  return all;
}

test('a pool, its size and what is used of it are what somebody who looks at every address counts', () => {
  fc.assert(
    fc.property(
      smallSubnets.chain((s) => fc.tuple(fc.constant(s), fc.subarray([...around(s)]))),
      ([subnet, held]) => {
        const pool = naivePool(subnet.prefix, subnet.range);
        const given = pool.filter((ip) => !isKept(subnet, ip));
        const span = poolOf(subnet);
        expect(span === undefined ? [] : [span.first, span.last]).toEqual(
          pool.length === 0 ? [] : [pool[0]!, pool.at(-1)!].map(ipToBigint),
        );
        expect(poolSize(subnet)).toBe(BigInt(given.length));
        expect(around(subnet).filter((ip) => isInPool(subnet, ip))).toEqual(given);
        const used = BigInt(held.filter((ip) => given.includes(ip)).length);
        expect(poolUse(subnet, held)).toEqual({ total: BigInt(given.length), used });
      },
    ),
    { numRuns: 300 },
  );
});

test('an address can be asked for when it can be had at all, whether it is in the range or not', () => {
  fc.assert(
    fc.property(smallSubnets, (subnet) => {
      const blue = network({ subnets: [subnet] });
      const usable = naivePool(subnet.prefix, undefined);
      for (const ip of around(subnet)) {
        const wanted = !usable.includes(ip) ? 'ADDRESS_OUTSIDE' : isKept(subnet, ip) ? 'ADDRESS_TAKEN' : 'ok';
        expect([ip, answerOf(() => checkFixed(blue, subnet, ip))]).toEqual([ip, wanted]);
      }
    }),
    { numRuns: 200 },
  );
});

function answerOf(check: () => void): string {
  try {
    check();
    return 'ok';
  } catch (error) {
    return asWeftError(error).code;
  }
}

test('of a prefix of any length the pool begins and ends where ip-address says', () => {
  const any = fc.boolean().chain((isSix) =>
    fc.record({
      isSix: fc.constant(isSix),
      length: fc.integer({ min: 0, max: isSix ? 127 : 31 }),
      bits: fc.bigInt({ min: 0n, max: (1n << (isSix ? 128n : 32n)) - 1n }),
    }),
  );
  fc.assert(
    fc.property(any, ({ isSix, length, bits }) => {
      const [first, last] = endsOf(`${ipFromBigint(isSix ? 6 : 4, bits)}/${length}`);
      const prefix = `${ipFromBigint(isSix ? 6 : 4, first)}/${length}` as Prefix;
      const isPair = last - first === 1n;
      expect(poolOf({ prefix })).toMatchObject({
        first: isPair ? first : first + 1n,
        last: isPair || isSix ? last : last - 1n,
      });
    }),
    { numRuns: 500 },
  );
});
