import type { EndpointJson } from '../api/schemas/endpoint.ts';
import {
  mostAttached,
  type Attached,
  type NetworkJson,
  type SubnetJson,
  type WaitsFor,
} from '../api/schemas/network.ts';
import type { NodeJson } from '../api/schemas/node.ts';
import type { NetworkState } from '../kvstore/records/network-json.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Ip } from '../model/ip.ts';
import type { Family } from '../model/ip.ts';
import type { Network, Subnet } from '../model/network.ts';
import type { Cluster, Node, NodeId } from '../model/node.ts';
import { contains, prefixLength } from '../model/prefix.ts';
import { networkMtu } from '../vxlan/mtu.ts';
import type { EndpointProgress } from './reconcile/pass.ts';
import type { Vanished } from './sandbox-watch.ts';
import type { Recorded } from './view/collection.ts';

/** Model values as the JSON of the local API. Pure. */
export interface NetworkFacts {
  readonly nodes: readonly Node[];
  readonly cluster: Pick<Cluster, 'underlay'>;
  readonly declared: boolean;
  /** How many there are; null when this node does not follow them. */
  readonly endpoints: number | null;
  readonly waitsFor?: WaitsFor | undefined;
}

export function networkJson(state: NetworkState, facts: NetworkFacts): NetworkJson {
  if (!('id' in state)) return { name: state.name, phase: 'refused', why: state.why };
  const { phase, mtu } = state;
  const { nodes, cluster, declared, endpoints, waitsFor } = facts;
  return {
    name: state.name,
    id: state.id,
    phase: phase.kind,
    ...(waitsFor === undefined ? {} : { waitsFor }),
    declared,
    driver: state.driver,
    vni: state.vni,
    subnets: state.subnets.map(subnetJson),
    mtu: networkMtu(state, nodes, cluster.underlay),
    ...(mtu === undefined ? {} : { declaredMtu: mtu }),
    internal: state.internal,
    allowOverlap: state.allowOverlap,
    labels: Object.fromEntries(state.labels),
    endpoints,
    creator: state.creator,
    createdAt: state.createdAt,
    ...(state.changed === undefined ? {} : { changed: state.changed }),
    ...(phase.kind === 'active' && phase.refused !== undefined
      ? { refusedEdit: { why: phase.refused.why } }
      : {}),
  };
}

/** Who holds these endpoints. */
export function holders(
  endpoints: readonly Pick<Endpoint, 'node'>[],
  nodes: readonly Pick<Node, 'id' | 'name'>[],
  isAlive: (id: NodeId) => boolean,
): WaitsFor {
  const counts = new Map<NodeId, number>();
  for (const { node } of endpoints) counts.set(node, (counts.get(node) ?? 0) + 1);
  return [...counts].map(([id, count]) => {
    const node = nodes.find((n) => n.id === id)?.name ?? id;
    return { node, alive: isAlive(id), endpoints: count };
  });
}

/** Everybody who is attached, by node and name, as far as an answer has room. */
export function attachedJson(
  endpoints: readonly Endpoint[],
  network: Pick<Network, 'subnets'>,
  nodeName: (id: NodeId) => string,
): Attached {
  const named = endpoints.map((endpoint) => ({ endpoint, node: nodeName(endpoint.node) }));
  const order = ({ node, endpoint: { name, sandbox, id } }: (typeof named)[number]): string =>
    `${node} ${name ?? ''} ${sandbox.path} ${id}`;
  const sorted = named.toSorted((a, b) => (order(a) < order(b) ? -1 : 1)).slice(0, mostAttached);
  return sorted.map(({ endpoint, node }) => ({
    id: endpoint.id,
    ...(endpoint.name === undefined ? {} : { name: endpoint.name }),
    node,
    addresses: addressesIn(network, endpoint.addresses),
    sandbox: endpoint.sandbox.path,
    interfaceName: endpoint.interfaceName,
    state: endpoint.state.kind,
    ...timeOf(endpoint),
  }));
}

const timeOf = ({ createdAt }: Endpoint): { readonly createdAt?: string } =>
  createdAt === 0 ? {} : { createdAt: new Date(createdAt).toISOString() };

/** With the length of the subnet's prefix. */
function addressesIn({ subnets }: Pick<Network, 'subnets'>, addresses: readonly Ip[]): readonly string[] {
  return addresses.map((ip) => {
    const subnet = subnets.find((s) => contains(s.prefix, ip));
    return subnet === undefined ? ip : `${ip}/${prefixLength(subnet.prefix)}`;
  });
}

function subnetJson({ prefix, gateway, range, auxiliary }: Subnet): SubnetJson {
  return {
    cidr: prefix,
    gateway,
    ...(range === undefined ? {} : { range }),
    auxiliary: Object.fromEntries(auxiliary),
  };
}

export interface EndpointFacts {
  readonly network: Pick<Network, 'name' | 'subnets'>;
  /** The node that holds it, if it is known. */
  readonly node: Pick<Node, 'name'> | undefined;
  readonly progress: EndpointProgress | undefined;
  readonly local: boolean;
  /** The families in which it gives its sandbox the default route, as far as it is known here. */
  readonly defaultRoutes: readonly Family[];
  /** Endpoints in conflict with it, as people know them. */
  readonly contestedBy: readonly string[];
  /** Of one whose sandbox is on this node, and gone. */
  readonly vanished: Vanished | undefined;
}

export function endpointJson({ value, revision }: Recorded<Endpoint>, facts: EndpointFacts): EndpointJson {
  const { network, node, progress, local, defaultRoutes, contestedBy, vanished } = facts;
  const { name, state } = value;
  return {
    id: value.id,
    network: network.name,
    networkId: value.network,
    node: node?.name ?? value.node,
    nodeId: value.node,
    ...(name === undefined ? {} : { name }),
    mac: value.mac,
    addresses: addressesIn(network, value.addresses),
    sandbox: {
      key: value.sandbox.key,
      path: value.sandbox.path,
      ...(vanished === undefined ? {} : { gone: goneJson(vanished) }),
    },
    interfaceName: value.interfaceName,
    aliases: value.aliases,
    routePriority: value.routePriority,
    ...(defaultRoutes.length === 0 ? {} : { defaultRoutes: defaultRoutes.map((f) => `IPv${f}` as const) }),
    labels: Object.fromEntries(value.labels),
    state: state.kind,
    ...(state.kind === 'conflict' ? { conflictWith: state.holder } : {}),
    ...(contestedBy.length === 0 ? {} : { contestedBy }),
    programmed: progress?.kind === 'programmed' && progress.revision >= revision,
    ...(progress?.kind === 'pending' && progress.why !== undefined ? { pending: progress.why } : {}),
    local,
    ...timeOf(value),
  };
}

export function goneJson({ since, until }: Vanished): NonNullable<EndpointJson['sandbox']['gone']> {
  const iso = (time: number): string => new Date(time).toISOString();
  return { since: iso(since), ...(until === undefined ? {} : { until: iso(until) }) };
}

export function nodeJson(
  node: Node,
  facts: Pick<NodeJson, 'alive' | 'state' | 'self' | 'endpoints'> & { readonly why?: string },
): NodeJson {
  const { id, name, vteps, mtu, version } = node;
  return { id, name, vteps, mtu, version, ...facts };
}

export const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;
