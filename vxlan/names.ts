import type { EndpointId } from '../model/endpoint.ts';
import type { Mac } from '../model/mac.ts';
import type { Network, NetworkId } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';

/** The bridge of every network namespace. */
export const bridgeName = 'br0';
/** The tunnel device of every network namespace. */
export const tunnelName = 'vxlan0';

/** The port of a local endpoint: `v` and the first 12 digits of its id, within the 15 bytes of an interface name. */
export function portName(endpoint: EndpointId): string {
  return `v${endpoint.slice(0, 12)}`;
}

/** The mark that proves a network namespace to be ours: which cluster, node and network it serves. */
export function namespaceMark(cluster: string, node: NodeId, network: NetworkId): string {
  return `weft ${cluster} ${node} ${network}`;
}

/**
 * The bridge's own MAC where it is no gateway. It answers nobody then, but must be explicit, or it would change with the ports; its
 * first byte keeps it apart from the MACs of endpoints, the rest comes from network and node.
 */
export function bridgeMac(network: Pick<Network, 'id'>, node: NodeId): Mac {
  const mixed = [0, 2, 4, 6, 8].map((at) => byteAt(network.id, at) ^ byteAt(node, at));
  return ['06', ...mixed.map((b) => b.toString(16).padStart(2, '0'))].join(':') as Mac;
}

function byteAt(hex: string, at: number): number {
  return Number.parseInt(hex.slice(at, at + 2), 16);
}

/** Who wants the objects of a network as such: a source of the desired state. */
export const networkSource = (network: NetworkId): string => `network ${network}`;
/** Who wants the objects of one endpoint, wherever it lives: its id says it, and there may be very many. */
export const endpointSource = (endpoint: EndpointId): string => endpoint;
