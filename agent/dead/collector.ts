import { keys, parseKey, prefixes } from '../../kvstore/keys.ts';
import type { Revision, Store } from '../../kvstore/store.ts';
import type { Probe } from '../../linux/kernel.ts';
import type { Clock, Timer } from '../../model/clock.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { Metrics } from '../../model/metric.ts';
import type { Name } from '../../model/name.ts';
import type { Cluster, Fence, Node, NodeId } from '../../model/node.ts';
import { KeyedLock } from '../keyed-lock.ts';
import { Scheduler } from '../reconcile/scheduler.ts';
import type { View } from '../view/view.ts';
import { Absences } from './absences.ts';
import { raiseFence } from './fence.ts';
import { dropFence, giveUp, type GiveUpPorts, type GivenUp } from './give-up.ts';
import { lifeSign, type LifeSign } from './life-signs.ts';
import { isGivenUp, type Picture } from './picture.ts';
import { pictureOf } from './picture-of.ts';
import { Strangers } from './strangers.ts';
import { judge, objection, type Verdict } from './verdict.ts';

export interface CollectorPorts {
  readonly view: View;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  readonly metrics: Metrics;
  readonly probe: Probe;
  /** Undefined until this node may decide anything. */
  node(): NodeId | undefined;
  cluster(): Cluster | undefined;
  /** A signal for work that nobody waits for, and that may be much. */
  signal(): AbortSignal;
  /** Milliseconds for which a node has to be down. */
  readonly grace: number;
  readonly leaseTtl: number;
}

/** What is said of a node that is not alive. */
export interface Standing {
  readonly state: 'down' | 'unmanaged' | 'collecting';
  /** Why it is kept, once its grace is over. */
  readonly why?: string;
}

interface Kept extends LifeSign {
  /** When it is looked at again. */
  readonly again: number;
}

/** The live node of rank n acts n times this later. */
const rankDelay = 2000;
/** Milliseconds between looks while somebody is away; the lease may be shorter than four of them. */
const lookInterval = 500;
/** Milliseconds after which something that failed is tried again. */
const retryDelay = 2000;
/** A node that answers is asked again after this many milliseconds at most. */
const probeInterval = 60_000;

/** Gives up the endpoints of nodes that are gone for good: see `judge` for who acts and when. */
export class Collector {
  readonly #ports: CollectorPorts;
  readonly #absences: Absences;
  readonly #strangers: Strangers;
  readonly #scheduler: Scheduler<NodeId>;
  /** One at a time for each node, be it by itself or by an operator's word. */
  readonly #locks = new KeyedLock();
  /** Why a node is kept although its grace is over, and when it is looked at again. */
  readonly #kept = new Map<NodeId, Kept>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(ports: CollectorPorts) {
    this.#ports = ports;
    this.#absences = new Absences(ports.leaseTtl);
    this.#scheduler = new Scheduler((id) => this.#attend(id), ports.clock);
    const look = (): void => {
      this.lookAgain();
    };
    this.#strangers = new Strangers(ports.view, look);
    ports.view.listen({ nodes: look, alive: look, fences: look, state: look });
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#scheduler.close();
  }

  /** Of a node that is not alive. */
  standing(node: NodeId): Standing {
    const self = this.#ports.node();
    if (self === undefined) return { state: 'down' };
    if (isGivenUp(this.#picture(self), node)) return { state: 'collecting' };
    const verdict = this.#judge(node, self);
    if (verdict.kind === 'refused') return { state: 'down', why: verdict.why };
    const kept = this.#kept.get(node);
    if (verdict.kind !== 'due' || kept === undefined) return { state: 'down' };
    return { state: kept.unmanaged ? 'unmanaged' : 'down', why: kept.why };
  }

  /** Runs a task while nothing else is done about this node. */
  exclusively<T>(node: NodeId, task: () => Promise<T>): Promise<T> {
    return this.#locks.run(node, task);
  }

  /** Carries out what a fence of ours stands for. To be called exclusively. */
  async clear(fence: Fence, revision: Revision, signal: AbortSignal): Promise<GivenUp> {
    const { view, events, logger, metrics } = this.#ports;
    view.fences.learn(keys.fence(fence.node), { value: fence, revision });
    const done = await giveUp({ node: fence.node, revision }, this.#giveUpPorts(signal));
    const { node, name, kind } = fence;
    const fields = { node, name, endpoints: done.endpoints };
    metrics.count('weft_collector_endpoints_total', {}, done.endpoints);
    if (done.node === 'lost') {
      metrics.count('weft_collector_actions_total', { action: 'lost' });
      logger.info('node is back, or somebody else collects it', fields);
    }
    if (done.node === 'removed' || (done.node === 'gone' && done.endpoints > 0)) {
      const how = kind === 'forget' ? 'forgotten' : 'collected';
      const message = `node ${name} is ${how}: ${done.endpoints} endpoints were given up`;
      metrics.count('weft_collector_actions_total', { action: how });
      events.tell(`node-${how}`, message, fields);
    }
    return done;
  }

  #picture(self: NodeId): Picture {
    return pictureOf(self, this.#ports.view, this.#strangers.nodes());
  }

  #judge(node: NodeId, self: NodeId, picture = this.#picture(self)): Verdict {
    const { clock, grace } = this.#ports;
    const since = (id: NodeId): number | undefined => this.#absences.since(id);
    return judge(node, picture, since, clock.monotonic(), { grace, step: rankDelay });
  }

  /** Cheap, and called with every change: what the view has shown for a moment only counts as well. */
  lookAgain(): void {
    const { clock, leaseTtl, grace } = this.#ports;
    const self = this.#ports.node();
    if (self === undefined || this.#closed) return;
    const picture = this.#picture(self);
    this.#absences.look(picture, clock.monotonic());
    for (const id of this.#kept.keys()) if (this.#absences.since(id) === undefined) this.#kept.delete(id);
    const away = this.#absences.nodes();
    for (const id of away) {
      if (this.#judge(id, self, picture).kind === 'due' && this.#isTime(id)) this.#scheduler.mark(id);
    }
    if (away.length === 0 || this.#timer !== undefined) return;
    this.#timer = clock.after(Math.min(lookInterval, leaseTtl / 4, grace / 4), () => {
      this.#timer = undefined;
      this.lookAgain();
    });
  }

  #isTime(node: NodeId): boolean {
    return (this.#kept.get(node)?.again ?? 0) <= this.#ports.clock.monotonic();
  }

  #keep(node: NodeId, { why, unmanaged }: LifeSign, ms: number): void {
    const { events, view, clock, metrics } = this.#ports;
    const name = view.node(node)?.name ?? node;
    if (this.#kept.get(node)?.why !== why) {
      metrics.count('weft_collector_actions_total', { action: 'kept' });
      events.tell('node-kept', `node ${name} is down and kept: ${why}`, { node, name, why });
    }
    this.#kept.set(node, { why, unmanaged, again: clock.monotonic() + ms });
  }

  #attend(node: NodeId): Promise<void> {
    return this.exclusively(node, async () => {
      const self = this.#ports.node();
      if (self === undefined || !this.#isTime(node)) return;
      const verdict = this.#judge(node, self);
      if (verdict.kind !== 'due') return;
      try {
        await this.#act(node, self, verdict.step);
      } catch (error) {
        this.#keep(node, { why: asWeftError(error).message, unmanaged: false }, retryDelay);
      }
    });
  }

  async #act(node: NodeId, self: NodeId, step: Extract<Verdict, { kind: 'due' }>['step']): Promise<void> {
    const { view, store, grace } = this.#ports;
    const record = view.nodes.get(keys.node(node));
    const raised = view.fences.get(keys.fence(node));
    const given = isGivenUp(this.#picture(self), node) ? raised : undefined;
    if (record !== undefined && given?.value.kind !== 'forget') {
      const sign = await this.#lifeSign(record.value, self);
      if (sign !== undefined) {
        this.#keep(node, sign, Math.min(grace, probeInterval));
        return;
      }
      // To look for signs takes a while.
      if (this.#judge(node, self).kind !== 'due') return;
    }
    const signal = this.#ports.signal();
    // The news of the others' ends may be on their way: who decides for them asks the store itself.
    const why = objection(node, { ...this.#picture(self), alive: await aliveIn(store, signal) });
    if (why !== undefined) {
      this.#keep(node, { why, unmanaged: false }, retryDelay);
      return;
    }
    let fence = given?.value;
    let revision = given?.revision;
    if (fence?.by !== self) {
      // Of a node without a record nobody knows more than its id.
      const name = fence?.name ?? record?.value.name ?? raised?.value.name ?? (node as string as Name);
      const from = fence === undefined ? {} : { from: fence.by };
      fence = { node, name, kind: fence?.kind ?? 'collect', by: self };
      const seen = { record: record?.revision, fence: raised?.revision, ...from };
      revision = await raiseFence(fence, seen, store, signal);
    }
    // Refused: somebody was faster, or it is back; the view will show.
    if (revision === undefined) return;
    const done = await this.clear(fence, revision, signal);
    if (step === 'end' && done.node === 'gone')
      await dropFence({ node, revision }, this.#giveUpPorts(signal));
    // Time for the news of what we did ourselves.
    const again = this.#ports.clock.monotonic() + retryDelay;
    this.#kept.set(node, { unmanaged: false, why: 'it is being collected', again });
  }

  async #lifeSign(node: Node, self: NodeId): Promise<LifeSign | undefined> {
    const { view, probe } = this.#ports;
    const cluster = this.#ports.cluster();
    if (cluster === undefined) return { unmanaged: false, why: 'the cluster is not known yet' };
    const living = view.nodeList().filter((each) => view.isAlive(each.id));
    return lifeSign(node, { probe, cluster, self, living });
  }

  #giveUpPorts(signal: AbortSignal): GiveUpPorts {
    const { store, view } = this.#ports;
    return { store, signal, networks: view.networks().map((network) => network.id) };
  }
}

/** Who has a lease now, whatever the view knows. */
async function aliveIn(store: Store, signal: AbortSignal): Promise<ReadonlySet<NodeId>> {
  const { entries } = await store.list(prefixes.alive, { signal });
  const all = entries.map(({ key }) => parseKey(key));
  return new Set(all.flatMap((each) => (each.kind === 'alive' ? [each.node] : [])));
}
