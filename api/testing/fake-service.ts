import type { AddressesJson, CheckedJson, ReservedJson } from '../schemas/address.ts';
import type { EndpointJson } from '../schemas/endpoint.ts';
import type {
  AcceptedNetworkJson,
  NetworkChangeJson,
  RefusedNetworkJson,
  SpecJson,
} from '../schemas/network.ts';
import type { DrainedNodeJson, ForgottenNodeJson, NodeJson } from '../schemas/node.ts';
import type { DebugDesiredJson, DebugObservedJson, DebugPlanJson, DebugViewJson } from '../schemas/debug.ts';
import type { EventsJson } from '../schemas/event.ts';
import type { PoolJson } from '../schemas/pool.ts';
import type { StatusJson } from '../schemas/status.ts';
import type { AgentService } from '../service.ts';

export const blue: AcceptedNetworkJson = {
  name: 'blue',
  id: '00000000000000b1',
  phase: 'active',
  declared: true,
  driver: 'overlay',
  vni: 1_048_577,
  subnets: [
    { cidr: '10.7.0.0/24', gateway: '10.7.0.1', auxiliary: {} },
    {
      cidr: 'fd00:7::/64',
      gateway: 'fd00:7::1',
      range: 'fd00:7::100/120',
      auxiliary: { router: 'fd00:7::2' },
    },
  ],
  mtu: 1450,
  internal: false,
  allowOverlap: false,
  labels: { team: 'a' },
  endpoints: 1,
  creator: 'n1',
  createdAt: '2026-11-25T10:00:00.000Z',
};

export const refused: RefusedNetworkJson = {
  name: 'red',
  phase: 'refused',
  why: '10.7.0.0/25 overlaps network blue',
};

const { driver, vni, subnets, mtu, internal, allowOverlap, labels } = blue;
const spec: SpecJson = { driver, vni, subnets, mtu, internal, allowOverlap, labels };

/** Its MTU would be another. */
export const change: NetworkChangeJson = {
  outcome: 'changed',
  before: spec,
  after: { ...spec, mtu: 1300, declaredMtu: 1300 },
  endpoints: [
    { id: 'e'.repeat(32), name: 'web', node: 'n1', sandbox: '/run/netns/c1' },
    { id: 'd'.repeat(32), node: 'n2', sandbox: '/run/netns/c2' },
  ],
  nodes: ['n1', 'n2'],
};

export const pools: readonly PoolJson[] = [
  { base: '10.64.0.0/11', size: 24, total: '8192', subnets: 2 },
  { base: 'fd00:7::/48', size: 64, total: '65536', subnets: 1 },
];

export const web: EndpointJson = {
  id: 'e'.repeat(32),
  network: 'blue',
  networkId: blue.id,
  node: 'n1',
  nodeId: '1'.repeat(32),
  name: 'web',
  mac: '02:57:0a:07:00:02',
  addresses: ['10.7.0.2/24', 'fd00:7::100/64'],
  sandbox: { key: 'netns:c1', path: '/run/netns/c1' },
  interfaceName: 'eth0',
  aliases: [],
  routePriority: 0,
  labels: {},
  state: 'active',
  programmed: true,
  local: true,
};

export const held: AddressesJson = {
  pools: [
    { network: 'blue', subnet: '10.7.0.0/24', total: '253', used: '2', percent: 0.79 },
    {
      network: 'blue',
      subnet: 'fd00:7::/64',
      range: 'fd00:7::100/120',
      total: '18446744073709551613',
      used: '1',
      percent: 0,
    },
  ],
  addresses: [
    {
      address: '10.7.0.1',
      network: 'blue',
      networkId: blue.id,
      kind: 'gateway',
      holder: 'gateway',
      owner: 'n1',
    },
    {
      address: '10.7.0.2',
      network: 'blue',
      networkId: blue.id,
      kind: 'endpoint',
      holder: web.id,
      name: 'web',
      sandbox: '/run/netns/c1',
      node: 'n1',
      owner: web.nodeId,
    },
    {
      address: '10.7.0.9',
      network: 'blue',
      networkId: blue.id,
      kind: 'reservation',
      holder: 'printer',
      owner: 'alice',
      expiresAt: '2026-11-25T11:00:00.000Z',
    },
  ],
};

export const reserved: ReservedJson = {
  outcome: 'reserved',
  reservation: { network: 'blue', name: 'printer', addresses: ['10.7.0.9', 'fd00:7::109'], owner: 'alice' },
};

export const checked: CheckedJson = { networks: 1, endpoints: 1, claims: 8, findings: [] };

export const nodes: readonly NodeJson[] = [
  {
    id: '1'.repeat(32),
    name: 'n1',
    vteps: ['192.0.2.1', '2001:db8::1'],
    mtu: 1500,
    alive: true,
    state: 'alive',
    self: true,
    version: '0.1.0',
    endpoints: 1,
  },
  {
    id: '2'.repeat(32),
    name: 'n2',
    vteps: ['192.0.2.2'],
    mtu: 1500,
    alive: false,
    state: 'down',
    self: false,
    version: '0.1.0',
    endpoints: null,
  },
];

export const forgotten: ForgottenNodeJson = { id: '2'.repeat(32), name: 'n2', endpoints: 3 };
export const drained: DrainedNodeJson = { id: '1'.repeat(32), name: 'n1', state: 'drained', endpoints: 0 };
export const happened: EventsJson['events'] = [
  {
    number: 1,
    time: '2026-11-25T10:00:00.000Z',
    kind: 'agent-ready',
    message: 'weftd on n1 is ready',
    fields: { networks: 1 },
  },
  {
    number: 2,
    time: '2026-11-25T10:00:07.125Z',
    kind: 'node-down',
    message: 'node n2 is down; its endpoints stay',
    fields: { node: '2'.repeat(32) },
  },
];

export const healthy: StatusJson = {
  phase: 'ready',
  node: { id: '1'.repeat(32), name: 'n1', vteps: ['192.0.2.1'] },
  cluster: {
    id: 'c0ffee',
    underlay: 4,
    port: 4789,
    pools: ['base=10.64.0.0/11,size=24', 'base=fd00:7::/48,size=64'],
  },
  store: { description: 'etcd://10.0.0.1:2379', state: 'insync', since: '2026-11-25T10:00:00.000Z' },
  networks: 2,
  endpoints: { local: 1, remote: 3 },
  objects: { desired: 40, failed: 0, pending: 0 },
  repairs: {},
  problems: [],
  warnings: [],
  version: '0.1.0',
  uptime: 3725.5,
};

const ofBlue = { network: 'blue', id: blue.id };
const bridge = { kind: 'bridge', scope: `network:${blue.id}`, name: 'br0', mtu: 1450 } as const;
const bridgeKey = `${bridge.scope} link br0`;
const entry = { kind: 'neighbour', scope: bridge.scope, dev: 'vxlan0', ip: '10.7.0.9' } as const;
const entryKey = `${bridge.scope} neighbour vxlan0 10.7.0.9`;

export const knownRecords: DebugViewJson = {
  state: 'insync',
  records: [{ key: 'networks/blue', revision: 7, held: false, value: { subnets: ['10.7.0.0/24'] } }],
  bad: [{ key: 'nodes/9', why: 'it is no record' }],
  total: 12,
};
export const wanted: DebugDesiredJson = [
  {
    ...ofBlue,
    total: 30,
    objects: [
      { key: bridgeKey, state: 'done', object: bridge },
      {
        key: entryKey,
        state: 'error',
        error: { decision: 'retry', message: 'cannot create it: ENOBUFS' },
        object: entry,
      },
    ],
  },
];
export const found: DebugObservedJson = [
  { ...ofBlue, total: 1, objects: [{ key: bridgeKey, object: bridge }], deadSandboxes: ['/run/netns/c9'] },
];
export const planned: DebugPlanJson = [
  {
    ...ofBlue,
    total: 2,
    steps: [{ op: 'delete', key: entryKey, lines: [`ip -n weft-${blue.id} neigh del 10.7.0.9 dev vxlan0`] }],
  },
];

/** An agent that answers at once with the values above, and keeps what it was asked. */
export class FakeService implements AgentService {
  /** Method and argument of every call, in order. */
  readonly calls: (readonly [keyof AgentService, unknown])[] = [];
  readonly #answers: Partial<AgentService>;

  /** `answers` replaces single methods: to answer otherwise, to throw, to wait. */
  constructor(answers: Partial<AgentService> = {}) {
    this.#answers = answers;
  }

  readonly status = this.#method('status', async () => healthy);
  readonly config = this.#method('config', async () => [
    { key: 'name', value: 'n1', origin: 'default (host name)' },
  ]);
  readonly readiness = this.#method('readiness', async () => ({ ready: true, reasons: [] }));
  readonly metrics = this.#method('metrics', async () => 'weft_ready 1\n');
  readonly listNetworks = this.#method('listNetworks', async () => [blue, refused]);
  readonly createNetwork = this.#method('createNetwork', async () => blue);
  readonly applyNetwork = this.#method('applyNetwork', async () => ({
    outcome: 'created' as const,
    network: blue,
  }));
  readonly planNetworks = this.#method('planNetworks', async ({ networks }) =>
    networks.map(({ name }) => ({ name, ...change })),
  );
  readonly declarationOf = this.#method('declarationOf', async () => ({
    name: 'blue',
    text: '{"subnets":["10.7.0.0/24"],"labels":{"team":"a"}}',
    revision: 7,
    declared: true,
  }));
  readonly inspectNetwork = this.#method('inspectNetwork', async () => blue);
  readonly removeNetwork = this.#method('removeNetwork', async () => ({ state: 'removed' as const }));
  readonly listPools = this.#method('listPools', async () => pools);
  readonly setPools = this.#method('setPools', async () => pools);
  readonly listEndpoints = this.#method('listEndpoints', async () => [web]);
  readonly inspectEndpoint = this.#method('inspectEndpoint', async () => web);
  readonly attach = this.#method('attach', async () => web);
  readonly detach = this.#method('detach', async () => ({ detached: true }));
  readonly listAddresses = this.#method('listAddresses', async () => held);
  readonly findAddress = this.#method('findAddress', async () => held.addresses.slice(1, 2));
  readonly checkAddresses = this.#method('checkAddresses', async () => checked);
  readonly reserveAddress = this.#method('reserveAddress', async () => reserved);
  readonly releaseAddress = this.#method('releaseAddress', async () => ({
    released: true,
    addresses: ['10.7.0.9', 'fd00:7::109'],
  }));
  readonly acceptStore = this.#method('acceptStore', async () => ({
    cluster: 'c0ffee0000000001',
    released: ['network-state/blue'],
  }));
  readonly joinStore = this.#method('joinStore', async () => ({
    left: 'c0ffee0000000001',
    cluster: 'c0ffee0000000002',
  }));
  readonly events = this.#method('events', async () => ({ events: happened, last: 2 }));
  readonly debugView = this.#method('debugView', async () => knownRecords);
  readonly debugDesired = this.#method('debugDesired', async () => wanted);
  readonly debugObserved = this.#method('debugObserved', async () => found);
  readonly debugPlan = this.#method('debugPlan', async () => planned);
  readonly listNodes = this.#method('listNodes', async () => nodes);
  readonly forgetNode = this.#method('forgetNode', async () => forgotten);
  readonly drainNode = this.#method('drainNode', async () => drained);

  #method<K extends keyof AgentService>(name: K, usual: AgentService[K]): AgentService[K] {
    const answer = (request?: unknown): unknown => {
      this.calls.push([name, request]);
      const method = (this.#answers[name] ?? usual) as (request: unknown) => unknown;
      return method(request);
    };
    return answer as AgentService[K];
  }
}
