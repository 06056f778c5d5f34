import { toFailureJson } from '../../api/failure.ts';
import type {
  AppliedNetworkJson,
  DeclarationJson,
  NetworkJson,
  PlannedNetworkJson,
  RemovedNetworkJson,
  WaitsFor,
} from '../../api/schemas/network.ts';
import type { PoolJson } from '../../api/schemas/pool.ts';
import type { WaitedJson } from '../../api/schemas/waited.ts';
import type {
  ApplyNetwork,
  DeclareNetwork,
  InspectNetwork,
  PlanNetworks,
  RemoveNetwork,
  Waiting,
} from '../../api/service.ts';
import { keys } from '../../kvstore/keys.ts';
import type { NetworkState } from '../../kvstore/records/network-json.ts';
import { encodeWish, readWish, wishHash } from '../../kvstore/records/wish.ts';
import { showPools } from '../../model/address-pool.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { hasCode, WeftError } from '../../model/errors.ts';
import { parseName, type Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import type { Agent } from '../agent.ts';
import { clusterIn } from '../boot.ts';
import { attachedJson, byName, holders, networkJson } from '../present.ts';
import { demandView, endpointsOf } from '../reading.ts';
import type { Reaction } from '../wait/asker.ts';
import { networkWait, presentWait } from '../wait/network-wait.ts';
import { readinessIn } from '../wait/readiness.ts';
import { nameOf, waitedFor } from '../wait/waited.ts';
import { accept, type Acceptance, type Proposal } from './accept.ts';
import { declarationOf } from './declaration.ts';
import { poolsJson, setPools } from './pools.ts';
import { openPreview } from './preview.ts';
import { networkNotFound, Removals, seen } from './removals.ts';

/** How long a declaration may take, in milliseconds. */
const patience = 10_000;

/** What a plan may say of one network; anything else is no word about it. */
const refusals = [
  'NAME_INVALID',
  'INPUT_INVALID',
  'NETWORK_REFUSED',
  'NETWORK_EXISTS',
  'NETWORK_REMOVING',
  'VNI_TAKEN',
] as const;

/** What was accepted, and when by the monotonic clock. */
type Accepted = Extract<Acceptance, { network: Network }> & { readonly since: number };

/** What the local API says and does about networks, on an agent. */
export class NetworkService {
  readonly #agent: Agent;
  readonly #removals: Removals;

  constructor(agent: Agent) {
    this.#agent = agent;
    this.#removals = new Removals(agent, (state) => this.#waitsFor(state));
  }

  async listNetworks(): Promise<readonly NetworkJson[]> {
    demandView(this.#agent);
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
    demandView(this.#agent);
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

  async planNetworks({ networks }: PlanNetworks): Promise<readonly PlannedNetworkJson[]> {
    const agent = this.#agent;
    agent.self();
    const endpoints = async (network: Network): Promise<readonly Endpoint[]> =>
      (await endpointsOf(this.#agent, network)).map((e) => e.value);
    const ports = { ...agent.networkPorts.accept(agent.deadline(patience)), endpoints };
    const preview = await openPreview(ports);
    const planned: PlannedNetworkJson[] = [];
    for (const { name, declaration } of networks) {
      try {
        const known = parseName('network', name);
        planned.push({ name, ...(await preview.plan(known, readWish(known, declaration))) });
      } catch (error) {
        if (!hasCode(error, ...refusals)) throw error;
        planned.push({ name, outcome: 'failed', ...toFailureJson(error) });
      }
    }
    return planned;
  }

  async declarationOf({ name }: { readonly name: Name }): Promise<DeclarationJson> {
    demandView(this.#agent);
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
    demandView(this.#agent);
    const { view } = this.#agent;
    const cluster = clusterIn(view) ?? this.#agent.self().cluster;
    return poolsJson(cluster.pools, view.networks());
  }

  async setPools({ pools: text }: { readonly pools: string }): Promise<readonly PoolJson[]> {
    const agent = this.#agent;
    agent.self();
    const pools = await setPools(text, agent.networkPorts.accept(agent.deadline(patience)));
    const isSeen = (): boolean => showPools(clusterIn(agent.view)?.pools ?? []) === showPools(pools);
    await seen(agent, isSeen);
    return poolsJson(pools, agent.view.networks());
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
    const outcome = await accept(proposal, agent.networkPorts.accept(agent.deadline(patience)));
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

  /** Undefined: nobody can tell at present. */
  async #allOf(network: Network): Promise<readonly Endpoint[] | undefined> {
    const { view } = this.#agent;
    const isKnown = (view.endpoints(network.id)?.state ?? 'syncing') !== 'syncing';
    if (!isKnown && view.state !== 'insync') return undefined;
    return (await endpointsOf(this.#agent, network)).map((e) => e.value);
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
    const endpoints = (await endpointsOf(this.#agent, state)).map((e) => e.value);
    return holders(endpoints, view.nodeList(), (id) => view.isAlive(id));
  }
}
