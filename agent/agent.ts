import type { Lease, Store } from '../kvstore/store.ts';
import type { Kernel, Probe } from '../linux/kernel.ts';
import type { Clock } from '../model/clock.ts';
import type { EndpointId } from '../model/endpoint.ts';
import { asWeftError, hasCode, WeftError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Name } from '../model/name.ts';
import type { NetworkId } from '../model/network.ts';
import type { Cluster } from '../model/node.ts';
import { Backoff } from './backoff.ts';
import {
  type BootPorts,
  networksKnown,
  ownEndpoints,
  pinnedNetworks,
  remembered,
  selfIn,
  settled,
  storeSpeaks,
} from './boot.ts';
import { openJournalFile } from './events/journal-file.ts';
import { Journal } from './events/journal.ts';
import { ViewNews } from './events/view-news.ts';
import type { Joining, NodeContent } from './cluster/join.ts';
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
import { networksOf } from './participation.ts';
import { persist } from './persist.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { selfOf, type Self } from './reconcile/self.ts';
import { Returner } from './returns/returner.ts';
import { SandboxLife } from './sandbox-life.ts';
import type { SandboxWatch } from './sandbox-watch.ts';
import { beginLife, nextSerial, type Identity } from './state/identity.ts';
import { Intents } from './state/intents.ts';
import { readLastView, removeLastView, withEndpoints, type LastView } from './state/last-view.ts';
import { ViewKeeper, type ViewKeeperPorts } from './state/view-keeper.ts';
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

/** How far the start has come; an agent that is not `ready` answers questions but changes nothing. */
export type Phase = 'starting' | 'joining' | 'reading' | 'ready' | 'stopped';

/** For work that nobody waits for, such as acceptance of a declaration. */
const patience = 10_000;
/** The same, for all endpoints of a node. */
const longPatience = 600_000;
/** What ends some time: the store comes back, or gets room again. */
const passing = ['STORE_UNAVAILABLE', 'STORE_AMBIGUOUS', 'STORE_FULL'] as const;

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
  readonly #keeper: ViewKeeper;
  readonly #last: LastView | undefined;
  readonly #unfinished: Unfinished;
  readonly #caretakers: readonly Caretaker[];
  readonly #sandboxes: SandboxWatch;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  #identity: Identity;
  #self: Self | undefined;
  #phase: Phase = 'starting';
  #trouble: string | undefined;
  #isAway = false;
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
    this.#backoff = new Backoff(200, 5000, ports.fraction);
    this.view = new View(store, clock, (oddity) => this.trust.judge(oddity));
    const { id } = this.#identity;
    const signal = (): AbortSignal => this.deadline(patience);
    const backoff = this.#backoff;
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
    const last = readLastView(config.stateDir, onCorrupt);
    this.#last = last && { ...last, parts: withEndpoints(last.parts, intents.attached()) };
    const missing = (): ReturnType<Returner['remembered']> => this.returner.remembered();
    const keeping = { ...common, stateDir: config.stateDir, intents, missing };
    this.#keeper = new ViewKeeper({ ...keeping, write: ports.writeView });
    const isDetached = (endpoint: EndpointId): boolean => intents.isGone(endpoint);
    const locks = new KeyedLock();
    const node = (): Identity['id'] | undefined => (this.#phase === 'ready' ? this.#self?.node : undefined);
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
      self: () => this.self(),
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
    this.#sandboxes = sandboxWatch;
    this.view.listen({ state: () => void this.#storeMoved() });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Why the start does not get on, as far as an error says it. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  get id(): Identity['id'] {
    return this.#identity.id;
  }

  get cluster(): Cluster | undefined {
    return this.#self?.cluster;
  }

  /** @throws NOT_READY before this node knows who it is in the cluster. */
  self(): Self {
    if (this.#self !== undefined && this.#phase === 'ready') return this.#self;
    throw this.notReady(
      this.#phase === 'reading' ? 'it is still reading the store' : 'it has not joined the cluster yet',
    );
  }

  notReady(reason: string): WeftError {
    const { settings, store } = this.ports;
    return new WeftError(
      'NOT_READY',
      `weftd on ${settings.config.name} is not ready: ${reason} (store ${store.description})`,
    );
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
    this.#running = this.#start();
    await this.#running;
  }

  /** What is in the kernel stays there. */
  async stop(): Promise<void> {
    this.#stop.abort(new WeftError('STORE_CLOSED', 'weftd is stopping'));
    this.#unfinished.close();
    this.ownNode.close();
    await this.#running.catch(() => undefined);
    await this.#sandboxes.close();
    for (const caretaker of this.#caretakers) await caretaker.close();
    await this.operations.asker.close();
    await this.reconciler.close();
    await this.trust.close();
    await this.#keeper.close();
    await this.view.close();
    await this.operations.intents.close();
    this.events.close();
    this.#phase = 'stopped';
  }

  async #start(): Promise<void> {
    const { signal } = this.#stop;
    try {
      this.#phase = 'joining';
      const self = (await remembered(this.#last, this.view, this.#bootPorts())) ?? (await this.#settle());
      this.#self = self;
      this.trust.belong(self.cluster, this.#last?.seen);
      this.view.start();
      const member = this.membership.run(signal, () => this.#lookAgain());
      // Whichever of the two fails ends the agent; both run until the signal.
      await Promise.all([member, this.#readEverything(self, signal)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /**
   * This node leaves its cluster for the one of the store: its networks go from the kernel, and it joins as if it were new. What
   * it had in the old cluster is for that one to collect.
   *
   * @throws CLUSTER_MISMATCH when the store is that of its own cluster, or the node does not fit.
   */
  async goOver(signal: AbortSignal): Promise<Cluster> {
    const { logger, settings } = this.ports;
    const { view, trust, operations } = this;
    const old = this.self().cluster;
    const cluster = await trust.otherCluster(signal);
    const now = await selfIn(cluster, this.#bootPorts());
    logger.warn('leaving the cluster for that of the store', { old: old.id, cluster: cluster.id });
    this.#phase = 'joining';
    await this.reconciler.abandon(signal);
    removeLastView(settings.config.stateDir);
    for (const { endpoint } of operations.intents.open()) operations.intents.end(endpoint);
    await view.forgetAll();
    this.#self = now;
    this.reconciler.setSelf(now);
    trust.goOver(cluster);
    view.start();
    this.membership.refresh();
    await view.until(() => (view.state === 'insync' && view.isAlive(now.node) ? true : undefined), signal);
    this.#phase = 'ready';
    this.#lookAgain();
    return cluster;
  }

  #bootPorts(): BootPorts {
    return { ...this.ports, content: () => this.ownNode.content() };
  }

  /** Everything is seen once, or known from an earlier life; then the kernel is compared: nothing is written before. */
  async #readEverything(self: Self, signal: AbortSignal): Promise<void> {
    const { kernel, clock } = this.ports;
    const { view } = this;
    this.#phase = 'reading';
    const hasSpoken = await storeSpeaks(self.node, this.#last !== undefined, { view, clock }, signal);
    if (!hasSpoken) void this.#storeMoved();
    const own = hasSpoken ? await this.#ownNetworks(self, signal) : networksKnown(view, self.node);
    for (const id of own) this.view.join(id);
    const pinned = await pinnedNetworks(kernel, self);
    // As after a reboot: sandboxes that have names will come back under them.
    if (pinned.length === 0)
      this.operations.sandboxes.lose(ownEndpoints(view, self.node).map((e) => e.sandbox));
    const all = new Set([...own, ...pinned]);
    this.reconciler.compare(all);
    this.reconciler.setSelf(self);
    this.ownNode.follow((content) => this.#moved(content));
    await this.reconciler.compared(all, signal);
    this.#phase = 'ready';
    this.#lookAgain();
    const { name } = this.ports.settings.config;
    const fields = { node: self.node, vtep: self.vtep, networks: own.size };
    this.events.tell('agent-ready', `weftd on ${name} is ready`, fields);
    if (!hasSpoken) await this.#catchUp(all, signal);
    await this.#unfinished.finish();
  }

  #lookAgain(): void {
    for (const caretaker of this.#caretakers) caretaker.lookAgain();
  }

  /** The store speaks again after a start without it: what it knows of this node that the last good view did not. */
  async #catchUp(known: ReadonlySet<NetworkId>, signal: AbortSignal): Promise<void> {
    const self = this.self();
    await this.view.until(() => (this.view.state === 'insync' ? true : undefined), signal);
    const own = await this.#ownNetworks(self, signal);
    for (const id of own) this.view.join(id);
    this.reconciler.compare(new Set([...known, ...own]));
  }

  async #ownNetworks(self: Self, signal: AbortSignal): Promise<ReadonlySet<NetworkId>> {
    const known = this.view.networks().map((n) => n.id);
    const there = await this.#persist('find own endpoints', () =>
      networksOf(self.node, known, this.ports.store, signal),
    );
    return new Set([...there, ...networksKnown(this.view, self.node)]);
  }

  /** The store may be away for as long as it likes. */
  #settle(): Promise<Self> {
    const { store, clock, random } = this.ports;
    const ports = { ...this.#bootPorts(), store, clock, random, signal: this.#stop.signal };
    return this.#persist('join the cluster', () => settled(ports));
  }

  /** The underlay's addresses, its MTU or the node's routes are others now. */
  #moved(content: NodeContent): void {
    const self = this.#self;
    if (self === undefined) return;
    try {
      const now = selfOf(content, self.cluster, this.ports.settings.config.advertise);
      this.#self = now;
      if (now.vtep !== self.vtep) this.reconciler.setSelf(now);
      this.membership.refresh();
    } catch (error) {
      this.ports.logger.error('underlay has no address for the tunnels any more; the last one stays', {
        error: asWeftError(error).message,
      });
    }
  }

  /** The view has lost or found the store. What could not be finished while it was away is finished now. */
  async #storeMoved(): Promise<void> {
    const { state } = this.view;
    const { store } = this.ports;
    // What was restored at the start is stale before the store was asked.
    if (state === 'stale' && !this.#isAway && this.#phase !== 'joining') {
      this.#isAway = true;
      const message = 'store is out of reach; traffic goes on, changes wait';
      this.events.tell('store-away', message, { store: store.description, error: this.view.trouble });
    }
    if (state !== 'insync' || !this.#isAway) return;
    this.#isAway = false;
    this.events.tell('store-back', 'store is back', { store: store.description });
    this.metrics.count('weft_store_reconnects_total', {});
    if (this.membership.state.kind !== 'joined') this.membership.refresh();
    if (this.#phase === 'ready') await this.#unfinished.finish();
  }

  /** Tries until it works; an error that trying again cannot mend ends the agent. */
  async #persist<T>(what: string, task: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.ports;
    const failed = (error: WeftError): void => {
      if (!hasCode(error, ...passing)) throw error;
      const { message } = error;
      if (this.#trouble !== message) logger.warn(`cannot ${what} yet`, { error: message });
      this.#trouble = message;
    };
    const done = await persist(task, { clock, backoff: this.#backoff, signal: this.#stop.signal, failed });
    this.#trouble = undefined;
    return done;
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
