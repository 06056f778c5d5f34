import { keys, parseKey } from '../../../kvstore/keys.ts';
import { decodeCluster } from '../../../kvstore/records/cluster-json.ts';
import { decodeEndpoint } from '../../../kvstore/records/endpoint.ts';
import { decodeNetworkState } from '../../../kvstore/records/network-json.ts';
import { decodeNode } from '../../../kvstore/records/node.ts';
import type { Entry } from '../../../kvstore/store.ts';
import { ObjectSet } from '../../../linux/objects/object-set.ts';
import type { Endpoint } from '../../../model/endpoint.ts';
import type { Network, NetworkId } from '../../../model/network.ts';
import type { Cluster, Node, NodeId } from '../../../model/node.ts';
import { localEndpointObjects, remoteEndpointObjects } from '../../../vxlan/endpoint-objects.ts';
import { networkMtu, vtepOf } from '../../../vxlan/mtu.ts';
import { networkObjects } from '../../../vxlan/network-objects.ts';

/** What a store holds, decoded. */
export interface Content {
  readonly entries: ReadonlyMap<string, Entry>;
  readonly cluster: Cluster | undefined;
  readonly networks: readonly Network[];
  readonly nodes: ReadonlyMap<NodeId, Node>;
  readonly endpoints: readonly Endpoint[];
}

export function readContent(entries: readonly Entry[]): Content {
  const networks: Network[] = [];
  const nodes = new Map<NodeId, Node>();
  const endpoints: Endpoint[] = [];
  let cluster: Cluster | undefined;
  for (const { key, value } of entries) {
    const parsed = parseKey(key);
    if (key === keys.cluster) cluster = decodeCluster(key, value);
    if (parsed.kind === 'node') nodes.set(parsed.node, decodeNode(key, value));
    if (parsed.kind === 'endpoint') endpoints.push(decodeEndpoint(key, value));
    if (parsed.kind !== 'network-state') continue;
    const state = decodeNetworkState(key, value);
    if ('id' in state) networks.push(state);
  }
  return { entries: new Map(entries.map((e) => [e.key, e])), cluster, networks, nodes, endpoints };
}

/**
 * What the kernel of one node has to hold, network by network, by the pure driver alone. `lives`: is the sandbox of an endpoint of its
 * own there?
 */
export function expectedObjects(
  content: Content,
  id: NodeId,
  lives: (endpoint: Endpoint) => boolean,
): ReadonlyMap<NetworkId, ObjectSet> {
  const { cluster, networks, nodes, endpoints } = content;
  const node = nodes.get(id);
  const vtep = cluster === undefined || node === undefined ? undefined : vtepOf(node, cluster.underlay);
  const found = new Map<NetworkId, ObjectSet>();
  if (cluster === undefined || vtep === undefined) return found;
  for (const network of networks) {
    const all = endpoints.filter((e) => e.network === network.id);
    if (!all.some((e) => e.node === id)) continue;
    const mtu = networkMtu(network, [...nodes.values()], cluster.underlay);
    const objects = networkObjects({ network, networkMtu: mtu, self: { node: id, vtep }, cluster });
    for (const endpoint of all) {
      if (endpoint.node === id && !lives(endpoint)) continue;
      const owner = nodes.get(endpoint.node);
      const remote = owner === undefined ? undefined : vtepOf(owner, cluster.underlay);
      objects.push(
        ...(endpoint.node === id
          ? localEndpointObjects({ network, networkMtu: mtu, endpoint })
          : remoteEndpointObjects({ network, endpoint, vtep: remote })),
      );
    }
    found.set(network.id, new ObjectSet(objects));
  }
  return found;
}
