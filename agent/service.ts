import type {
  ApplyNetwork,
  AttachRequest,
  DebugRequest,
  DeclareNetwork,
  DetachRequest,
  DrainRequest,
  FindAddress,
  FindEndpoint,
  FindNode,
  InspectNetwork,
  ReleaseRequest,
  PlanNetworks,
  RemoveNetwork,
  ReserveRequest,
} from '../api/service.ts';
import type { AgentService } from '../api/service.ts';
import type {
  AddressesJson,
  CheckedJson,
  HeldAddressJson,
  ReleasedJson,
  ReservedJson,
} from '../api/schemas/address.ts';
import type {
  DebugDesiredJson,
  DebugObservedJson,
  DebugPlanJson,
  DebugViewJson,
} from '../api/schemas/debug.ts';
import type { DetachedJson, EndpointJson } from '../api/schemas/endpoint.ts';
import type {
  AppliedNetworkJson,
  DeclarationJson,
  NetworkJson,
  PlannedNetworkJson,
  RemovedNetworkJson,
} from '../api/schemas/network.ts';
import type { DrainedNodeJson, ForgottenNodeJson, NodeJson } from '../api/schemas/node.ts';
import type { EventsJson } from '../api/schemas/event.ts';
import type { PoolJson } from '../api/schemas/pool.ts';
import type { AcceptedStoreJson, JoinedStoreJson } from '../api/schemas/store.ts';
import type { ConfigJson, ReadinessJson, StatusJson } from '../api/schemas/status.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { WeftError } from '../model/errors.ts';
import type { Name } from '../model/name.ts';
import type { Network } from '../model/network.ts';
import { AddressService } from './addresses/service.ts';
import type { Agent } from './agent.ts';
import { showConfig } from './config/show.ts';
import { desiredOf, observedOf, planOf } from './debug/objects.ts';
import { recordsOf } from './debug/records.ts';
import { forgetNode } from './dead/forget.ts';
import { drain, nodesOf, nodeWordPorts } from './dead/service.ts';
import { exposition } from './metrics/exposition.ts';
import { processUse } from './metrics/process-use.ts';
import { readingsOf } from './metrics/readings.ts';
import { networkNotFound } from './networks/removals.ts';
import { NetworkService } from './networks/service.ts';
import { attach } from './operations/attach.ts';
import { detach } from './operations/detach.ts';
import { byName, endpointJson } from './present.ts';
import { demandView, endpointsOf } from './reading.ts';
import { contestants, endpointText } from './returns/conflicts.ts';
import { readinessOf, statusOf } from './status.ts';
import type { Recorded } from './view/collection.ts';

/** How long a declaration may take, in milliseconds. */
const patience = 10_000;
/** How long it may take to go over to another cluster, once the old one's networks are gone. */
const joinPatience = 35_000;

/** What the local API offers, on an agent. */
export class Service implements AgentService {
  readonly #agent: Agent;
  readonly #addresses: AddressService;
  readonly #networks: NetworkService;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#addresses = new AddressService(agent);
    this.#networks = new NetworkService(agent);
  }

  async status(): Promise<StatusJson> {
    return statusOf(this.#agent);
  }

  async config(): Promise<ConfigJson> {
    return showConfig(this.#agent.ports.settings);
  }

  async readiness(): Promise<ReadinessJson> {
    return readinessOf(this.#agent);
  }

  async metrics(): Promise<string> {
    const { metrics } = this.#agent;
    return exposition([...metrics.families(), ...readingsOf(this.#agent), ...(await processUse())]);
  }

  listNetworks(): Promise<readonly NetworkJson[]> {
    return this.#networks.listNetworks();
  }

  createNetwork(request: DeclareNetwork): Promise<NetworkJson> {
    return this.#networks.createNetwork(request);
  }

  applyNetwork(request: ApplyNetwork): Promise<AppliedNetworkJson> {
    return this.#networks.applyNetwork(request);
  }

  inspectNetwork(request: InspectNetwork): Promise<NetworkJson> {
    return this.#networks.inspectNetwork(request);
  }

  planNetworks(request: PlanNetworks): Promise<readonly PlannedNetworkJson[]> {
    return this.#networks.planNetworks(request);
  }

  declarationOf(request: Parameters<AgentService['declarationOf']>[0]): Promise<DeclarationJson> {
    return this.#networks.declarationOf(request);
  }

  removeNetwork(request: RemoveNetwork): Promise<RemovedNetworkJson> {
    return this.#networks.removeNetwork(request);
  }

  listPools(): Promise<readonly PoolJson[]> {
    return this.#networks.listPools();
  }

  setPools(request: Parameters<AgentService['setPools']>[0]): Promise<readonly PoolJson[]> {
    return this.#networks.setPools(request);
  }

  async listEndpoints({
    network,
  }: {
    readonly network?: Name | undefined;
  }): Promise<readonly EndpointJson[]> {
    demandView(this.#agent);
    const { view } = this.#agent;
    const state = network === undefined ? undefined : view.network(network)?.value;
    if (network !== undefined && (state === undefined || !('id' in state))) throw networkNotFound(network);
    const networks = state !== undefined && 'id' in state ? [state] : view.networks().toSorted(byName);
    const lists = await Promise.all(
      networks.map(async (each) => {
        const losers = this.#losers(each);
        return (await endpointsOf(this.#agent, each)).map((e) => this.#endpoint(e, each, losers));
      }),
    );
    return lists.flat();
  }

  async inspectEndpoint({ endpoint, network }: FindEndpoint): Promise<EndpointJson> {
    const all = await this.listEndpoints({ network });
    const byId = all.find((e) => e.id === endpoint);
    const found = byId === undefined ? all.filter((e) => e.name === endpoint) : [byId];
    const [first, second] = found;
    if (second !== undefined) {
      const places = found.map((e) => `${e.network} on ${e.node}`).join(', ');
      throw new WeftError(
        'INPUT_INVALID',
        `several endpoints are named ${endpoint}: in network ${places}; say which network, or give the id`,
        { details: { endpoint } },
      );
    }
    if (first !== undefined) return first;
    const where = network === undefined ? '' : ` in network ${network}`;
    throw new WeftError('ENDPOINT_NOT_FOUND', `there is no endpoint ${endpoint}${where}`, {
      details: { endpoint },
    });
  }

  async attach({ timeout, ...wish }: AttachRequest): Promise<EndpointJson> {
    const agent = this.#agent;
    const recorded = await attach(wish, agent.operations, agent.deadline(timeout));
    const network = agent.view.networkById(recorded.value.network);
    if (network === undefined) throw networkNotFound(wish.network);
    const { waited } = recorded;
    return { ...this.#endpoint(recorded, network), ...(waited === undefined ? {} : { waited }) };
  }

  async detach({ timeout, ...wish }: DetachRequest): Promise<DetachedJson> {
    const agent = this.#agent;
    const { outcome, ...more } = await detach(wish, agent.operations, agent.deadline(timeout));
    if (outcome === 'store pending') return { detached: true, storePending: true };
    return { detached: outcome === 'detached', ...more };
  }

  listAddresses(request: Parameters<AgentService['listAddresses']>[0]): Promise<AddressesJson> {
    return this.#addresses.listAddresses(request);
  }

  findAddress(request: FindAddress): Promise<readonly HeldAddressJson[]> {
    return this.#addresses.findAddress(request);
  }

  checkAddresses(request: Parameters<AgentService['checkAddresses']>[0]): Promise<CheckedJson> {
    return this.#addresses.checkAddresses(request);
  }

  reserveAddress(request: ReserveRequest): Promise<ReservedJson> {
    return this.#addresses.reserveAddress(request);
  }

  releaseAddress(request: ReleaseRequest): Promise<ReleasedJson> {
    return this.#addresses.releaseAddress(request);
  }

  async debugView(request: DebugRequest): Promise<DebugViewJson> {
    return recordsOf(this.#agent, request);
  }

  async debugDesired(request: DebugRequest): Promise<DebugDesiredJson> {
    return desiredOf(this.#agent, request);
  }

  async debugObserved(request: DebugRequest): Promise<DebugObservedJson> {
    return observedOf(this.#agent, request);
  }

  async debugPlan(request: DebugRequest): Promise<DebugPlanJson> {
    return planOf(this.#agent, request);
  }

  async events({ after, wait }: { readonly after: number; readonly wait: number }): Promise<EventsJson> {
    const { events } = this.#agent;
    // A number that was never reached belongs to a journal that was lost: what there is now is news.
    const from = after > events.last ? 0 : after;
    if (wait > 0) await events.news(from, this.#agent.deadline(wait));
    return { events: events.after(from), last: events.last };
  }

  async acceptStore(): Promise<AcceptedStoreJson> {
    const agent = this.#agent;
    const { cluster } = agent.self();
    return { cluster: cluster.id, released: await agent.trust.accept(agent.deadline(patience)) };
  }

  async joinStore(): Promise<JoinedStoreJson> {
    const agent = this.#agent;
    const left = agent.self().cluster.id;
    const { id } = await agent.goOver(agent.deadline(joinPatience));
    return { left, cluster: id };
  }

  async listNodes(): Promise<readonly NodeJson[]> {
    demandView(this.#agent);
    return nodesOf(this.#agent);
  }

  async forgetNode({ node }: FindNode): Promise<ForgottenNodeJson> {
    const agent = this.#agent;
    return forgetNode(node, nodeWordPorts(agent), agent.deadline(patience));
  }

  async drainNode({ node, confirm, timeout }: DrainRequest): Promise<DrainedNodeJson> {
    return drain(node, confirm, this.#agent, this.#agent.deadline(timeout));
  }

  /** Endpoints of the network in conflict; there are few, if any. */
  #losers({ id }: Network): readonly Endpoint[] {
    const all = Array.from(this.#agent.view.endpoints(id)?.records.values() ?? [], (r) => r.value);
    return all.filter(({ state }) => state.kind === 'conflict');
  }

  #endpoint(recorded: Recorded<Endpoint>, network: Network, losers = this.#losers(network)): EndpointJson {
    const { view, reconciler, sandboxWatch, id } = this.#agent;
    const { value } = recorded;
    return endpointJson(recorded, {
      network,
      node: view.node(value.node),
      progress: reconciler.progress(network.id, value.id),
      local: value.node === id,
      defaultRoutes: reconciler.defaultRoutes(value.id),
      contestedBy: contestants(value, losers).map((other) => endpointText(other, view)),
      vanished: sandboxWatch.vanished(value),
    });
  }
}
