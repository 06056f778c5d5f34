import { keys } from '../../kvstore/keys.ts';
import { decodeCluster, encodeCluster, poolsOf } from '../../kvstore/records/cluster-json.ts';
import type { Store } from '../../kvstore/store.ts';
import { sleep, type Clock } from '../../model/clock.ts';
import { parsePools, showPools } from '../../model/address-pool.ts';
import { WeftError } from '../../model/errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { Cluster } from '../../model/node.ts';
import { defaultVniRange } from '../../model/vni.ts';
import type { Config } from '../config/settings.ts';

export interface ClusterPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly signal: AbortSignal;
  /** Takes the tunnels' UDP port for this process. @throws NODE_CONFLICT when another agent has it here. */
  readonly holdPort: (port: number) => Promise<void>;
}

/** How long a node without --init waits for somebody else to found the cluster. */
const foundingPatience = 30_000;
const foundingPoll = 500;

/** Local settings that must agree with the cluster; absent: this node follows the cluster. */
export interface LocalWish {
  readonly underlay?: 4 | 6;
  readonly port?: number;
  /** As `showPools` spells them. */
  readonly addressPools?: string;
}

export function localWish(config: Config, isExplicit: (key: keyof Config) => boolean): LocalWish {
  return {
    ...(config.underlay === 'auto' ? {} : { underlay: config.underlay }),
    ...(isExplicit('port') ? { port: config.port } : {}),
    ...(config.addressPools === '' ? {} : { addressPools: config.addressPools }),
  };
}

/**
 * The facts that the whole cluster shares, from the store, or founded by us. The port is ours when this returns, and before a
 * cluster is founded on it.
 *
 * @throws CLUSTER_MISMATCH naming both values; NODE_CONFLICT when another agent has the port here.
 */
export async function settleCluster(
  wish: LocalWish,
  found: Cluster,
  init: boolean,
  ports: ClusterPorts,
): Promise<Cluster> {
  const { store, clock, logger, signal, holdPort } = ports;
  const deadline = clock.monotonic() + (init ? 0 : foundingPatience);
  let toldOfRestore = false;
  for (;;) {
    const entry = await store.get(keys.cluster, { signal });
    // Asked for second: a store that is being filled has this key for as long as it has a cluster and not yet all the rest.
    if ((await store.get(keys.restoring, { signal })) !== undefined) {
      if (!toldOfRestore) logger.info('waiting: the store is being filled by a restore or a copy');
      toldOfRestore = true;
      await sleep(clock, foundingPoll, signal);
      continue;
    }
    if (entry !== undefined) {
      const cluster = decodeCluster(keys.cluster, entry.value);
      checkAgreement(wish, cluster);
      checkVersion(found.minimumVersion, cluster);
      await holdPort(cluster.port);
      return cluster;
    }
    if (clock.monotonic() >= deadline) {
      await holdPort(found.port);
      logger.info('founding cluster', { cluster: found.id, underlay: found.underlay, port: found.port });
      await store.txn(
        [{ kind: 'absent', key: keys.cluster }],
        [{ kind: 'put', key: keys.cluster, value: encodeCluster(found) }],
        { signal },
      );
    } else {
      logger.debug('no cluster in the store yet', { prefix: store.description });
      await sleep(clock, foundingPoll, signal);
    }
  }
}

/** The cluster that this node would found; agents older than it must not join. */
export function newCluster(
  id: string,
  { underlay, port, addressPools }: Pick<Cluster, 'underlay' | 'port'> & Pick<LocalWish, 'addressPools'>,
  version: string,
): Cluster {
  return {
    id,
    epoch: 1,
    underlay,
    port,
    pools: addressPools === undefined ? poolsOf(id) : parsePools(addressPools),
    vniFirst: defaultVniRange.first,
    vniLast: defaultVniRange.last,
    minimumVersion: version,
  };
}

/** @throws CLUSTER_MISMATCH when this agent is older than the cluster allows. */
export function checkVersion(version: string, { id, minimumVersion }: Cluster): void {
  if (!isOlder(version, minimumVersion)) return;
  throw new WeftError(
    'CLUSTER_MISMATCH',
    `this node cannot join cluster ${id}: weftd is version ${version} here, the cluster needs at least ${minimumVersion}`,
    { details: { cluster: id, version, minimumVersion } },
  );
}

/** Compares major.minor.patch; what comes after does not count. */
function isOlder(a: string, b: string): boolean {
  const parts = (version: string): readonly number[] =>
    (/^\d+(\.\d+)*/.exec(version)?.[0] ?? '0').split('.').map(Number);
  const [x, y] = [parts(a), parts(b)];
  const at = [0, 1, 2].find((i) => (x[i] ?? 0) !== (y[i] ?? 0));
  return at !== undefined && (x[at] ?? 0) < (y[at] ?? 0);
}

/** @throws CLUSTER_MISMATCH naming what is set here and what the cluster has. */
export function checkAgreement(wish: LocalWish, cluster: Cluster): void {
  const has = { ...cluster, addressPools: showPools(cluster.pools) };
  const differing = (['underlay', 'port', 'addressPools'] as const).filter(
    (key) => wish[key] !== undefined && wish[key] !== has[key],
  );
  if (differing.length === 0) return;
  const both = differing
    .map((key) => `${key} is ${wish[key]} here and ${has[key]} in the cluster`)
    .join('; ');
  throw new WeftError('CLUSTER_MISMATCH', `this node cannot join cluster ${cluster.id}: ${both}`, {
    details: { cluster: cluster.id, differing },
  });
}
