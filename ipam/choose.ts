import { ipFromBigint, type Ip } from '../model/ip.ts';
import type { Subnet } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import { spread } from './hash.ts';
import { keptOf, poolOf } from './pool.ts';

/**
 * The first free address of the subnet's pool at or after `start`, which counts from the pool's beginning and goes round
 * at its end. Never the gateway or an auxiliary address. Undefined: every address is taken.
 *
 * The work grows with the addresses that are taken, not with the pool.
 */
export function chooseAddress(
  subnet: Subnet,
  taken: { has(ip: Ip): boolean },
  start: bigint,
): Ip | undefined {
  const pool = poolOf(subnet);
  if (pool === undefined) return undefined;
  const kept = keptOf(subnet);
  const size = pool.last - pool.first + 1n;
  const from = start % size;
  for (let n = 0n; n < size; n += 1n) {
    const ip = ipFromBigint(pool.family, pool.first + ((from + n) % size));
    if (!kept.has(ip) && !taken.has(ip)) return ip;
  }
  return undefined;
}

/** Where a node begins to look, so that nodes that choose at the same time seldom meet. */
export function startFor(subnet: Subnet, node: NodeId): bigint {
  const pool = poolOf(subnet);
  return pool === undefined ? 0n : spread(node) % (pool.last - pool.first + 1n);
}
