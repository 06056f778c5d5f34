import type { Lease, Store } from '../kvstore/store.ts';
import type { Kernel, Probe } from '../linux/kernel.ts';
import type { Clock } from '../model/clock.ts';
import type { EndpointId } from '../model/endpoint.ts';
import { WeftError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Name } from '../model/name.ts';
import type { NetworkId } from '../model/network.ts';
import type { Cluster } from '../model/node.ts';
import { Backoff } from './backoff.ts';
import { openJournalFile } from './events/journal-file.ts';
import { Journal } from './events/journal.ts';
import { ViewNews } from './events/view-news.ts';
import type { Joining } from './cluster/join.ts';
import { Membership } from './cluster/membership.ts';
import { keepPresent } from './cluster/presence.ts';
import { OwnNode, type OwnNodePorts } from './cluster/own-node.ts';
import type { Resolved } from './config/load.ts';
import type { Caretaker } from './caretaker.ts';
import { caretakersOf } from './caretakers.ts';
import type { Collector } from './dead/collector.ts';
import { KeyedLock } from './keyed-lock.ts';
import { NetworkPorts } from './networks/ports.ts';
import { Registry } from './metrics/registry.ts';
import { Unfinished } from './operations/unfinished.ts';
import { Pools } from './operations/pools.ts';
import type { OperationPorts } from './operations/ports.ts';
import { Progress, type Phase } from './progress.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import type { Self } from './reconcile/self.ts';
import { Returner } from './returns/returner.ts';
import { SandboxLife } from './sandbox-life.ts';
import type { SandboxWatch } from './sandbox-watch.ts';
import { beginLife, nextSerial, type Identity } from './state/identity.ts';
import { Intents } from './state/intents.ts';
import { readLastView, withEndpoints } from './state/last-view.ts';
import { ViewKeeper, type ViewKeeperPorts } from './state/view-keeper.ts';
import { Start } from './start.ts';
import { StoreNews } from './store-news.ts';
import { Access } from './trust/access.ts';
import { Trust } from './trust/trust.ts';
import { View } from './view/view.ts';
import { Asker } from './wait/asker.ts';

export interface AgentPorts extends Pick<OwnNodePorts, 'nameServers'> {
  readonly settings: Resolved;
  readonly store: Store;
  readonly kernel: Kernel;
  /** Asks an address of the underlay for signs of life. */
  readonly probe: Probe;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Random bytes in lower-case hex. */
  readonly random: (bytes: number) => string;
  /** A number from 0 to below 1. */
  readonly fraction: () => number;
  /** Takes the tunnels' UDP port for this process. @throws NODE_CONFLICT when another agent has it here. */
  readonly holdPort: (port: number) => Promise<void>;
  /** Where it is counted what happens; absent: in one of the agent's own. */
  readonly metrics?: Registry;
  /** How the last good view gets onto the disk; absent: as `writeLastView` does it. */
  readonly writeView?: ViewKeeperPorts['write'];
  /** How the journal of operations gets onto the disk, by its descriptor; absent: by fdatasync(2). */
  readonly syncJournal?: (fd: number) => Promise<void>;
}

/** For work that nobody waits for, such as acceptance of a declaration. */
const patience = 10_000;
/** The same, for all endpoints of a node. */
const longPatience = 600_000;
/** One node's agent: membership, view, reconciler, warden and the operations, started and stopped together. */
export class Agent {
  readonly ports: AgentPorts;
  readonly view: View;
  readonly reconciler: Reconciler;
  readonly membership: Membership;
  readonly operations: OperationPorts;
  readonly networkPorts: NetworkPorts;
  readonly ownNode: OwnNode;
  readonly collector: Collector;
  readonly returner: Returner;
  readonly events: Journal;
  readonly metrics: Registry;
  readonly startedAt: number;
  readonly trust: Trust;
  readonly sandboxWatch: SandboxWatch;
  readonly #progress: Progress;
  readonly #start: Start;
  readonly #keeper: ViewKeeper;
  readonly #unfinished: Unfinished;
  readonly #caretakers: readonly Caretaker[];
  readonly #stop = new AbortController();
  #identity: Identity;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: AgentPorts) {
    const { store, kernel, clock, logger, random } = ports;
    const { config } = ports.settings;
    this.ports = ports;
    this.startedAt = clock.wall();
    const onCorrupt = (path: string, why: string): void =>
      logger.error('state cannot be read and was set aside', { path, why });
    const file = openJournalFile(config.stateDir, (why) => {
      logger.warn('events cannot be kept on disk', { why });
    });
    const { metrics = new Registry() } = ports;
    this.metrics = metrics;
    const events = new Journal({ clock, logger, file, metrics });
    this.events = events;
    this.#identity = beginLife(config.stateDir, { random, onCorrupt });
    const progress = new Progress(config.name, store.description);
    this.#progress = progress;
    const backoff = new Backoff(200, 5000, ports.fraction);
    this.view = new View(store, clock, (oddity) => this.trust.judge(oddity));
    const { id } = this.#identity;
    const signal = (): AbortSignal => this.deadline(patience);
    const common = { view: this.view, store, kernel, clock, logger, events, metrics, signal, backoff };
    this.trust = new Trust({
      ...common,
      node: id,
      name: config.name,
      leaseTtl: config.leaseTtl,
      rebuilds: config.rebuildStore,
      deadNodeGrace: config.deadNodeGrace,
      signal: this.#stop.signal,
    });
    const sandboxes = new SandboxLife(kernel);
    const intents = new Intents(config.stateDir, onCorrupt, ports.syncJournal);
    const read = readLastView(config.stateDir, onCorrupt);
    const last = read && { ...read, parts: withEndpoints(read.parts, intents.attached()) };
    const missing = (): ReturnType<Returner['remembered']> => this.returner.remembered();
    const keeping = { ...common, stateDir: config.stateDir, intents, missing };
    this.#keeper = new ViewKeeper({ ...keeping, write: ports.writeView });
    const isDetached = (endpoint: EndpointId): boolean => intents.isGone(endpoint);
    const locks = new KeyedLock();
    const node = (): Identity['id'] | undefined => progress.node;
    const changed = (network: NetworkId, endpoint: EndpointId): void => {
      this.reconciler.markEndpoints(network, [endpoint]);
    };
    this.returner = new Returner({ ...common, sandboxes, locks, intents, self: id, node, changed });
    this.reconciler = new Reconciler({ ...common, sandboxes, isDetached, lost: this.returner.lost });
    const lease = (): Lease | undefined => this.membership.lease;
    const asking = { ...common, reconciler: this.reconciler, lease };
    const asker = new Asker({ ...asking, random, self: id });
    const name = config.name as Name;
    new ViewNews(this.view, events, id);
    this.ownNode = new OwnNode({ ...ports, id, name, advertise: config.advertise });
    const isBelieved = (): boolean => this.trust.standing.kind === 'ours';
    const access = new Access({ ...common, isBelieved });
    this.operations = {
      ...common,
      sandboxes,
      reconciler: this.reconciler,
      intents,
      locks,
      returns: this.returner,
      pools: new Pools({ view: this.view, clock, rest: config.addressRest }),
      asker,
      random,
      netnsDir: config.netnsDir,
      self: () => progress.demandSelf(),
      demandStore: access.demand,
      reachStore: access.reach,
    };
    this.networkPorts = new NetworkPorts({ ...this.operations, trust: this.trust });
    this.#unfinished = new Unfinished({ operations: this.operations, clock, deadline: signal });
    this.membership = new Membership({
      ...common,
      leaseTtl: config.leaseTtl,
      joining: () => this.#joining(),
      admit: (signal) => this.trust.admit(signal),
    });
    keepPresent({ ...common, membership: this.membership, node: id, leaseTtl: config.leaseTtl });
    const { returner, operations, trust } = this;
    const { collector, sandboxWatch, all } = caretakersOf({
      ...asking,
      returner,
      operations,
      trust,
      config,
      probe: ports.probe,
      sandboxes,
      isDetached,
      changed,
      node,
      leaseTtl: config.leaseTtl,
      cluster: () => this.cluster,
      accept: () => this.networkPorts.accept(signal()),
      remove: () => this.networkPorts.remove(signal()),
      longSignal: () => this.deadline(longPatience),
    });
    this.collector = collector;
    this.#caretakers = all;
    this.sandboxWatch = sandboxWatch;
    const unfinished = this.#unfinished;
    const living = { ...ports, ...common, progress, membership: this.membership, unfinished };
    this.#start = new Start({
      ...living,
      reconciler: this.reconciler,
      ownNode: this.ownNode,
      trust,
      operations,
      storeNews: new StoreNews(living),
      last,
      lookAgain: () => this.#lookAgain(),
      stopped: this.#stop.signal,
    });
  }

  get phase(): Phase {
    return this.#progress.phase;
  }

  /** Why the start does not get on, as far as an error says it. */
  get trouble(): string | undefined {
    return this.#progress.trouble;
  }

  get id(): Identity['id'] {
    return this.#identity.id;
  }

  get cluster(): Cluster | undefined {
    return this.#progress.self?.cluster;
  }

  /** @throws NOT_READY before this node knows who it is in the cluster. */
  self(): Self {
    return this.#progress.demandSelf();
  }

  notReady(reason: string): WeftError {
    return this.#progress.notReady(reason);
  }

  /** A signal for one operation: its own time, and the end of the agent. */
  deadline(ms: number): AbortSignal {
    const late = new AbortController();
    this.ports.clock.after(ms, () => {
      late.abort(new WeftError('TIMEOUT', `not done within ${ms} ms; the work itself may go on`));
    });
    return AbortSignal.any([late.signal, this.#stop.signal]);
  }

  /**
   * Runs until `stop`. Resolves then; rejects when this node cannot be part of the cluster as it is configured:
   * CLUSTER_MISMATCH, NODE_CONFLICT, INPUT_INVALID.
   */
  async run(): Promise<void> {
    this.#running = this.#start.run();
    await this.#running;
  }

  /** What is in the kernel stays there. */
  async stop(): Promise<void> {
    this.#stop.abort(new WeftError('STORE_CLOSED', 'weftd is stopping'));
    this.#unfinished.close();
    this.ownNode.close();
    await this.#running.catch(() => undefined);
    await this.sandboxWatch.close();
    for (const caretaker of this.#caretakers) await caretaker.close();
    await this.operations.asker.close();
    await this.reconciler.close();
    await this.trust.close();
    await this.#keeper.close();
    await this.view.close();
    await this.operations.intents.close();
    this.events.close();
    this.#progress.phase = 'stopped';
  }

  /**
   * This node leaves its cluster for the one of the store: its networks go from the kernel, and it joins as if it were new. What
   * it had in the old cluster is for that one to collect.
   *
   * @throws CLUSTER_MISMATCH when the store is that of its own cluster, or the node does not fit.
   */
  goOver(signal: AbortSignal): Promise<Cluster> {
    return this.#start.goOver(signal);
  }

  #lookAgain(): void {
    for (const caretaker of this.#caretakers) caretaker.lookAgain();
  }

  async #joining(): Promise<Joining> {
    const { stateDir } = this.ports.settings.config;
    return {
      node: await this.ownNode.content(),
      nextSerial: () => {
        this.#identity = nextSerial(stateDir, this.#identity);
        return this.#identity.serial;
      },
      generation: this.#identity.generation,
      past: this.#identity.past,
    };
  }
}
