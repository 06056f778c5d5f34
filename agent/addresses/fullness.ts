import { poolSize, poolText, poolUse, type PoolUse } from '../../ipam/pool.ts';
import type { Ip } from '../../model/ip.ts';
import type { Network } from '../../model/network.ts';
import type { View } from '../view/view.ts';

/** A pool that is nearly used up, as far as this node's view shows it: reservations are not in it. */
export interface FullPool extends PoolUse {
  readonly network: Network;
  /** Such as `10.7.0.0/24`, or `10.7.0.128/25 of subnet 10.7.0.0/24`. */
  readonly pool: string;
}

/** Percent of a pool that are worth a word; below the lower mark the word may be said again. */
export const fullMark = 90n;
export const easedMark = 80n;

/** The pools of a network that are used to `mark` percent or more. Cheap while there are far fewer endpoints than addresses. */
export function poolsAbove(
  mark: bigint,
  network: Network,
  view: Pick<View, 'endpoints'>,
): readonly FullPool[] {
  const records = view.endpoints(network.id)?.records;
  if (records === undefined) return [];
  // An endpoint has one address of a subnet at most.
  const near = network.subnets.filter((subnet) => reaches(mark, BigInt(records.size), poolSize(subnet)));
  if (near.length === 0) return [];
  const held = new Set<Ip>();
  for (const { value } of records.values()) for (const ip of value.addresses) held.add(ip);
  return near.flatMap((subnet) => {
    const use = poolUse(subnet, held);
    return reaches(mark, use.used, use.total) ? [{ network, pool: poolText(subnet), ...use }] : [];
  });
}

const reaches = (mark: bigint, used: bigint, total: bigint): boolean =>
  total > 0n && used * 100n >= total * mark;
