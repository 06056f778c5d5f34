import fc from 'fast-check';
import { Address4, Address6 } from 'ip-address';
import { addressBits, ipFromBigint, type Family, type Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { Subnet } from '../../model/network.ts';
import { networkOf, type Prefix } from '../../model/prefix.ts';

/** The first and the last address of a prefix, by the package `ip-address`. */
export function endsOf(prefix: string): readonly [first: bigint, last: bigint] {
  const address = prefix.includes(':') ? new Address6(prefix) : new Address4(prefix);
  return [address.startAddress().bigInt(), address.endAddress().bigInt()];
}

/** Every address that a pool gives away, in order, found the slow way: by looking at each address of the prefix. */
export function naivePool(prefix: Prefix, range: Prefix | undefined): readonly Ip[] {
  const family: Family = prefix.includes(':') ? 6 : 4;
  const [first, last] = endsOf(prefix);
  const all: bigint[] = [];
  for (let value = first; value <= last; value += 1n) all.push(value);
  const usable = all.length <= 2 ? all : family === 4 ? all.slice(1, -1) : all.slice(1);
  const [from, to] = endsOf(range ?? prefix);
  return usable.filter((value) => value >= from && value <= to).map((value) => ipFromBigint(family, value));
}

/** Small subnets of both families with a range in it or without, and with addresses that are kept. */
export const smallSubnets: fc.Arbitrary<Subnet> = fc
  .record({ family: fc.constantFrom<Family>(4, 6), host: fc.integer({ min: 1, max: 6 }), base: fc.nat(255) })
  .chain(({ family, host, base }) => {
    const bits = addressBits[family];
    const near = ipFromBigint(family, (family === 4 ? 0x0a070000n : 0xfd00n << 112n) + BigInt(base));
    const prefix = `${networkOf(near, bits - host)}/${bits - host}` as Prefix;
    const all = naivePool(prefix, undefined);
    const range = fc.option(
      fc.record({ ip: fc.constantFrom(...all), length: fc.integer({ min: bits - host, max: bits }) }),
      { nil: undefined },
    );
    return fc
      .record({ gateway: fc.constantFrom(...all), auxiliary: fc.subarray([...all]), range })
      .map(({ gateway, auxiliary, range: r }) => ({
        prefix,
        gateway,
        ...(r === undefined ? {} : { range: `${networkOf(r.ip, r.length)}/${r.length}` as Prefix }),
        auxiliary: new Map(auxiliary.map((ip, i) => [`a${i}` as Name, ip])),
      }));
  });
