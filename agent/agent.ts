import type { Store } from '../kvstore/store.ts';
import type { Kernel } from '../linux/kernel.ts';
import { sleep, type Clock } from '../model/clock.ts';
import type { EndpointId } from '../model/endpoint.ts';
import { asWeftError, hasCode, WeftError } from '../model/errors.ts';
import { familyOf, type Ip } from '../model/ip.ts';
import type { Logger } from '../model/logger.ts';
import type { Name } from '../model/name.ts';
import type { NetworkId } from '../model/network.ts';
import type { Cluster, Node } from '../model/node.ts';
import { Backoff } from './backoff.ts';
import { localWish, newCluster, settleCluster } from './cluster/cluster-facts.ts';
import type { Joining } from './cluster/join.ts';
import { Membership } from './cluster/membership.ts';
import type { Resolved } from './config/load.ts';
import { KeyedLock } from './keyed-lock.ts';
import type { AcceptPorts } from './networks/accept.ts';
import type { RemovePorts } from './networks/remove.ts';
import { Warden } from './networks/warden.ts';
import { detachEndpoint } from './operations/detach.ts';
import { finishIntents } from './operations/finish-intents.ts';
import { Pools } from './operations/pools.ts';
import type { OperationPorts } from './operations/ports.ts';
import { networksOf } from './participation.ts';
import { Reconciler } from './reconcile/reconciler.ts';
import type { Self } from './reconcile/self.ts';
import { beginLife, nextSerial, type Identity } from './state/identity.ts';
import { Intents } from './state/intents.ts';
import { View } from './view/view.ts';

export interface AgentPorts {
  readonly settings: Resolved;
  readonly store: Store;
  readonly kernel: Kernel;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** Random bytes in lower-case hex. */
  random(bytes: number): string;
  /** A number from 0 to below 1. */
  fraction(): number;
}

/** How far the start has come; an agent that is not `ready` answers questions but changes nothing. */
export type Phase = 'starting' | 'joining' | 'reading' | 'ready' | 'stopped';

/** One node's agent: membership, view, reconciler, warden and the operations, started and stopped together. */
export class Agent {
  readonly ports: AgentPorts;
  readonly view: View;
  readonly reconciler: Reconciler;
  readonly membership: Membership;
  readonly operations: OperationPorts;
  readonly startedAt: number;
  readonly #warden: Warden;
  readonly #stop = new AbortController();
  readonly #backoff: Backoff;
  #identity: Identity;
  #node: Node | undefined;
  #self: Self | undefined;
  #phase: Phase = 'starting';
  #running: Promise<void> = Promise.resolve();

  constructor(ports: AgentPorts) {
    const { store, kernel, clock, logger, random } = ports;
    const { config } = ports.settings;
    this.ports = ports;
    this.startedAt = clock.wall();
    const onCorrupt = (aside: string, why: string): void => {
      logger.error('state file set aside', { aside, why });
    };
    this.#identity = beginLife(config.stateDir, { random, onCorrupt });
    this.#backoff = new Backoff(200, 5000, ports.fraction);
    this.view = new View(store);
    this.reconciler = new Reconciler({ kernel, view: this.view, clock, logger, backoff: this.#backoff });
    this.operations = {
      store,
      view: this.view,
      kernel,
      reconciler: this.reconciler,
      intents: new Intents(config.stateDir, onCorrupt),
      locks: new KeyedLock(),
      pools: new Pools(this.view),
      clock,
      logger,
      netnsDir: config.netnsDir,
      random,
      self: () => this.self(),
    };
    this.membership = new Membership({
      store,
      clock,
      logger,
      backoff: this.#backoff,
      leaseTtl: config.leaseTtl,
      joining: () => this.#joining(),
    });
    this.#warden = new Warden({
      view: this.view,
      clock,
      logger,
      node: () => (this.#phase === 'ready' ? this.#self?.node : undefined),
      accept: () => this.acceptPorts(),
      remove: () => this.removePorts(),
      detach: (network: NetworkId, id: EndpointId) =>
        detachEndpoint(network, id, this.operations, this.deadline(10_000)),
    });
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** @throws NOT_READY before this node knows who it is in the cluster. */
  self(): Self {
    if (this.#self !== undefined && this.#phase === 'ready') return this.#self;
    const reason =
      this.view.state === 'syncing' ? 'it is still reading the store' : 'it has not joined the cluster yet';
    throw new WeftError(
      'NOT_READY',
      `weftd on ${this.ports.settings.config.name} is not ready: ${reason} (${this.ports.store.description})`,
    );
  }

  get id(): Identity['id'] {
    return this.#identity.id;
  }

  get cluster(): Cluster | undefined {
    return this.#self?.cluster;
  }

  /** A signal for one operation: its own time, and the end of the agent. */
  deadline(ms: number): AbortSignal {
    const late = new AbortController();
    const timer = this.ports.clock.after(ms, () => {
      late.abort(new WeftError('TIMEOUT', `not done within ${ms} ms; the work itself may go on`));
    });
    this.#stop.signal.addEventListener('abort', () => {
      timer.cancel();
    });
    return AbortSignal.any([late.signal, this.#stop.signal]);
  }

  acceptPorts(): AcceptPorts {
    const { store, random, clock } = this.ports;
    const now = (): string => new Date(clock.wall()).toISOString();
    return { store, cluster: this.self().cluster, signal: this.deadline(10_000), random, now };
  }

  removePorts(): RemovePorts {
    const nodeName = (id: string): string => this.view.nodeList().find((n) => n.id === id)?.name ?? id;
    return { store: this.ports.store, signal: this.deadline(10_000), nodeName };
  }

  /**
   * Runs until `stop`. Resolves then; rejects when this node cannot be part of the cluster as it is configured:
   * CLUSTER_MISMATCH, NODE_CONFLICT, INPUT_INVALID.
   */
  async run(): Promise<void> {
    this.#running = this.#start();
    await this.#running;
  }

  async stop(): Promise<void> {
    this.#stop.abort(new WeftError('STORE_CLOSED', 'weftd is stopping'));
    await this.#running.catch(() => undefined);
    await this.#warden.close();
    await this.reconciler.close();
    await this.view.close();
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
        this.#warden.lookAgain();
      });
      member.catch(() => undefined);
      await Promise.race([member, this.#readEverything(self, signal)]);
      await member;
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  /** Everything is seen once, then the kernel is compared: nothing is written before. */
  async #readEverything(self: Self, signal: AbortSignal): Promise<void> {
    this.#phase = 'reading';
    await this.view.until(() => (this.view.ready && this.view.isAlive(self.node) ? true : undefined), signal);
    const networks = await this.#persist('find own endpoints', () =>
      networksOf(
        self.node,
        this.view.networks().map((n) => n.id),
        this.ports.store,
        signal,
      ),
    );
    for (const id of networks) this.view.join(id);
    const pinned = await this.ports.kernel.namespaces();
    this.#phase = 'ready';
    this.reconciler.setSelf(self);
    this.reconciler.compare(
      new Set([...networks, ...pinned.map((n) => n.scope.slice('network:'.length) as NetworkId)]),
    );
    await this.#persist('finish open intents', () => finishIntents(this.operations, signal));
    this.#warden.lookAgain();
    this.ports.logger.info('ready', { networks: networks.size });
    await new Promise(() => undefined);
  }

  /** The cluster's facts and our VTEP; the store may be away for as long as it likes. */
  #settle(): Promise<Self> {
    const { settings, kernel, store, clock, logger, random, version } = this.ports;
    const { config, origins } = settings;
    const wish = localWish(config, (key) => origins.get(key) !== 'default');
    return this.#persist('join the cluster', async () => {
      const underlay = await kernel.underlay(config.advertise);
      const family = wish.underlay ?? familyOf(underlay.addresses[0] ?? ('0.0.0.0' as Ip));
      const found = newCluster(random(8), family, config.port, version);
      const ports = { store, clock, logger, signal: this.#stop.signal, random };
      const cluster = await settleCluster(wish, found, config.init, ports);
      const vtep = underlay.addresses.find((ip) => familyOf(ip) === cluster.underlay);
      if (vtep === undefined) {
        throw new WeftError(
          'CLUSTER_MISMATCH',
          `the cluster's tunnels use IPv${cluster.underlay}, but ${underlay.interfaceName} has no such address (it has ${underlay.addresses.join(', ')})`,
        );
      }
      return { node: this.#identity.id, vtep, cluster };
    });
  }

  /** Tries until it works; an error that trying again cannot mend ends the agent. */
  async #persist<T>(what: string, task: () => Promise<T>): Promise<T> {
    const { clock, logger } = this.ports;
    let told: string | undefined;
    for (let failures = 1; ; failures += 1) {
      try {
        return await task();
      } catch (error) {
        if (this.#stop.signal.aborted || !hasCode(error, 'STORE_UNAVAILABLE', 'STORE_AMBIGUOUS')) throw error;
        const { message } = asWeftError(error);
        if (told !== message) logger.warn(`cannot ${what} yet`, { error: message });
        told = message;
        await sleep(clock, this.#backoff.delay(failures), this.#stop.signal);
      }
    }
  }

  async #joining(): Promise<Joining> {
    const { kernel, settings, version } = this.ports;
    const underlay = await kernel.underlay(settings.config.advertise);
    const routes = (await kernel.routes()).slice(0, 256);
    const vteps = ([4, 6] as const)
      .map((f) => underlay.addresses.find((ip) => familyOf(ip) === f))
      .filter((ip) => ip !== undefined);
    const content = { name: settings.config.name as Name, vteps, mtu: underlay.mtu, routes, version };
    if (this.#node === undefined || !sameContent(this.#node, content)) {
      this.#identity = nextSerial(settings.config.stateDir, this.#identity);
      this.#node = { id: this.#identity.id, serial: this.#identity.serial, ...content };
    }
    return { node: this.#node, generation: this.#identity.generation, past: this.#identity.past };
  }
}

function sameContent(node: Node, content: Omit<Node, 'id' | 'serial'>): boolean {
  const { id: _id, serial: _serial, ...rest } = node;
  return JSON.stringify(rest) === JSON.stringify(content);
}
