import { keys } from '../../kvstore/keys.ts';
import { encodeCluster } from '../../kvstore/records/cluster-json.ts';
import type { Condition, Store } from '../../kvstore/store.ts';
import { sleep, type Clock } from '../../model/clock.ts';
import { WeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { Cluster, NodeId } from '../../model/node.ts';
import type { Backoff } from '../backoff.ts';
import { persist } from '../persist.ts';
import type { Judgement, Oddity } from '../view/collection.ts';
import type { View } from '../view/view.ts';
import { readEvidence, weigh, type Finding, type Found, type Known } from './evidence.ts';
import { Mender } from './mender.ts';

export interface TrustPorts {
  readonly store: Store;
  readonly view: View;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  readonly backoff: Backoff;
  readonly node: NodeId;
  /** How people know this node. */
  readonly name: string;
  readonly leaseTtl: number;
  /** A node that is away for longer may be collected by others. */
  readonly deadNodeGrace: number;
  /** May a store that has lost something be filled again without being asked? */
  readonly rebuilds: boolean;
  readonly signal: AbortSignal;
}

export type Standing = { readonly kind: 'ours' } | Exclude<Finding, { readonly kind: 'ours' }>;

/** A node of rank n waits n times this long before it restores, so that one begins and the others find it done. */
const rankDelay = 2000;
/** Milliseconds between two looks at a store that is not believed. */
const interval = { ours: 0, lost: 500, foreign: 2000 } as const;

/**
 * Judges whether the store that answers is the one this node knew, and does what is right when it is not. One that has lost
 * something is filled again from what the agents know; one of another cluster is never written to.
 */
export class Trust {
  readonly #ports: TrustPorts;
  readonly #mender: Mender;
  #known: Known | undefined;
  #facts: Cluster | undefined;
  /** Wall-clock time at which the store was last believed and in contact, unless it is so now. */
  #lastContact: number;
  #standing: Standing = { kind: 'ours' };
  #reading: Promise<unknown> = Promise.resolve();
  #nextReading: Promise<Found> | undefined;
  #attending = false;
  #running: Promise<void> = Promise.resolve();
  readonly #waiters = new Set<() => void>();
  #oddAt: number;

  constructor(ports: TrustPorts) {
    this.#ports = ports;
    this.#oddAt = ports.clock.monotonic();
    this.#mender = new Mender({ ...ports, facts: () => this.#facts });
    this.#lastContact = ports.clock.wall();
    let wasInSync = false;
    const onState = (): void => {
      if (wasInSync) this.#lastContact = ports.clock.wall();
      wasInSync = ports.view.state === 'insync';
    };
    ports.view.listen({
      cluster: () => {
        this.#learnCluster();
      },
      nodes: () => {
        this.#learnSerial();
      },
      state: onState,
    });
  }

  get standing(): Standing {
    return this.#standing;
  }

  /**
   * Until when the store may have been another one, or have lost something: it was doubted, or something about it was odd; at the
   * latest the start of this life. Others may still be putting back what they know.
   */
  get oddAt(): number {
    return this.#standing.kind === 'ours' ? this.#oddAt : this.#ports.clock.monotonic();
  }

  /** What could not be put back, by key, with the reason. */
  get refused(): ReadonlyMap<string, string> {
    return this.#mender.refused;
  }

  /**
   * The cluster that this node belongs to. From now on the store has to prove that it is that of this cluster. `seen`: when an
   * earlier life last knew it.
   */
  belong(cluster: Cluster, seen = this.#ports.clock.wall()): void {
    this.#lastContact = seen;
    this.#facts = cluster;
    this.#known = { cluster: cluster.id, epoch: cluster.epoch };
    this.#learnCluster();
    this.#learnSerial();
    // An earlier life may have held something.
    this.#mender.retryLater();
  }

  /** For the collections of the view. */
  readonly judge = (oddity: Oddity | undefined): Promise<Judgement> | undefined => {
    if (this.#known === undefined) return undefined;
    if (oddity !== undefined) this.#oddAt = this.#ports.clock.monotonic();
    return this.#persist(async () => {
      const found = await this.#look();
      this.#enter(weigh(this.#demandKnown(), found, oddity), found);
      return this.#standing.kind;
    });
  };

  /**
   * Waits until this node may write to the store; the conditions on which that holds. @throws errors of the store.
   */
  async admit(signal: AbortSignal): Promise<readonly Condition[]> {
    for (;;) {
      if (this.#known === undefined) return [];
      const found = await this.#look();
      this.#enter(weigh(this.#demandKnown(), found), found);
      const { cluster } = found;
      if (this.#standing.kind === 'ours' && cluster !== undefined)
        return [{ kind: 'unchanged', key: keys.cluster, revision: cluster.entry.revision }];
      await this.#moved(signal);
    }
  }

  /** The store that is believed now is the one that answers, if these hold. */
  guards(): readonly Condition[] {
    const cluster = this.#ports.view.cluster.get(keys.cluster);
    if (cluster === undefined) return [];
    return [{ kind: 'unchanged', key: keys.cluster, revision: cluster.revision }];
  }

  /**
   * The store is right as it is: raises the epoch of our cluster in it, so that every agent gives up what it holds. Returns the
   * keys that this one held.
   *
   * @throws CLUSTER_MISMATCH when the store is that of another cluster.
   */
  async accept(signal: AbortSignal): Promise<readonly string[]> {
    const { store, view } = this.#ports;
    const known = this.#demandKnown();
    for (;;) {
      const { cluster } = await readEvidence(store, this.#ports.node, signal);
      if (cluster !== undefined && cluster.facts.id !== known.cluster)
        throw this.#otherCluster(cluster.facts.id);
      const facts = cluster?.facts ?? this.#facts;
      if (facts === undefined) throw new WeftError('NOT_READY', 'the facts of the cluster are not known yet');
      const epoch = Math.max(facts.epoch, known.epoch) + 1;
      const condition: Condition =
        cluster === undefined
          ? { kind: 'absent', key: keys.cluster }
          : { kind: 'unchanged', key: keys.cluster, revision: cluster.entry.revision };
      const value = encodeCluster({ ...facts, epoch });
      const result = await store.txn([condition], [{ kind: 'put', key: keys.cluster, value }], { signal });
      if (result.ok) break;
    }
    const held = view.held();
    const found = await readEvidence(store, this.#ports.node, signal);
    this.#enter(weigh(known, found), found);
    return held;
  }

  /** The cluster of the store, which is another one than ours. @throws CLUSTER_MISMATCH when it is not. */
  async otherCluster(signal: AbortSignal): Promise<Cluster> {
    const { store, node, name } = this.#ports;
    const { cluster } = await readEvidence(store, node, signal);
    if (cluster !== undefined && cluster.facts.id !== this.#demandKnown().cluster) return cluster.facts;
    const holds =
      cluster === undefined ? 'no cluster' : `cluster ${cluster.facts.id}, to which ${name} belongs`;
    throw new WeftError(
      'CLUSTER_MISMATCH',
      `there is none to go over to: the store ${store.description} holds ${holds}`,
    );
  }

  /** This node has gone over to another cluster. */
  goOver(cluster: Cluster): void {
    this.belong(cluster);
    this.#become({ kind: 'ours' });
  }

  async close(): Promise<void> {
    await this.#mender.close();
    await this.#running.catch(() => undefined);
  }

  #demandKnown(): Known {
    const { clock, view, deadNodeGrace } = this.#ports;
    const mayBeForgotten = view.state !== 'insync' && clock.wall() - this.#lastContact >= deadNodeGrace;
    if (this.#known !== undefined) return { ...this.#known, mayBeForgotten };
    throw new WeftError('NOT_READY', 'this node belongs to no cluster yet');
  }

  #otherCluster(id: string): WeftError {
    const { store, name } = this.#ports;
    const message = `the store ${store.description} belongs to cluster ${id}, ${name} to ${this.#demandKnown().cluster}`;
    return new WeftError('CLUSTER_MISMATCH', `${message}; \`weft store join --yes\` takes this node over`);
  }

  /** What a store that is believed says of itself is what the next one is measured by. */
  #learnCluster(): void {
    const known = this.#known;
    const cluster = this.#ports.view.cluster.get(keys.cluster);
    if (known === undefined || cluster === undefined || this.#standing.kind !== 'ours') return;
    if (cluster.value.id !== known.cluster) {
      // It was changed before our eyes.
      this.#enter({ kind: 'foreign', cluster: cluster.value.id });
      return;
    }
    const isAccepted = cluster.value.epoch > known.epoch;
    const created = cluster.stored?.created ?? known.created;
    this.#known = { ...known, epoch: cluster.value.epoch, created };
    this.#facts = cluster.value;
    if (isAccepted) this.#release();
  }

  #learnSerial(): void {
    const { view, node } = this.#ports;
    if (this.#known === undefined || this.#standing.kind !== 'ours') return;
    this.#known = { ...this.#known, serial: view.node(node)?.serial };
  }

  /** One reading serves all who ask before it begins; nobody gets an answer older than his question. */
  #look(): Promise<Found> {
    const { store, node, signal } = this.#ports;
    this.#nextReading ??= this.#reading.then(async () => {
      this.#nextReading = undefined;
      const reading = readEvidence(store, node, signal);
      this.#reading = reading.catch(() => undefined);
      return reading;
    });
    return this.#nextReading;
  }

  /** `found`: what the finding was made of, when the store was asked. */
  #enter(finding: Finding, found?: Found): void {
    if (finding.kind === 'ours') {
      if (found === undefined) return;
      // What was lost is found when it has been looked for; see #attend. What is missing with good reason is no evidence later.
      if (this.#standing.kind === 'ours' && this.#known !== undefined)
        this.#known = { ...this.#known, serial: found.serial };
      if (!finding.isAccepted) return;
      this.#release();
      this.#measureBy(found);
      return;
    }
    const { kind } = this.#standing;
    if (kind === finding.kind || (kind === 'foreign' && finding.kind === 'lost')) return;
    this.#become(finding);
    if (this.#attending) return;
    this.#attending = true;
    this.#running = this.#persist(() => this.#attend()).finally(() => {
      this.#attending = false;
    });
    this.#running.catch(() => undefined);
  }

  #become(standing: Standing): void {
    const { view, events, store } = this.#ports;
    const was = this.#standing;
    if (was.kind !== 'ours') this.#oddAt = this.#ports.clock.monotonic();
    this.#standing = standing;
    const why = this.#doubt();
    if (standing.kind === 'ours' && was.kind === 'lost') view.confirm();
    view.doubt = why;
    const about = store.description;
    if (why !== undefined) {
      const message = `the store ${about} is not believed: ${why}; nothing is removed because of it`;
      events.tell('store-doubted', message, { store: about, why });
    } else if (was.kind !== 'ours') {
      events.tell('store-believed', `the store ${about} is believed again`, { store: about });
    }
    // The watches of a foreign store were ended.
    if (was.kind === 'foreign' && standing.kind !== 'foreign') view.start();
    for (const wake of [...this.#waiters]) wake();
  }

  #doubt(): string | undefined {
    const standing = this.#standing;
    if (standing.kind === 'ours') return undefined;
    if (standing.kind === 'lost') return standing.why;
    return `it belongs to cluster ${standing.cluster}, this node to ${this.#demandKnown().cluster}`;
  }

  #release(): void {
    const { view, events } = this.#ports;
    this.#mender.giveUp();
    const given = view.release();
    events.tell('store-accepted', `the store was accepted as it is; ${given.length} keys are given up`, {
      keys: given.slice(0, 20),
    });
  }

  /** Until the store can be believed: looks at it, and fills it when that is for us to do. */
  async #attend(): Promise<void> {
    const { clock, signal } = this.#ports;
    const since = clock.monotonic();
    let isOthersDone = false;
    while (this.#standing.kind !== 'ours') {
      const found = await this.#look();
      if (found.filledFrom !== undefined) isOthersDone = true;
      const isTurn =
        (isOthersDone && found.cluster !== undefined) || clock.monotonic() - since >= this.#wait();
      await this.#settle(found, isTurn);
      await sleep(clock, interval[this.#standing.kind], signal);
    }
  }

  /** What is to be done about a store that was just looked at; `isTurn`: the others have had their time to fill it. */
  async #settle(found: Found, isTurn: boolean): Promise<void> {
    const finding = weigh(this.#demandKnown(), found);
    if (finding.kind === 'foreign' || (finding.kind === 'ours' && finding.isAccepted)) {
      this.#enter(finding, found);
      return;
    }
    if (this.#standing.kind === 'foreign')
      this.#become({ kind: 'lost', why: 'it was that of another cluster until now' });
    if (found.filledFrom !== undefined) return;
    if (await this.#mender.mend(this.#ports.rebuilds && isTurn)) this.#measureBy(await this.#look());
  }

  /** How long others have the first go: by the order of node ids, for nobody knows who lives. */
  #wait(): number {
    const { view, node } = this.#ports;
    const ids = view.nodeList().map(({ id }) => id);
    return ids.filter((id) => id < node).length * rankDelay;
  }

  /** It is ours, and from now on measured by what it is now. */
  #measureBy({ cluster, serial, filledFrom }: Found): void {
    const known = this.#demandKnown();
    if (cluster?.facts.id !== known.cluster || filledFrom !== undefined) return;
    this.#known = {
      cluster: known.cluster,
      epoch: cluster.facts.epoch,
      created: cluster.entry.created,
      serial,
    };
    if (this.#standing.kind !== 'ours') this.#become({ kind: 'ours' });
    this.#mender.retryLater();
  }

  /** Resolves with the next change of the standing. */
  #moved(signal: AbortSignal): Promise<void> {
    if (this.#standing.kind === 'ours') return Promise.resolve();
    return new Promise((resolve, reject) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        if (signal.aborted) reject(signal.reason as Error);
        else resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** Tries until the store has answered. */
  #persist<T>(task: () => Promise<T>): Promise<T> {
    let told: string | undefined;
    const failed = ({ code, message }: WeftError): void => {
      if (told !== code) this.#ports.logger.warn('store cannot be judged yet', { code, error: message });
      told = code;
    };
    return persist(task, { ...this.#ports, failed });
  }
}
