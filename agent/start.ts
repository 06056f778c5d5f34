import type { Store } from '../kvstore/store.ts';
import type { Kernel } from '../linux/kernel.ts';
import type { Clock } from '../model/clock.ts';
import { asWeftError, hasCode, type WeftError } from '../model/errors.ts';
import type { NetworkId } from '../model/network.ts';
import type { Cluster } from '../model/node.ts';
import type { Backoff } from './backoff.ts';
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
import type { NodeContent } from './cluster/join.ts';
import type { Membership } from './cluster/membership.ts';
import type { OwnNode } from './cluster/own-node.ts';
import type { Journal } from './events/journal.ts';
import type { OperationPorts } from './operations/ports.ts';
import type { Unfinished } from './operations/unfinished.ts';
import { networksOf } from './participation.ts';
import { persist } from './persist.ts';
import type { Progress } from './progress.ts';
import type { Reconciler } from './reconcile/reconciler.ts';
import { selfOf, type Self } from './reconcile/self.ts';
import { removeLastView, type LastView } from './state/last-view.ts';
import type { StoreNews } from './store-news.ts';
import type { Trust } from './trust/trust.ts';
import type { View } from './view/view.ts';

export interface StartPorts extends Omit<BootPorts, 'content'> {
  readonly store: Store;
  readonly kernel: Pick<Kernel, 'namespaces'>;
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Random bytes in lower-case hex. */
  readonly random: (bytes: number) => string;
  readonly progress: Progress;
  readonly view: View;
  readonly reconciler: Reconciler;
  readonly membership: Membership;
  readonly ownNode: OwnNode;
  readonly trust: Trust;
  readonly operations: OperationPorts;
  readonly unfinished: Unfinished;
  readonly storeNews: StoreNews;
  readonly events: Journal;
  /** What an earlier life knew. */
  readonly last: LastView | undefined;
  /** Everybody who acts by the view looks at it anew. */
  readonly lookAgain: () => void;
  /** The end of the agent. */
  readonly stopped: AbortSignal;
}

/** What ends some time: the store comes back, or gets room again. */
const passing = ['STORE_UNAVAILABLE', 'STORE_AMBIGUOUS', 'STORE_FULL'] as const;

/** How an agent becomes ready, and what it does when it changes its cluster. */
export class Start {
  readonly #ports: StartPorts;
  readonly #boot: BootPorts;

  constructor(ports: StartPorts) {
    this.#ports = ports;
    this.#boot = { ...ports, content: () => ports.ownNode.content() };
  }

  /** Resolves when the agent is stopped. @throws as `Agent.run`. */
  async run(): Promise<void> {
    const { progress, view, membership, trust, last, lookAgain, stopped } = this.#ports;
    try {
      progress.phase = 'joining';
      const self = (await remembered(last, view, this.#boot)) ?? (await this.#settle());
      progress.self = self;
      trust.belong(self.cluster, last?.seen);
      view.start();
      const member = membership.run(stopped, lookAgain);
      // Whichever of the two fails ends the agent; both run until the signal.
      await Promise.all([member, this.#readEverything(self)]);
    } catch (error) {
      if (!stopped.aborted) throw error;
    }
  }

  /** @throws as `Agent.goOver`. */
  async goOver(signal: AbortSignal): Promise<Cluster> {
    const { logger, settings, progress, view, trust, reconciler, membership, lookAgain } = this.#ports;
    const { intents } = this.#ports.operations;
    const old = progress.demandSelf().cluster;
    const cluster = await trust.otherCluster(signal);
    const now = await selfIn(cluster, this.#boot);
    logger.warn('leaving the cluster for that of the store', { old: old.id, cluster: cluster.id });
    progress.phase = 'joining';
    await reconciler.abandon(signal);
    removeLastView(settings.config.stateDir);
    for (const { endpoint } of intents.open()) intents.end(endpoint);
    await view.forgetAll();
    progress.self = now;
    reconciler.setSelf(now);
    trust.goOver(cluster);
    view.start();
    membership.refresh();
    await view.until(() => (view.state === 'insync' && view.isAlive(now.node) ? true : undefined), signal);
    progress.phase = 'ready';
    lookAgain();
    return cluster;
  }

  /** Everything is seen once, or known from an earlier life; then the kernel is compared: nothing is written before. */
  async #readEverything(self: Self): Promise<void> {
    const { kernel, clock, stopped, progress, view, reconciler, last, storeNews, events } = this.#ports;
    const { ownNode, operations, unfinished, settings, lookAgain } = this.#ports;
    progress.phase = 'reading';
    const hasSpoken = await storeSpeaks(self.node, last !== undefined, { view, clock }, stopped);
    if (!hasSpoken) storeNews.look();
    const own = hasSpoken ? await this.#ownNetworks(self) : networksKnown(view, self.node);
    for (const id of own) view.join(id);
    const pinned = await pinnedNetworks(kernel, self);
    // As after a reboot: sandboxes that have names will come back under them.
    if (pinned.length === 0) operations.sandboxes.lose(ownEndpoints(view, self.node).map((e) => e.sandbox));
    const all = new Set([...own, ...pinned]);
    reconciler.compare(all);
    reconciler.setSelf(self);
    ownNode.follow((content) => this.#moved(content));
    await reconciler.compared(all, stopped);
    progress.phase = 'ready';
    lookAgain();
    const fields = { node: self.node, vtep: self.vtep, networks: own.size };
    events.tell('agent-ready', `weftd on ${settings.config.name} is ready`, fields);
    if (!hasSpoken) await this.#catchUp(all);
    await unfinished.finish();
  }

  /** The store speaks again after a start without it: what it knows of this node that the last good view did not. */
  async #catchUp(known: ReadonlySet<NetworkId>): Promise<void> {
    const { progress, view, reconciler, stopped } = this.#ports;
    const self = progress.demandSelf();
    await view.until(() => (view.state === 'insync' ? true : undefined), stopped);
    const own = await this.#ownNetworks(self);
    for (const id of own) view.join(id);
    reconciler.compare(new Set([...known, ...own]));
  }

  async #ownNetworks(self: Self): Promise<ReadonlySet<NetworkId>> {
    const { view, store, stopped } = this.#ports;
    const known = view.networks().map((n) => n.id);
    const there = await this.#persist('find own endpoints', () =>
      networksOf(self.node, known, store, stopped),
    );
    return new Set([...there, ...networksKnown(view, self.node)]);
  }

  /** The store may be away for as long as it likes. */
  #settle(): Promise<Self> {
    const { store, clock, random, stopped } = this.#ports;
    const ports = { ...this.#boot, store, clock, random, signal: stopped };
    return this.#persist('join the cluster', () => settled(ports));
  }

  /** The underlay's addresses, its MTU or the node's routes are others now. */
  #moved(content: NodeContent): void {
    const { progress, reconciler, membership, settings, logger } = this.#ports;
    const { self } = progress;
    if (self === undefined) return;
    try {
      const now = selfOf(content, self.cluster, settings.config.advertise);
      progress.self = now;
      if (now.vtep !== self.vtep) reconciler.setSelf(now);
      membership.refresh();
    } catch (error) {
      logger.error('underlay has no address for the tunnels any more; the last one stays', {
        error: asWeftError(error).message,
      });
    }
  }

  /** Tries until it works; an error that trying again cannot mend ends the agent. */
  async #persist<T>(what: string, task: () => Promise<T>): Promise<T> {
    const { clock, logger, backoff, progress, stopped } = this.#ports;
    const failed = (error: WeftError): void => {
      if (!hasCode(error, ...passing)) throw error;
      const { message } = error;
      if (progress.trouble !== message) logger.warn(`cannot ${what} yet`, { error: message });
      progress.trouble = message;
    };
    const done = await persist(task, { clock, backoff, signal: stopped, failed });
    progress.trouble = undefined;
    return done;
  }
}
