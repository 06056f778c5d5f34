import type { Store } from '../kvstore/store.ts';
import type { Kernel, Probe } from '../linux/kernel.ts';
import { sleep, type Clock } from '../model/clock.ts';
import type { EndpointId } from '../model/endpoint.ts';
import { asWeftError, hasCode, WeftError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { Name } from '../model/name.ts';
import type { NetworkId } from '../model/network.ts';
import type { Cluster } from '../model/node.ts';
import { Backoff } from './backoff.ts';
import { openJournalFile } from './events/journal-file.ts';
import { Journal } from './events/journal.ts';
import { ViewNews } from './events/view-news.ts';
import { localWish, newCluster, settleCluster } from './cluster/cluster-facts.ts';
import type { Joining, NodeContent } from './cluster/join.ts';
import { Membership } from './cluster/membership.ts';
import { OwnNode } from './cluster/own-node.ts';
import type { Resolved } from './config/load.ts';
import { Collector } from './dead/collector.ts';
import { Drainer } from './dead/drainer.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { AcceptPorts } from './networks/accept.ts';
import type { RemovePorts } from './networks/remove.ts';
import { Warden } from './networks/warden.ts';
import { detachDead, detachEndpoint } from './operations/detach.ts';
import { finishIntents } from './operations/finish-intents.ts';
import { Pools } from './operations/pools.ts';
import type { OperationPorts } from './operations/ports.ts';
import { networksOf } from './participation.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import { selfOf, type Self } from './reconcile/self.ts';
import { Returner } from './returns/returner.ts';
import { SandboxWatch } from './sandbox-watch.ts';
import { beginLife, nextSerial, type Identity } from './state/identity.ts';
import { Intents } from './state/intents.ts';
import { View } from './view/view.ts';
import { namespaceMark } from '../vxlan/names.ts';

export interface AgentPorts {
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
  readonly ownNode: OwnNode;
  readonly collector: Collector;
  readonly returner: Returner;
  readonly events: Journal;
  readonly startedAt: number;
  readonly #warden: Warden;
  readonly #drainer: Drainer;
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
    const { store, kernel, clock, logger, random, version } = ports;
    const { config } = ports.settings;
    this.ports = ports;
    this.startedAt = clock.wall();
    const onCorrupt = (path: string, why: string): void => {
      logger.error('state cannot be read and was set aside', { path, why });
    };
    const file = openJournalFile(config.stateDir, (why) => {
      logger.warn('events cannot be kept on disk', { why });
    });
    const events = new Journal({ clock, logger, file });
    this.events = events;
    this.#identity = beginLife(config.stateDir, { random, onCorrupt });
    this.#backoff = new Backoff(200, 5000, ports.fraction);
    this.view = new View(store, clock);
    const { id } = this.#identity;
    const intents = new Intents(config.stateDir, onCorrupt);
    const locks = new KeyedLock();
    const { view } = this;
    const signal = (): AbortSignal => this.deadline(patience);
    const common = { view, store, kernel, clock, logger, events, signal };
    const isReady = (): boolean => this.#phase === 'ready';
    const changed = (network: NetworkId, endpoint: EndpointId): void => {
      this.reconciler.markEndpoints(network, [endpoint]);
    };
    this.returner = new Returner({ ...common, locks, intents, self: id, isReady, changed });
    const lost = (network: NetworkId) => this.returner.lost(network);
    this.reconciler = new Reconciler({ kernel, view, clock, logger, backoff: this.#backoff, lost });
    const name = config.name as Name;
    new ViewNews(this.view, events, id);
    this.ownNode = new OwnNode({ kernel, clock, logger, id, name, advertise: config.advertise, version });
    this.operations = {
      store,
      view: this.view,
      kernel,
      reconciler: this.reconciler,
      intents,
      locks,
      returns: this.returner,
      pools: new Pools(this.view),
      logger,
      events,
      netnsDir: config.netnsDir,
      self: () => this.self(),
    };
    this.membership = new Membership({
      store,
      clock,
      logger,
      events,
      backoff: this.#backoff,
      leaseTtl: config.leaseTtl,
      joining: () => this.#joining(),
    });
    const node = (): Identity['id'] | undefined => (this.#phase === 'ready' ? this.#self?.node : undefined);
    this.#warden = new Warden({
      view: this.view,
      clock,
      logger,
      events,
      node,
      accept: () => this.acceptPorts(this.deadline(patience)),
      remove: () => this.removePorts(this.deadline(patience)),
      detach: (network, endpoint) =>
        detachEndpoint(network, endpoint, this.operations, this.deadline(patience)),
    });
    const cluster = (): Cluster | undefined => this.cluster;
    const { deadNodeGrace: grace, leaseTtl } = config;
    this.collector = new Collector({
      ...common,
      signal: () => this.deadline(longPatience),
      probe: ports.probe,
      node,
      cluster,
      grace,
      leaseTtl,
    });
    const detach = (network: NetworkId, endpoint: EndpointId): Promise<unknown> =>
      detachEndpoint(network, endpoint, this.operations, signal());
    this.#drainer = new Drainer({ ...common, node, detach });
    this.#sandboxes = new SandboxWatch({
      view: this.view,
      kernel,
      clock,
      logger,
      events,
      node,
      changed,
      detach: (network, endpoint) => detachDead(network, endpoint, this.operations, this.deadline(patience)),
    });
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

  acceptPorts(signal: AbortSignal): AcceptPorts {
    const { store, random, clock } = this.ports;
    const now = (): string => new Date(clock.wall()).toISOString();
    return { store, cluster: this.self().cluster, signal, random, now };
  }

  removePorts(signal: AbortSignal): RemovePorts {
    const nodeName = (id: string): string => this.view.nodeList().find((n) => n.id === id)?.name ?? id;
    return { store: this.ports.store, signal, nodeName };
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
    this.ownNode.close();
    await this.#running.catch(() => undefined);
    await this.#sandboxes.close();
    await this.#warden.close();
    await this.collector.close();
    await this.#drainer.close();
    await this.returner.close();
    await this.reconciler.close();
    await this.view.close();
    this.operations.intents.close();
    this.events.close();
    this.#phase = 'stopped';
  }

  async #start(): Promise<void> {
    const { signal } = this.#stop;
    try {
      this.#phase = 'joining';
      const self = await this.#settle();
      this.#self = self;
      this.view.start();
      const member = this.membership.run(signal, () => {
        this.#lookAgain();
      });
      // Whichever of the two fails ends the agent; both run until the signal.
      await Promise.all([member, this.#readEverything(self, signal)]);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Everything is seen once, then the kernel is compared: nothing is written before. */
  async #readEverything(self: Self, signal: AbortSignal): Promise<void> {
    const { store, kernel } = this.ports;
    this.#phase = 'reading';
    await this.view.until(() => (this.view.ready && this.view.isAlive(self.node) ? true : undefined), signal);
    const known = this.view.networks().map((n) => n.id);
    const own = await this.#persist('find own endpoints', () => networksOf(self.node, known, store, signal));
    for (const id of own) this.view.join(id);
    const pinned = (await kernel.namespaces()).flatMap(({ scope, mark }) => {
      const id = scope.slice('network:'.length) as NetworkId;
      return mark === namespaceMark(self.cluster.id, self.node, id) ? [id] : [];
    });
    const all = new Set([...own, ...pinned]);
    this.reconciler.compare(all);
    this.reconciler.setSelf(self);
    this.ownNode.follow((content) => {
      this.#moved(content);
    });
    await this.reconciler.compared(all, signal);
    this.#phase = 'ready';
    this.#lookAgain();
    const { name } = this.ports.settings.config;
    const fields = { node: self.node, vtep: self.vtep, networks: own.size };
    this.events.tell('agent-ready', `weftd on ${name} is ready`, fields);
    await finishIntents(this.operations, this.deadline(patience));
  }

  /** Whoever acts by the view may act now, or again. */
  #lookAgain(): void {
    this.#warden.lookAgain();
    this.collector.lookAgain();
    this.returner.lookAgain();
    this.#drainer.lookAgain();
  }

  /** The cluster's facts and our VTEP; the store may be away for as long as it likes. */
  #settle(): Promise<Self> {
    const { settings, store, clock, logger, random, version, holdPort } = this.ports;
    const { config, origins } = settings;
    const wish = localWish(config, (key) => origins.get(key) !== 'default');
    return this.#persist('join the cluster', async () => {
      const content = await this.ownNode.content();
      const family = wish.underlay ?? (content.vteps.some((ip) => !ip.includes(':')) ? 4 : 6);
      const found = newCluster(random(8), family, config.port, version);
      const ports = { store, clock, logger, signal: this.#stop.signal, holdPort };
      const cluster = await settleCluster(wish, found, config.init, ports);
      return selfOf(content, cluster, config.advertise);
    });
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
    if (state === 'stale' && !this.#isAway) {
      this.#isAway = true;
      const message = 'store is out of reach; traffic goes on, changes wait';
      this.events.tell('store-away', message, { store: store.description, error: this.view.trouble });
    }
    if (state !== 'insync' || !this.#isAway) return;
    this.#isAway = false;
    this.events.tell('store-back', 'store is back', { store: store.description });
    if (this.membership.state.kind !== 'joined') this.membership.refresh();
    if (this.#phase === 'ready') await finishIntents(this.operations, this.deadline(patience));
  }

  /** Tries until it works; an error that trying again cannot mend ends the agent. */
  async #persist<T>(what: string, task: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.ports;
    for (let failures = 1; ; failures += 1) {
      try {
        const done = await task();
        this.#trouble = undefined;
        return done;
      } catch (error) {
        if (this.#stop.signal.aborted || !hasCode(error, ...passing)) throw error;
        const { message } = asWeftError(error);
        if (this.#trouble !== message) logger.warn(`cannot ${what} yet`, { error: message });
        this.#trouble = message;
        await sleep(clock, this.#backoff.delay(failures), this.#stop.signal);
      }
    }
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
