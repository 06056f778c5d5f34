import type { Clock } from '../model/clock.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { NetworkId } from '../model/network.ts';
import type { Cluster, NodeId } from '../model/node.ts';
import type { Logger } from '../model/logger.ts';
import { keys } from '../kvstore/keys.ts';
import {
  checkAgreement,
  checkVersion,
  localWish,
  newCluster,
  settleCluster,
  type ClusterPorts,
} from './cluster/cluster-facts.ts';
import type { NodeContent } from './cluster/join.ts';
import type { Resolved } from './config/load.ts';
import { selfOf, type Self } from './reconcile/self.ts';
import type { LastView } from './state/last-view.ts';
import type { View } from './view/view.ts';
import type { Kernel } from '../linux/kernel.ts';
import { namespaceMark } from '../vxlan/names.ts';

/** What it takes to know who this node is. */
export interface BootPorts {
  readonly settings: Resolved;
  readonly version: string;
  readonly logger: Logger;
  readonly content: () => Promise<NodeContent>;
  readonly holdPort: (port: number) => Promise<void>;
}

/**
 * Who this node is in a cluster whose facts are known. The tunnels' port is ours when this returns.
 *
 * @throws CLUSTER_MISMATCH when this node does not fit; NODE_CONFLICT when another agent has the port here.
 */
export async function selfIn(cluster: Cluster, ports: BootPorts): Promise<Self> {
  const { config, origins } = ports.settings;
  const wish = localWish(config, (key) => origins.get(key) !== 'default');
  checkAgreement(wish, cluster);
  checkVersion(ports.version, cluster);
  const self = selfOf(await ports.content(), cluster, config.advertise);
  await ports.holdPort(cluster.port);
  return self;
}

/** The same for a node that knows nothing yet: by what the store says, or as one that founds the cluster. */
export async function settled(
  ports: BootPorts &
    Pick<ClusterPorts, 'store' | 'clock' | 'signal'> & { readonly random: (bytes: number) => string },
): Promise<Self> {
  const { config, origins } = ports.settings;
  const wish = localWish(config, (key) => origins.get(key) !== 'default');
  const content = await ports.content();
  const family = wish.underlay ?? (content.vteps.some((ip) => !ip.includes(':')) ? 4 : 6);
  const facts = { ...wish, underlay: family, port: config.port } as const;
  const found = newCluster(ports.random(8), facts, ports.version);
  const cluster = await settleCluster(wish, found, config.init, ports);
  return selfOf(content, cluster, config.advertise);
}

/** The same by what an earlier life knew, with which the view begins: the store may be away, or be another one. */
export async function remembered(
  last: LastView | undefined,
  view: View,
  ports: BootPorts,
): Promise<Self | undefined> {
  if (last === undefined) return undefined;
  view.restore(last.parts);
  const cluster = clusterIn(view);
  if (cluster === undefined) return undefined;
  const seen = new Date(last.seen).toISOString();
  ports.logger.info('last good view of the store is restored', { cluster: cluster.id, seen });
  return selfIn(cluster, ports);
}

/** The facts of the cluster, as the store had them last. */
export const clusterIn = (view: View): Cluster | undefined => view.cluster.get(keys.cluster)?.value;

/** How long the store may take to answer at the start before this node goes by what it knew last. */
const patience = 2000;

/**
 * Waits until the store has said everything once and knows that this node lives; not for long where an earlier life `knew` enough
 * to begin with. Has it spoken?
 */
export async function storeSpeaks(
  node: NodeId,
  knew: boolean,
  { view, clock }: { readonly view: View; readonly clock: Clock },
  signal: AbortSignal,
): Promise<boolean> {
  const isThere = (): true | undefined => (view.state === 'insync' && view.isAlive(node) ? true : undefined);
  if (!knew) return view.until(isThere, signal);
  const enough = new AbortController();
  using _ = clock.after(patience, () => {
    enough.abort();
  });
  await view.until(isThere, AbortSignal.any([enough.signal, signal])).catch(() => undefined);
  signal.throwIfAborted();
  return isThere() ?? false;
}

/** The endpoints of a node, as far as the view holds them. */
export function ownEndpoints(view: View, node: NodeId): readonly Endpoint[] {
  const all = view.joined().flatMap((id) => [...(view.endpoints(id)?.records.values() ?? [])]);
  return all.map(({ value }) => value).filter((endpoint) => endpoint.node === node);
}

/** The networks in which the view holds an endpoint of the node. */
export function networksKnown(view: View, node: NodeId): ReadonlySet<NetworkId> {
  return new Set(ownEndpoints(view, node).map(({ network }) => network));
}

/** The networks of which this node's kernel has a namespace that is provably ours. */
export async function pinnedNetworks(
  kernel: Pick<Kernel, 'namespaces'>,
  { cluster, node }: Self,
): Promise<readonly NetworkId[]> {
  return (await kernel.namespaces()).flatMap(({ scope, mark }) => {
    const id = scope.slice('network:'.length) as NetworkId;
    return mark === namespaceMark(cluster.id, node, id) ? [id] : [];
  });
}
