import { ipFromBigint, ipToBigint, type Ip } from '../model/ip.ts';
import type { Subnet } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import type { AddressSet } from './address-set.ts';
import { spread } from './hash.ts';
import { keptOf, poolOf } from './pool.ts';

/**
 * The first free address of the subnet's pool at or after `start`, which counts from the pool's beginning and goes round
 * at its end. Never the gateway or an auxiliary address. Undefined: every address is taken.
 *
 * The work grows with the logarithm of what is taken, not with the pool.
 */
export function chooseAddress(
  subnet: Subnet,
  taken: Pick<AddressSet, 'firstFree'>,
  start: bigint,
): Ip | undefined {
  const pool = poolOf(subnet);
  if (pool === undefined) return undefined;
  const { family, first, last } = pool;
  const kept = new Set(Array.from(keptOf(subnet), ipToBigint));
  const from = first + (start % (last - first + 1n));
  const free = (at: bigint, end: bigint): bigint | undefined => {
    for (let found = taken.firstFree(at, end); found !== undefined; found = taken.firstFree(found + 1n, end))
      if (!kept.has(found)) return found;
    return undefined;
  };
  const value = free(from, last) ?? free(first, from - 1n);
  return value === undefined ? undefined : ipFromBigint(family, value);
}

/** Where a node begins to look, so that nodes that choose at the same time seldom meet. */
export function startFor(subnet: Subnet, node: NodeId): bigint {
  const pool = poolOf(subnet);
  return pool === undefined ? 0n : spread(node) % (pool.last - pool.first + 1n);
}

/** How many places are looked at before one is taken that is not free. */
const looks = 64;

/**
 * Where a node looks on, when somebody else was quicker at the address that it had chosen: in a pool that is nearly used up all come
 * to the first free one, and would meet there again and again. The place of a free address, nearly always where a tenth is free and in
 * every other case where a hundredth is. `time`: each one leads elsewhere.
 */
export function seatFor(
  subnet: Subnet,
  taken: Pick<AddressSet, 'count'>,
  node: NodeId,
  time: number,
): bigint {
  const pool = poolOf(subnet);
  if (pool === undefined) return 0n;
  const size = pool.last - pool.first + 1n;
  let place = 0n;
  for (let look = 0; look < looks; look += 1) {
    place = spread(`${node} ${time} ${look}`) % size;
    if (taken.count(pool.first + place) === 0) break;
  }
  return place;
}

/** How far an address of the pool is from its beginning. */
export function placeIn(subnet: Subnet, ip: Ip): bigint {
  const first = poolOf(subnet)?.first ?? 0n;
  return ipToBigint(ip) - first;
}
