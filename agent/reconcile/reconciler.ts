import type { Kernel } from '../../linux/kernel.ts';
import type { ObjectKey } from '../../linux/objects/object.ts';
import type { Clock, Timer } from '../../model/clock.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import { asWeftError, WeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Family } from '../../model/ip.ts';
import type { Logger } from '../../model/logger.ts';
import type { Metrics } from '../../model/metric.ts';
import type { NetworkId } from '../../model/network.ts';
import type { Revision } from '../../kvstore/store.ts';
import { keys } from '../../kvstore/keys.ts';
import type { Backoff } from '../backoff.ts';
import { DriftWatch } from '../drift/drift-watch.ts';
import { RepairLog } from '../drift/repair-log.ts';
import { countPass } from '../metrics/count-pass.ts';
import type { SandboxLife } from '../sandbox-life.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';
import { NetworkReconciler } from './network-reconciler.ts';
import type { EndpointProgress, NetworkInput, PassReport, Standing } from './pass.ts';
import { RouteElection } from './route-election.ts';
import { Scheduler } from './scheduler.ts';
import type { Self } from './self.ts';

export interface ReconcilerPorts {
  readonly kernel: Kernel;
  readonly sandboxes: SandboxLife;
  /** Was it detached here while the store was away, so that it is gone whatever the view says? */
  readonly isDetached: (endpoint: EndpointId) => boolean;
  readonly view: View;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly backoff: Backoff;
  /** Own endpoints that the store has lost without our doing: they stay programmed until that is settled. */
  lost?(network: NetworkId): ReadonlyMap<EndpointId, Recorded<Endpoint>>;
}

/** Milliseconds between full compares of a network with its kernel state. */
const compareInterval = 300_000;

/**
 * Keeps the kernel as the view wants it. News only mark networks and endpoints dirty; one pass at a time does the work.
 * Nothing is written before the view has been complete once, and a network without a local endpoint is not programmed.
 */
export class Reconciler {
  readonly #ports: ReconcilerPorts;
  readonly #networks = new Map<NetworkId, NetworkReconciler>();
  readonly #failures = new Map<NetworkId, number>();
  /** Refusals that are in the log already, by object. */
  readonly #told = new Map<NetworkId, ReadonlyMap<ObjectKey, string>>();
  /** Networks of which a compare was asked for that has not been tried, with the number of the wish. */
  readonly #uncompared = new Map<NetworkId, number>();
  #wishes = 0;
  readonly #joining = new Map<NetworkId, number>();
  readonly #waiters = new Set<() => void>();
  readonly #scheduler: Scheduler<NetworkId>;
  readonly #drift: DriftWatch;
  readonly #election: RouteElection;
  /** What of ours somebody else has changed. */
  readonly repairs: RepairLog;
  #self: Self | undefined;
  #isAbandoning = false;
  #compareTimer: Timer | undefined;

  constructor(ports: ReconcilerPorts) {
    this.#ports = ports;
    this.#scheduler = new Scheduler((id) => this.#pass(id), ports.clock);
    this.#election = new RouteElection({
      ...ports,
      mark: ({ network, id }, first) => {
        this.#network(network).markEndpoint(id);
        if (first) this.#scheduler.markFirst(network);
        else this.#scheduler.mark(network);
      },
    });
    const { kernel, clock, logger, events, metrics, view } = ports;
    const repairs = new RepairLog({
      clock,
      events,
      metrics,
      networkName: (id) => view.networkById(id)?.name ?? id,
    });
    this.repairs = repairs;
    this.#drift = new DriftWatch({
      kernel,
      clock,
      logger,
      compare: (id, what) => {
        this.#network(id).markDrift(what);
        this.#scheduler.mark(id);
      },
      patience: (id, keys) => repairs.patience(id, keys),
    });
    ports.view.listen({
      networks: () => {
        for (const [id, one] of this.#networks) {
          if (one.spec === ports.view.networkById(id)) continue;
          this.#election.holdIn(id);
          one.markAll();
          this.#scheduler.mark(id);
        }
      },
      nodes: () => {
        this.#markAll();
      },
      endpoints: (network, ids) => {
        this.markEndpoints(network, ids);
      },
      state: () => {
        for (const id of this.#networks.keys()) this.#scheduler.mark(id);
      },
    });
    this.#compareRegularly();
  }

  #compareRegularly(): void {
    this.#compareTimer = this.#ports.clock.after(compareInterval, () => {
      this.compare(this.#networks.keys());
      this.#compareRegularly();
    });
  }

  /** Called when this node knows, or has changed, its VTEP; nothing is programmed before. */
  setSelf(self: Self): void {
    this.#self = self;
    this.#election.setSelf(self.node);
    this.#drift.open();
    this.#markAll();
  }

  /** Reads what is in the kernel for these networks and brings it to what is wanted: start, and after a doubt. */
  compare(networks: Iterable<NetworkId>): void {
    for (const id of networks) {
      this.#network(id).markCompare();
      this.#uncompared.set(id, (this.#wishes += 1));
      this.#scheduler.mark(id);
    }
  }

  /** Something about these endpoints changed that the store does not say: their sandboxes came or went. */
  markEndpoints(network: NetworkId, ids: Iterable<EndpointId>): void {
    const all = [...ids];
    this.#election.hold(network, all);
    for (const id of all) this.#network(network).markEndpoint(id);
    this.#scheduler.mark(network);
  }

  /** The families in which an own endpoint gives its sandbox the default route. */
  defaultRoutes(endpoint: EndpointId): readonly Family[] {
    return this.#election.familiesOf(endpoint);
  }

  /** Keeps the network's endpoints in view while the task runs, although no local endpoint may exist yet. */
  async during<T>(network: NetworkId, task: () => Promise<T>): Promise<T> {
    this.#joining.set(network, (this.#joining.get(network) ?? 0) + 1);
    this.#ports.view.join(network);
    try {
      return await task();
    } finally {
      const left = (this.#joining.get(network) ?? 1) - 1;
      if (left > 0) this.#joining.set(network, left);
      else this.#joining.delete(network);
      this.#scheduler.mark(network);
    }
  }

  progress(network: NetworkId, endpoint: EndpointId): EndpointProgress | undefined {
    return this.#networks.get(network)?.progress(endpoint);
  }

  networks(): ReadonlyMap<NetworkId, NetworkReconciler> {
    return this.#networks;
  }

  /**
   * Resolves when this node's kernel holds the endpoint as of the revision or later.
   *
   * @throws the kernel's refusal.
   */
  programmed(
    network: NetworkId,
    endpoint: EndpointId,
    revision: Revision,
    signal: AbortSignal,
  ): Promise<void> {
    return this.until(() => {
      const progress = this.progress(network, endpoint);
      if (progress === undefined || progress.revision < revision) return undefined;
      // What an earlier pass was refused may be possible by now: a compare that is due says so.
      if (progress.kind === 'pending' || this.#uncompared.has(network)) return undefined;
      return progress.kind === 'failed' ? progress.error : 'done';
    }, signal);
  }

  /** Resolves when what the view says now of the network has been carried out once, whatever came of it. */
  carriedOut(network: NetworkId, signal: AbortSignal): Promise<void> {
    const one = this.#networks.get(network);
    const due = (one?.passes.begun ?? 0) + (this.#scheduler.isMarked(network) ? 1 : 0);
    const isOver = (): boolean => one === undefined || this.#networks.get(network) !== one;
    return this.until(() => (isOver() || (one?.passes.ended ?? due) >= due ? 'done' : undefined), signal);
  }

  /** What this node's kernel says to what it was last told of an endpoint, or of the whole network. */
  standing(network: NetworkId, endpoint?: EndpointId): Standing {
    return this.#networks.get(network)?.standing(endpoint) ?? { kind: 'programmed' };
  }

  /** Is anything of the network in this node's kernel, as far as we know? */
  holds(network: NetworkId): boolean {
    return this.#networks.get(network)?.isGone === false;
  }

  /** Resolves when each of these networks has been compared with the kernel once, whatever came of it. */
  compared(networks: Iterable<NetworkId>, signal: AbortSignal): Promise<void> {
    const ids = [...networks];
    return this.until(() => (ids.every((id) => !this.#uncompared.has(id)) ? 'done' : undefined), signal);
  }

  /** Resolves when the view no longer has the endpoint and nothing of it is left in the kernel. */
  removed(network: NetworkId, endpoint: EndpointId, signal: AbortSignal): Promise<void> {
    return this.until(() => (this.progress(network, endpoint) === undefined ? 'done' : undefined), signal);
  }

  /** Takes every network out of this node's kernel, whatever the view says: this node leaves its cluster. */
  async abandon(signal: AbortSignal): Promise<void> {
    this.#isAbandoning = true;
    try {
      this.compare(this.#networks.keys());
      await this.until(() => (this.#networks.size === 0 ? 'done' : undefined), signal);
    } finally {
      this.#isAbandoning = false;
    }
  }

  async close(): Promise<void> {
    this.#compareTimer?.cancel();
    this.#drift.close();
    this.repairs.close();
    await this.#scheduler.close();
  }

  /** Asks now and after each pass. Resolves with `done`, rejects with an error or when the signal aborts. */
  until(ask: () => WeftError | 'done' | undefined, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        const answer = signal.aborted ? (signal.reason as Error) : ask();
        if (answer === undefined) return;
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        if (answer === 'done') resolve();
        else reject(answer);
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake);
      wake();
    });
  }

  #network(id: NetworkId): NetworkReconciler {
    let one = this.#networks.get(id);
    if (one === undefined) {
      one = new NetworkReconciler(id, this.#ports.kernel);
      this.#networks.set(id, one);
      this.#drift.add(one);
    }
    return one;
  }

  #markAll(): void {
    for (const [id, one] of this.#networks) {
      one.markAll();
      this.#scheduler.mark(id);
    }
  }

  async #pass(id: NetworkId): Promise<void> {
    const self = this.#self;
    const { view, logger, isDetached } = this.#ports;
    if (self === undefined || !view.ready) return;
    if (this.#isAbandoning) return this.#carryOut(id, nothingOf(self));
    const endpoints = view.endpoints(id);
    const spec = view.networkById(id);
    // A network that is known must be seen whole before anything of it is judged.
    if (spec !== undefined && (endpoints === undefined || endpoints.state === 'syncing')) {
      view.join(id);
      return;
    }
    if (this.#election.isOpenFor(id, this.#uncompared.keys())) return;
    const wish = this.#uncompared.get(id);
    if (spec === undefined && view.networkStates.bad.size > 0) {
      // One of the records that cannot be read may be that of this network: no proof that it is gone.
      logger.warn('network is not known, but a record of one cannot be read: it is left alone', {
        network: id,
      });
      this.#passed(id, wish);
      return;
    }
    const lost = this.#ports.lost?.(id);
    const all = (): readonly Recorded<Endpoint>[] => [
      ...(endpoints?.records.values() ?? []),
      ...(lost?.values() ?? []),
    ];
    await this.#carryOut(id, {
      self,
      network: spec,
      nodes: view.nodeList(),
      node: (node) => view.node(node),
      endpoint: (endpoint) =>
        isDetached(endpoint)
          ? undefined
          : (endpoints?.get(keys.endpoint(id, endpoint)) ?? lost?.get(endpoint)),
      endpoints: () => all().filter((e) => !isDetached(e.value.id)),
      lives: ({ sandbox }) => this.#ports.sandboxes.lives(sandbox),
      defaultRoutes: (endpoint) => this.#election.familiesOf(endpoint),
      isConfirmed: view.isConfirmed(id),
    });
  }

  async #carryOut(id: NetworkId, input: NetworkInput): Promise<void> {
    const { view, logger, clock, metrics } = this.#ports;
    const one = this.#network(id);
    const wish = this.#uncompared.get(id);
    const start = clock.monotonic();
    try {
      const report = await one.pass(input);
      countPass(report, clock.monotonic() - start, metrics);
      this.#report(id, report);
      this.repairs.repaired(id, report.repairs);
      await this.#drift.passed(one, report.compared);
      // What trying again cannot mend waits for the regular compare.
      if (report.refused.some(({ decision }) => decision === 'retry')) this.#retry(id);
      else this.#failures.delete(id);
    } catch (error) {
      const known = asWeftError(error);
      countPass(known, clock.monotonic() - start, metrics);
      logger.error('pass failed', { network: id, code: known.code, error: known.message });
      one.markCompare();
      this.#retry(id);
    }
    this.#passed(id, wish);
    if (one.isGone && !this.#joining.has(id)) {
      this.#networks.delete(id);
      this.#told.delete(id);
      this.#drift.remove(one);
      this.repairs.forget(id);
      for (const wake of [...this.#waiters]) wake();
      await view.leave(id).catch((error: unknown) => {
        logger.warn('watch did not end in order', { network: id, error: asWeftError(error).message });
      });
    }
  }

  #passed(id: NetworkId, wish: number | undefined): void {
    if (this.#uncompared.get(id) === wish) this.#uncompared.delete(id);
    for (const wake of [...this.#waiters]) wake();
  }

  #retry(id: NetworkId): void {
    const failures = (this.#failures.get(id) ?? 0) + 1;
    this.#failures.set(id, failures);
    this.#scheduler.markLater(id, this.#ports.backoff.delay(failures));
  }

  /** A refusal is told once, until it is another one or over. */
  #report(id: NetworkId, report: PassReport): void {
    const { logger } = this.#ports;
    const told = this.#told.get(id);
    for (const { key, error, decision } of report.refused) {
      if (told?.get(key) === error.message) continue;
      const fields = { network: id, object: key, code: error.code, decision, error: error.message };
      if (decision === 'ours') logger.error('kernel did not understand us: please report this', fields);
      else logger.warn('kernel refused', fields);
    }
    if (report.refused.length === 0) this.#told.delete(id);
    else this.#told.set(id, new Map(report.refused.map(({ key, error }) => [key, error.message])));
    if (report.plan.length > 0) logger.debug('programmed', { network: id, steps: report.plan.length });
  }
}

/** Of a network that is to leave no trace. */
const nothingOf = (self: Self): NetworkInput => ({
  self,
  network: undefined,
  nodes: [],
  node: () => undefined,
  endpoint: () => undefined,
  endpoints: () => [],
  lives: () => false,
  defaultRoutes: () => [],
  isConfirmed: true,
});
