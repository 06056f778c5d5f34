import { keys, prefixes } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { encodeQuestion } from '../../kvstore/records/wait.ts';
import type { Lease, Op, Store } from '../../kvstore/store.ts';
import { sleep, type Clock } from '../../model/clock.ts';
import { asWeftError, hasCode, WeftError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { Matter, Question } from '../../model/question.ts';
import type { Backoff } from '../backoff.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { View } from '../view/view.ts';
import { Awaited, takersIn, type Laggard } from './awaited.ts';

export interface AskerPorts {
  readonly store: Store;
  readonly view: View;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
  readonly backoff: Backoff;
  /** Random bytes in lower-case hex. */
  readonly random: (bytes: number) => string;
  readonly self: NodeId;
  /** Questions go with this node's life. */
  readonly lease: () => Lease | undefined;
}

/** What became of a question. */
export interface Reaction {
  /** Who has programmed it. */
  readonly nodes: readonly NodeId[];
  /** Who was waited for to the end. */
  readonly late: readonly Laggard[];
  /** Why the wait ended before everybody had programmed it. */
  readonly error?: WeftError;
  /** Milliseconds from the commit to the end, which is the last answer when there is no error. */
  readonly took: number;
}

export interface Inquiry {
  readonly network: NetworkId;
  readonly matter: Matter;
  /** When it was committed, by the monotonic clock. */
  readonly since: number;
}

/** Milliseconds in which a question is taken away at the end of the agent; later it goes with the lease. */
const lastPatience = 1000;

/**
 * Asks the live nodes that take part in a network whether they have programmed something. Nothing is written when there is
 * nobody to ask, and nothing of it stays.
 */
export class Asker {
  readonly #ports: AskerPorts;
  readonly #closing = new AbortController();
  readonly #stop = new AbortController();
  readonly #work = new Set<Promise<void>>();

  constructor(ports: AskerPorts) {
    this.#ports = ports;
  }

  now(): number {
    return this.#ports.clock.monotonic();
  }

  /**
   * Waits until all have answered, until the signal aborts, or until the store fails; that is told, not thrown.
   *
   * `act`: what makes it so, to be done once the question is there and before anybody can answer it. @throws what it throws.
   */
  ask(inquiry: Inquiry, signal: AbortSignal, act?: () => Promise<void>): Promise<Reaction> {
    const { network, matter } = inquiry;
    const { reconciler, random, self, view } = this.#ports;
    return reconciler.during(network, async () => {
      let question: Question = { id: random(8), network, asker: self, asked: [], matter };
      let { since } = inquiry;
      let isDone = act === undefined;
      const begin = (): Awaited => new Awaited(question, view);
      let awaited = begin();
      const reaction = (error?: WeftError): Reaction => {
        const { done: nodes, late } = awaited;
        return { nodes, late, took: this.now() - since, ...(error === undefined ? {} : { error }) };
      };
      try {
        question = { ...question, asked: await this.#takers(inquiry, signal) };
        awaited = begin();
        if (question.asked.length > 0) await this.#put(question, signal);
        await act?.();
        if (!isDone) since = this.now();
        isDone = true;
        const outcome = await view.until(() => awaited.outcome(), signal);
        return reaction(outcome === 'all' ? undefined : lost());
      } catch (error) {
        if (!isDone) throw error;
        return reaction(asWeftError(error));
      } finally {
        if (question.asked.length > 0) this.#follow(this.#withdraw(question));
      }
    });
  }

  /** Resolves when no question of ours is left; what the store does not take now goes with the lease. */
  async close(): Promise<void> {
    this.#closing.abort();
    const late = this.#ports.clock.after(lastPatience, () => {
      this.#stop.abort();
    });
    await Promise.all(this.#work);
    late.cancel();
  }

  /** Of endpoints the own view knows when it has come so far; what was written elsewhere is asked of the store. */
  async #takers({ network, matter }: Inquiry, signal: AbortSignal): Promise<readonly NodeId[]> {
    const { view, store, self } = this.#ports;
    const isOfEndpoint = matter.kind === 'endpoint' || matter.kind === 'no endpoint';
    const least = isOfEndpoint ? matter.revision : 0;
    const hasCome = (): boolean => {
      const endpoints = view.endpoints(network);
      return endpoints !== undefined && endpoints.state !== 'syncing' && endpoints.revision >= least;
    };
    await view.until(() => (hasCome() ? true : undefined), signal);
    if (isOfEndpoint) return [...takersIn({ network, asker: self }, view)];
    const { entries } = await store.list(prefixes.endpoints(network), { signal });
    const owners = entries.flatMap(({ key, value }) => ownerOf(key, value) ?? []);
    return [...new Set(owners)].filter((node) => node !== self && view.isAlive(node));
  }

  /** A put is the same done twice, so a lost reply is no matter. */
  async #put(question: Question, signal: AbortSignal): Promise<void> {
    const { view, store, lease } = this.#ports;
    const { network, id } = question;
    const key = keys.wait(network, id);
    for (;;) {
      const own = lease();
      if (own === undefined) throw lost();
      try {
        const put: Op = { kind: 'put', key, value: encodeQuestion(question), lease: own };
        const outcome = await store.txn([], [put], { signal });
        if (outcome.ok) {
          view.waits.learn(key, { value: { kind: 'question', question }, revision: outcome.revision });
          return;
        }
      } catch (error) {
        if (!hasCode(error, 'STORE_AMBIGUOUS')) throw error;
      }
    }
  }

  /** With all answers. While the store does not take it, until the lease has taken it along. */
  async #withdraw({ network, id, asked }: Question): Promise<void> {
    const { store, lease, clock, backoff } = this.#ports;
    const { signal } = this.#stop;
    const held = lease();
    const gone = [keys.wait(network, id), ...asked.map((node) => keys.waitAnswer(network, id, node))];
    const ops = gone.map((key): Op => ({ kind: 'delete', key }));
    const isOver = (): boolean => ops.length === 0 || held === undefined || held.lost.aborted;
    for (let failures = 1; !isOver(); failures += 1) {
      try {
        const batch = ops.slice(0, store.limits.txnOps);
        await store.txn([], batch, { signal });
        ops.splice(0, batch.length);
      } catch {
        if (this.#closing.signal.aborted) return;
        await sleep(clock, backoff.delay(failures), this.#closing.signal).catch(() => undefined);
      }
    }
  }

  #follow(work: Promise<void>): void {
    this.#work.add(work);
    void work.finally(() => this.#work.delete(work));
  }
}

function ownerOf(key: string, value: Uint8Array): NodeId | undefined {
  try {
    return decodeEndpoint(key, value).node;
  } catch {
    return undefined;
  }
}

const lost = (): WeftError =>
  new WeftError('STORE_UNAVAILABLE', 'this node has lost its lease, and the question to the others with it');
