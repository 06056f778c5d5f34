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
  RemoveNetwork,
  ReserveRequest,
  Waiting,
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
  WaitsFor,
} from '../api/schemas/network.ts';
import type { DrainedNodeJson, ForgottenNodeJson, NodeJson } from '../api/schemas/node.ts';
import type { EventsJson } from '../api/schemas/event.ts';
import type { PoolJson } from '../api/schemas/pool.ts';
import type { AcceptedStoreJson, JoinedStoreJson } from '../api/schemas/store.ts';
import type { WaitedJson } from '../api/schemas/waited.ts';
import type { ConfigJson, ReadinessJson, StatusJson } from '../api/schemas/status.ts';
import { keys, prefixes } from '../kvstore/keys.ts';
import { decodeEndpoint } from '../kvstore/records/endpoint.ts';
import type { NetworkState } from '../kvstore/records/network-json.ts';
import { encodeWish, readWish, wishHash } from '../kvstore/records/wish.ts';
import { showPools } from '../model/address-pool.ts';
import type { Endpoint } from '../model/endpoint.ts';
import { hasCode, WeftError } from '../model/errors.ts';
import type { Name } from '../model/name.ts';
import type { Network } from '../model/network.ts';
import { AddressService } from './addresses/service.ts';
import type { Agent } from './agent.ts';
import { clusterIn } from './boot.ts';
import { showConfig } from './config/show.ts';
import { desiredOf, observedOf, planOf } from './debug/objects.ts';
import { recordsOf } from './debug/records.ts';
import { forgetNode } from './dead/forget.ts';
import { drain, nodesOf, nodeWordPorts } from './dead/service.ts';
import { exposition } from './metrics/exposition.ts';
import { processUse } from './metrics/process-use.ts';
import { readingsOf } from './metrics/readings.ts';
import { accept, type Acceptance, type Proposal } from './networks/accept.ts';
import { declarationOf } from './networks/declaration.ts';
import { poolsJson, setPools } from './networks/pools.ts';
import { preview } from './networks/preview.ts';
import { networkNotFound, Removals, seen } from './networks/removals.ts';
import { attach } from './operations/attach.ts';
import { detach } from './operations/detach.ts';
import { attachedJson, endpointJson, holders, networkJson } from './present.ts';
import { contestants, endpointText } from './returns/conflicts.ts';
import { readinessOf, statusOf } from './status.ts';
import type { Recorded } from './view/collection.ts';
import { networkWait, presentWait } from './wait/network-wait.ts';
import { readinessIn } from './wait/readiness.ts';
import { nameOf, waitedFor } from './wait/waited.ts';
import type { Reaction } from './wait/asker.ts';

/** How long a declaration may take, in milliseconds. */
const patience = 10_000;
/** How long it may take to go over to another cluster, once the old one's networks are gone. */
const joinPatience = 35_000;

/** What was accepted, and when by the monotonic clock. */
type Accepted = Extract<Acceptance, { network: Network }> & { readonly since: number };

/** What the local API offers, on an agent. */
export class Service implements AgentService {
  readonly #agent: Agent;
  readonly #addresses: AddressService;
  readonly #removals: Removals;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#addresses = new AddressService(agent);
    this.#removals = new Removals(agent, (state) => this.#waitsFor(state));
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

  async listNetworks(): Promise<readonly NetworkJson[]> {
    this.#demandView();
    const states = [...this.#agent.view.networkStates.records.values()].map((r) => r.value);
    return Promise.all(states.toSorted(byName).map((state) => this.#network(state)));
  }

  async createNetwork({ name, declaration, ...waiting }: DeclareNetwork): Promise<NetworkJson> {
    const done = await this.#accept(name, declaration, { onlyNew: true });
    const waited = await this.#waited(done, waiting);
    return { ...(await this.#network(done.network)), ...waited };
  }

  async applyNetwork(request: ApplyNetwork): Promise<AppliedNetworkJson> {
    const { name, declaration, revision, ...waiting } = request;
    const done = await this.#accept(name, declaration, { expected: revision });
    const waited = await this.#waited(done, waiting);
    const outcome = done.kind === 'settled' ? 'unchanged' : done.kind;
    return { outcome, network: await this.#network(done.network), ...waited };
  }

  async inspectNetwork({ name, wait = false, timeout = patience }: InspectNetwork): Promise<NetworkJson> {
    this.#demandView();
    const agent = this.#agent;
    const state = agent.view.network(name)?.value;
    if (state === undefined) throw networkNotFound(name);
    const shown = await this.#network(state);
    if (!('id' in state) || shown.phase === 'refused') return shown;
    const ports = { ...agent.operations, self: agent.id };
    const filled = async (reaction?: Reaction): Promise<NetworkJson> => {
      const endpoints = await this.#allOf(state);
      if (endpoints === undefined) return shown;
      const attached = attachedJson(endpoints, state, (id) => nameOf(id, agent.view));
      const nodes = readinessIn(state.id, endpoints, ports, reaction);
      return { ...shown, endpoints: endpoints.length, attached, nodes };
    };
    if (!wait) return filled();
    agent.operations.demandStore(`nobody can be asked about network ${name}`);
    return agent.reconciler.during(state.id, async () =>
      filled(await presentWait(state, ports, agent.deadline(timeout))),
    );
  }

  async planNetwork({ name, declaration }: DeclareNetwork): Promise<PlannedNetworkJson> {
    const agent = this.#agent;
    const wish = readWish(name, declaration);
    agent.self();
    const endpoints = async (network: Network): Promise<readonly Endpoint[]> =>
      (await this.#endpointsOf(network)).map((e) => e.value);
    return preview(name, wish, { ...agent.acceptPorts(agent.deadline(patience)), endpoints });
  }

  async declarationOf({ name }: { readonly name: Name }): Promise<DeclarationJson> {
    this.#demandView();
    const agent = this.#agent;
    agent.operations.demandStore(`the declaration of network ${name} cannot be read`);
    const entry = await agent.ports.store.get(keys.network(name), { signal: agent.deadline(patience) });
    const found = declarationOf(name, entry, agent.view.network(name)?.value);
    if (found === undefined) throw networkNotFound(name);
    return found;
  }

  removeNetwork(request: RemoveNetwork): Promise<RemovedNetworkJson> {
    return this.#removals.remove(request);
  }

  /** All who take part have programmed what was accepted, if that is wished. */
  async #waited(
    { network, since }: Pick<Accepted, 'network' | 'since'>,
    { wait, timeout = patience }: Partial<Waiting>,
  ): Promise<{ readonly waited?: WaitedJson }> {
    if (wait !== true) return {};
    const agent = this.#agent;
    const { id, name } = network;
    const state = agent.view.network(name)?.revision ?? 0;
    const ports = { ...agent.operations, self: agent.id };
    const reaction = await networkWait(id, { state, since }, ports, agent.deadline(timeout));
    const message = `network ${name} is accepted`;
    return { waited: waitedFor(reaction, { message, fields: { network: name, id } }, agent) };
  }

  async listPools(): Promise<readonly PoolJson[]> {
    this.#demandView();
    const { view } = this.#agent;
    const cluster = clusterIn(view) ?? this.#agent.self().cluster;
    return poolsJson(cluster.pools, view.networks());
  }

  async setPools({ pools: text }: { readonly pools: string }): Promise<readonly PoolJson[]> {
    const agent = this.#agent;
    agent.self();
    const pools = await setPools(text, agent.acceptPorts(agent.deadline(patience)));
    const isSeen = (): boolean => showPools(clusterIn(agent.view)?.pools ?? []) === showPools(pools);
    await seen(agent, isSeen);
    return poolsJson(pools, agent.view.networks());
  }

  async listEndpoints({
    network,
  }: {
    readonly network?: Name | undefined;
  }): Promise<readonly EndpointJson[]> {
    this.#demandView();
    const { view } = this.#agent;
    const state = network === undefined ? undefined : view.network(network)?.value;
    if (network !== undefined && (state === undefined || !('id' in state))) throw networkNotFound(network);
    const networks = state !== undefined && 'id' in state ? [state] : view.networks().toSorted(byName);
    const lists = await Promise.all(
      networks.map(async (each) => {
        const losers = this.#losers(each);
        return (await this.#endpointsOf(each)).map((e) => this.#endpoint(e, each, losers));
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
    const { outcome, waited } = await detach(wish, agent.operations, agent.deadline(timeout));
    if (outcome === 'store pending') return { detached: true, storePending: true };
    return { detached: outcome === 'detached', ...(waited === undefined ? {} : { waited }) };
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
    this.#demandView();
    return nodesOf(this.#agent);
  }

  async forgetNode({ node }: FindNode): Promise<ForgottenNodeJson> {
    const agent = this.#agent;
    return forgetNode(node, nodeWordPorts(agent), agent.deadline(patience));
  }

  async drainNode({ node, confirm, timeout }: DrainRequest): Promise<DrainedNodeJson> {
    return drain(node, confirm, this.#agent, this.#agent.deadline(timeout));
  }

  /** @throws NOT_READY before the store was read once: an empty answer would be a lie. */
  #demandView(): void {
    const { view } = this.#agent;
    if (!view.ready) throw this.#agent.notReady('it has not read the store yet');
  }

  async #accept(
    name: Name,
    declaration: DeclareNetwork['declaration'],
    how: Pick<Proposal, 'onlyNew' | 'expected'>,
  ): Promise<Accepted> {
    const agent = this.#agent;
    const wish = readWish(name, declaration);
    const creator = agent.ports.settings.config.name;
    agent.self();
    const proposal = { name, wish, hash: wishHash(wish), creator, write: encodeWish(wish), ...how };
    const outcome = await accept(proposal, agent.acceptPorts(agent.deadline(patience)));
    if (outcome.kind === 'refused') {
      const message = `network ${name} cannot be accepted: ${outcome.why}`;
      throw new WeftError(outcome.code, message, { details: { network: name } });
    }
    const since = agent.operations.asker.now();
    const { acceptance } = outcome.network;
    await seen(agent, () => {
      const state = agent.view.network(name)?.value;
      const isAccepted = state !== undefined && 'id' in state && state.acceptance >= acceptance;
      return isAccepted && this.#isDeclared(name);
    });
    return { ...outcome, since };
  }

  /** From the view where this node takes part, from the store otherwise. */
  async #endpointsOf(network: Network): Promise<readonly Recorded<Endpoint>[]> {
    const { view, ports } = this.#agent;
    const known = view.endpoints(network.id);
    const { intents } = this.#agent.operations;
    if (known !== undefined && known.state !== 'syncing')
      return [...known.records.values()].filter((e) => !intents.isGone(e.value.id));
    // While the store is away, what is known here is all that can be told.
    if (view.state !== 'insync') return [];
    const signal = this.#agent.deadline(patience);
    const { entries } = await ports.store.list(prefixes.endpoints(network.id), { signal });
    return entries.flatMap(({ key, value, revision }) => {
      try {
        return [{ value: decodeEndpoint(key, value), revision }];
      } catch (error) {
        if (hasCode(error, 'RECORD_INVALID')) return [];
        throw error;
      }
    });
  }

  /** Undefined: nobody can tell at present. */
  async #allOf(network: Network): Promise<readonly Endpoint[] | undefined> {
    const { view } = this.#agent;
    const isKnown = (view.endpoints(network.id)?.state ?? 'syncing') !== 'syncing';
    if (!isKnown && view.state !== 'insync') return undefined;
    return (await this.#endpointsOf(network)).map((e) => e.value);
  }

  #isDeclared(name: Name): boolean {
    return this.#agent.view.wishes.get(keys.network(name)) !== undefined;
  }

  async #network(state: NetworkState): Promise<NetworkJson> {
    const { view, cluster } = this.#agent;
    const known = 'id' in state ? view.endpoints(state.id) : undefined;
    return networkJson(state, {
      nodes: view.nodeList(),
      cluster: cluster ?? { underlay: 4 },
      declared: this.#isDeclared(state.name),
      endpoints: known === undefined || known.state === 'syncing' ? null : known.records.size,
      waitsFor: await this.#waitsFor(state),
    });
  }

  /** Undefined for a network that is not being removed, and while nobody can tell. */
  async #waitsFor(state: NetworkState | undefined): Promise<WaitsFor | undefined> {
    if (state === undefined || !('id' in state) || state.phase.kind !== 'removing') return undefined;
    const { view } = this.#agent;
    if (view.state !== 'insync') return undefined;
    const endpoints = (await this.#endpointsOf(state)).map((e) => e.value);
    return holders(endpoints, view.nodeList(), (id) => view.isAlive(id));
  }

  /** Endpoints of the network in conflict; there are few, if any. */
  #losers({ id }: Network): readonly Endpoint[] {
    const all = Array.from(this.#agent.view.endpoints(id)?.records.values() ?? [], (r) => r.value);
    return all.filter(({ state }) => state.kind === 'conflict');
  }

  #endpoint(recorded: Recorded<Endpoint>, network: Network, losers = this.#losers(network)): EndpointJson {
    const { view, reconciler, id } = this.#agent;
    const { value } = recorded;
    return endpointJson(recorded, {
      network,
      node: view.node(value.node),
      progress: reconciler.progress(network.id, value.id),
      local: value.node === id,
      defaultRoutes: reconciler.defaultRoutes(value.id),
      contestedBy: contestants(value, losers).map((other) => endpointText(other, view)),
    });
  }
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number =>
  a.name < b.name ? -1 : 1;
