import { ipFromBigint, type Ip } from '../model/ip.ts';
import type { Subnet } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import { hostSpan, spanOf, type Span } from '../model/prefix.ts';
import { spread } from './hash.ts';

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
  const kept = new Set([subnet.gateway, ...subnet.auxiliary.values()]);
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

/** Where automatic addresses come from: the usable ones of the range, or of the whole prefix. */
function poolOf({ prefix, range }: Subnet): Span | undefined {
  const usable = hostSpan(prefix);
  if (usable === undefined || range === undefined) return usable;
  const { first, last } = spanOf(range);
  const pool = {
    ...usable,
    first: first < usable.first ? usable.first : first,
    last: last > usable.last ? usable.last : last,
  };
  return pool.first <= pool.last ? pool : undefined;
}
