import { ipToBigint, type Ip } from '../model/ip.ts';
import type { Subnet } from '../model/network.ts';
import { hostSpan, spanOf, type Span } from '../model/prefix.ts';

/** How much of a pool is given away. Exact, also for a /64. */
export interface PoolUse {
  /** Addresses that endpoints and reservations can have without asking for a certain one. */
  readonly total: bigint;
  /** Those of them that somebody has. */
  readonly used: bigint;
}

/** Where automatic addresses come from: the usable ones of the range, or of the whole prefix. Undefined: there is none. */
export function poolOf({ prefix, range }: Pick<Subnet, 'prefix' | 'range'>): Span | undefined {
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

/** Addresses that are never given to anybody: the gateway and the auxiliary ones. */
export function keptOf({ gateway, auxiliary }: Subnet): ReadonlySet<Ip> {
  return new Set([gateway, ...auxiliary.values()]);
}

/** How many addresses of the pool can be given away. */
export function poolSize(subnet: Subnet): bigint {
  const pool = poolOf(subnet);
  if (pool === undefined) return 0n;
  const kept = [...keptOf(subnet)].filter((ip) => isIn(pool, ip)).length;
  return pool.last - pool.first + 1n - BigInt(kept);
}

/** How a pool is called: `10.7.0.0/24`, or `10.7.0.128/25 of subnet 10.7.0.0/24` where there is a range. */
export function poolText({ prefix, range }: Pick<Subnet, 'prefix' | 'range'>): string {
  return range === undefined ? prefix : `${range} of subnet ${prefix}`;
}

/** `held`: addresses that somebody has, of any subnet and each once. What lies outside the pool, or is kept, does not count. */
export function poolUse(subnet: Subnet, held: Iterable<Ip>): PoolUse {
  const pool = poolOf(subnet);
  if (pool === undefined) return { total: 0n, used: 0n };
  const kept = keptOf(subnet);
  let used = 0n;
  for (const ip of held) if (isIn(pool, ip) && !kept.has(ip)) used += 1n;
  return { total: poolSize(subnet), used };
}

/** Is it one that is given away without being asked for? */
export function isInPool(subnet: Subnet, ip: Ip): boolean {
  const pool = poolOf(subnet);
  return pool !== undefined && isIn(pool, ip) && !keptOf(subnet).has(ip);
}

function isIn({ family, first, last }: Span, ip: Ip): boolean {
  if (ip.includes(':') !== (family === 6)) return false;
  const value = ipToBigint(ip);
  return value >= first && value <= last;
}
