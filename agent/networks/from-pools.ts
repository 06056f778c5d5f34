import { nextSubnet } from '../../ipam/next-subnet.ts';
import { showPool, type AddressPool } from '../../model/address-pool.ts';
import type { Family } from '../../model/ip.ts';
import { covers, prefixFamily, type Prefix } from '../../model/prefix.ts';
import type { Surroundings } from './surroundings.ts';
import { takenBy, type Taken } from './taken.ts';

/**
 * For each family the next free subnet of the cluster's pools: it overlaps no network, whatever that allows, nothing of a node, and
 * nothing of `own`. Why there is none, as a text, otherwise.
 */
export function chooseSubnets(
  families: readonly Family[],
  own: readonly Prefix[],
  around: Surroundings,
): readonly Prefix[] | string {
  if (families.length === 0) return [];
  const taken = [...takenBy(around.networks, around.nodes)];
  const prefixes = [...own, ...taken.map(({ prefix }) => prefix)];
  const chosen: Prefix[] = [];
  for (const family of families) {
    const subnet = nextSubnet(around.pools, family, prefixes);
    if (subnet === undefined) return exhausted(family, around.pools, taken);
    chosen.push(subnet);
  }
  return chosen;
}

function exhausted(family: Family, all: readonly AddressPool[], taken: readonly Taken[]): string {
  const pools = all.filter(({ base }) => prefixFamily(base) === family);
  const remedy = 'declare a subnet, or give the cluster another address pool';
  if (pools.length === 0) return `the cluster has no address pool of IPv${family}: ${remedy}`;
  const told = pools.map((pool) => {
    const whole = taken.find(({ prefix }) => covers(prefix, pool.base));
    return whole === undefined ? showPool(pool) : `${showPool(pool)} (covered by ${whole.what})`;
  });
  return `no IPv${family} subnet is free in the address pools of the cluster, ${told.join(' and ')}: ${remedy}`;
}
