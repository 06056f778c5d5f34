import { randomBytes } from 'node:crypto';
import type { NetworkInput } from '../../../agent/reconcile/pass.ts';
import type { Recorded } from '../../../agent/view/collection.ts';
import type { Endpoint, EndpointId } from '../../../model/endpoint.ts';
import type { Ip } from '../../../model/ip.ts';
import type { Name } from '../../../model/name.ts';
import type { Network, NetworkId } from '../../../model/network.ts';
import type { Cluster, Node, NodeId } from '../../../model/node.ts';
import type { Prefix } from '../../../model/prefix.ts';
import type { Vni } from '../../../model/vni.ts';
import { address, macOf, vtepOf, vteps } from './entries.ts';
import { localVtep } from './ground.ts';

const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');
const self = 'aaaa000000000001' as NodeId;
const nodeIds = Array.from({ length: vteps }, (_, n) => `bbbb${hex(n, 12)}` as NodeId);
const nodeId = (n: number): NodeId => nodeIds[n % vteps] ?? self;

// As the endpoints of a store are read: what most of them have is there once.
const noAliases: Endpoint['aliases'] = [];
const noLabels: Endpoint['labels'] = new Map();
const isActive: Endpoint['state'] = { kind: 'active' };

/** What the view of an agent says of one network: one endpoint here, any number of them on a hundred other nodes. */
export class WorldOfEndpoints {
  readonly network: Network;
  /** Ids of the remote endpoints. */
  readonly remote: readonly EndpointId[];
  readonly #records = new Map<EndpointId, Recorded<Endpoint>>();
  readonly #local: Recorded<Endpoint>;
  readonly #nodes = new Map<NodeId, Node>();

  constructor(sandbox: string, endpoints: number) {
    const id = randomBytes(8).toString('hex') as NetworkId;
    this.network = networkOf(id);
    this.#local = this.#endpoint(0xffffff, self, sandbox);
    for (let n = 0; n < vteps; n += 1) {
      this.#nodes.set(nodeId(n), nodeOf(nodeId(n), vtepOf(n)));
    }
    this.#nodes.set(self, nodeOf(self, localVtep));
    const remote = Array.from({ length: endpoints }, (_, n) => this.#endpoint(n, nodeId(n), '/run/netns/c'));
    for (const record of [this.#local, ...remote]) this.#records.set(record.value.id, record);
    this.remote = remote.map(({ value }) => value.id);
  }

  /** Only the local endpoint is there. */
  get before(): NetworkInput {
    return this.#input(new Map([[this.#local.value.id, this.#local]]));
  }

  get after(): NetworkInput {
    return this.#input(this.#records);
  }

  /** The network is no more. */
  get gone(): NetworkInput {
    return { ...this.#input(new Map()), network: undefined };
  }

  #input(records: ReadonlyMap<EndpointId, Recorded<Endpoint>>): NetworkInput {
    return {
      self: { node: self, vtep: localVtep as Ip, cluster: clusterOf() },
      network: this.network,
      nodes: [...this.#nodes.values()],
      node: (id) => this.#nodes.get(id),
      endpoint: (id) => records.get(id),
      endpoints: () => records.values(),
      lives: () => true,
      defaultRoutes: () => [],
      isConfirmed: true,
    };
  }

  #endpoint(n: number, node: NodeId, path: string): Recorded<Endpoint> {
    const value: Endpoint = {
      id: hex(n, 32) as EndpointId,
      network: this.network.id,
      node,
      aliases: noAliases,
      mac: macOf(n),
      addresses: [node === self ? ('10.255.255.1' as Ip) : address(n)],
      sandbox: { key: `c${n}`, path, bootId: '', cookie: '0' },
      interfaceName: 'eth0',
      routePriority: 0,
      labels: noLabels,
      state: isActive,
      creator: 'bench',
      createdAt: 0,
    };
    return { value, revision: 1 };
  }
}

function networkOf(id: NetworkId): Network {
  return {
    id,
    name: 'bench' as Name,
    driver: 'overlay',
    vni: (0x100000 + (Number.parseInt(id.slice(0, 5), 16) % 0xe00000)) as Vni,
    subnets: [{ prefix: '10.0.0.0/8' as Prefix, gateway: '10.0.0.1' as Ip, auxiliary: new Map() }],
    internal: false,
    allowOverlap: false,
    labels: new Map(),
    phase: { kind: 'active' },
    wishHash: '',
    acceptance: 1,
    creator: 'bench',
    createdAt: '2026-01-01T00:00:00Z',
  };
}

function nodeOf(id: NodeId, vtep: string): Node {
  return {
    id,
    name: id as string as Name,
    vteps: [vtep as Ip],
    mtu: 1500,
    serial: 1,
    routes: [],
    addresses: [],
    nameServers: [],
    version: '',
  };
}

function clusterOf(): Cluster {
  return {
    id: 'bench',
    epoch: 1,
    underlay: 4,
    port: 4789,
    vniFirst: 0x100000,
    vniLast: 0xfffffe,
    pools: [],
    minimumVersion: '0.0.0',
  };
}
