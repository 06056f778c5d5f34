import type { PoolJson } from '../../api/schemas/pool.ts';
import { keys } from '../../kvstore/keys.ts';
import { decodeCluster, encodeCluster, poolsOf } from '../../kvstore/records/cluster-json.ts';
import { parsePools, showPools, type AddressPool } from '../../model/address-pool.ts';
import { WeftError } from '../../model/errors.ts';
import type { Network } from '../../model/network.ts';
import { covers, prefixLength } from '../../model/prefix.ts';
import { commit } from '../commit.ts';
import type { AcceptPorts } from './accept.ts';

/** How often it is tried again because somebody else has changed the facts of the cluster meanwhile. */
const attempts = 8;

/**
 * Gives the cluster other address pools; every node goes by them from now on, and no network changes its subnet. An empty text: those
 * that it had if nobody had ever said anything.
 *
 * @throws INPUT_INVALID; CLUSTER_MISMATCH when the store is that of another cluster.
 */
export async function setPools(text: string, ports: AcceptPorts): Promise<readonly AddressPool[]> {
  const { store, signal } = ports;
  const { id } = ports.cluster;
  const named = parsePools(text);
  const pools = named.length === 0 ? poolsOf(id) : named;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const entry = await store.get(keys.cluster, { signal });
    const facts = entry === undefined ? undefined : decodeCluster(entry.key, entry.value);
    if (entry === undefined || facts?.id !== id)
      throw new WeftError(
        'CLUSTER_MISMATCH',
        `the store is not that of cluster ${id}: its address pools stay`,
      );
    if (showPools(facts.pools) === showPools(pools)) return pools;
    const unchanged = { kind: 'unchanged', key: entry.key, revision: entry.revision } as const;
    const put = { kind: 'put', key: entry.key, value: encodeCluster({ ...facts, pools }) } as const;
    if (await commit([unchanged], [put], ports)) return pools;
  }
  throw new WeftError('STORE_UNAVAILABLE', 'the facts of the cluster kept changing; try again');
}

/** The pools, and how many subnets of networks lie in each. */
export function poolsJson(
  pools: readonly AddressPool[],
  networks: readonly Pick<Network, 'subnets'>[],
): readonly PoolJson[] {
  const subnets = networks.flatMap((network) => network.subnets.map(({ prefix }) => prefix));
  return pools.map(({ base, size }) => ({
    base,
    size,
    total: String(1n << BigInt(size - prefixLength(base))),
    subnets: subnets.filter((prefix) => covers(base, prefix)).length,
  }));
}
