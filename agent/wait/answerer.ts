import { keys } from '../../kvstore/keys.ts';
import { encodeAnswer } from '../../kvstore/records/wait.ts';
import type { Lease, Revision, Store } from '../../kvstore/store.ts';
import { sleep, type Clock } from '../../model/clock.ts';
import { asWeftError, hasCode } from '../../model/errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { NodeId } from '../../model/node.ts';
import type { Answer, Question } from '../../model/question.ts';
import type { Backoff } from '../backoff.ts';
import type { Caretaker } from '../caretaker.ts';
import type { Standing } from '../reconcile/pass.ts';
import type { Reconciler } from '../reconcile/reconciler.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';
import { isKnown } from './is-known.ts';

export interface AnswererPorts {
  readonly store: Store;
  readonly view: View;
  readonly reconciler: Reconciler;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly backoff: Backoff;
  /** Undefined until this node may answer anything. */
  readonly node: () => NodeId | undefined;
  /** Answers go with this node's life. */
  readonly lease: () => Lease | undefined;
}

/**
 * Answers what others ask of this node: once its view has come to what is meant, and its kernel holds it or refuses it. A
 * refusal that is over is followed by another answer. When a question is gone, so is the answer.
 */
export class Answerer implements Caretaker {
  readonly #ports: AnswererPorts;
  readonly #open = new Set<string>();
  readonly #work = new Set<Promise<void>>();
  readonly #stop = new AbortController();

  constructor(ports: AnswererPorts) {
    this.#ports = ports;
    ports.view.listen({
      waits: () => {
        this.lookAgain();
      },
    });
  }

  lookAgain(): void {
    for (const [key, { value, revision }] of this.#ports.view.waits.records)
      if (value.kind === 'question') this.#take(key, { value: value.question, revision });
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await Promise.all(this.#work);
  }

  #take(key: string, question: Recorded<Question>): void {
    const self = this.#ports.node();
    const { asked, network } = question.value;
    if (self === undefined || !asked.includes(self) || this.#open.has(key)) return;
    if (this.#stop.signal.aborted) return;
    this.#open.add(key);
    const done = this.#ports.reconciler.during(network, () => this.#settle(key, question, self));
    this.#follow(done.finally(() => this.#open.delete(key)));
  }

  /** Nobody waits for it; it ends with the agent. */
  #follow(work: Promise<unknown>): void {
    const quiet = work.then(
      () => undefined,
      (error: unknown) => {
        if (this.#stop.signal.aborted) return;
        const { code, message } = asWeftError(error);
        this.#ports.logger.warn('cannot answer a question', { code, error: message });
      },
    );
    this.#work.add(quiet);
    void quiet.finally(() => this.#work.delete(quiet));
  }

  /** From the question to its end. What the store refuses for a while is tried again. */
  async #settle(key: string, question: Recorded<Question>, self: NodeId): Promise<void> {
    const { view, clock, backoff, store } = this.#ports;
    const { signal } = this.#stop;
    const gone = view.until(() => (view.waits.get(key) === undefined ? true : undefined), signal);
    const over = new AbortController();
    const withdrawn = gone.then(() => over.abort()).catch(() => undefined);
    const until = AbortSignal.any([signal, over.signal]);
    for (let failures = 1; !until.aborted; failures += 1) {
      try {
        await this.#answer(question, self, until);
        break;
      } catch (error) {
        if (until.aborted) break;
        if (!hasCode(error, 'STORE_UNAVAILABLE', 'STORE_AMBIGUOUS', 'STORE_LEASE_LOST', 'STORE_FULL'))
          throw error;
        await sleep(clock, backoff.delay(failures), until).catch(() => undefined);
      }
    }
    await withdrawn;
    if (signal.aborted) return;
    const own = keys.waitAnswer(question.value.network, question.value.id, self);
    if (view.waits.get(own) === undefined) return;
    await store.txn([], [{ kind: 'delete', key: own }], { signal });
  }

  /** Resolves when nothing is left to say. */
  async #answer(question: Recorded<Question>, self: NodeId, signal: AbortSignal): Promise<void> {
    const { view, reconciler } = this.#ports;
    const { value } = question;
    for (let said: string | undefined; ;) {
      await view.until(() => (view.state === 'insync' && isKnown(value, view) ? true : undefined), signal);
      await reconciler.carriedOut(value.network, signal);
      await reconciler.until(() => (this.#standing(value).kind === 'pending' ? undefined : 'done'), signal);
      const now = this.#standing(value);
      const refusal = now.kind === 'refused' ? now.error.message : undefined;
      if (refusal === undefined || refusal !== said) await this.#say(question, self, refusal, signal);
      if (refusal === undefined) return;
      said = refusal;
      const isAsBefore = (standing: Standing): boolean =>
        standing.kind === 'pending' || (standing.kind === 'refused' && standing.error.message === said);
      await reconciler.until(() => (isAsBefore(this.#standing(value)) ? undefined : 'done'), signal);
    }
  }

  #standing({ network, matter }: Question): Standing {
    const { reconciler } = this.#ports;
    if (matter.kind !== 'no network')
      return reconciler.standing(network, 'endpoint' in matter ? matter.endpoint : undefined);
    const standing = reconciler.standing(network);
    return standing.kind === 'programmed' && reconciler.holds(network) ? { kind: 'pending' } : standing;
  }

  /** On condition that it is still asked: who asks takes question and answers away together. */
  async #say(
    { value: question, revision: asked }: Recorded<Question>,
    node: NodeId,
    refusal: string | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    const { view, store, lease } = this.#ports;
    const own = await view.until(lease, signal);
    const { id, network } = question;
    const revision: Revision = view.endpoints(network)?.revision ?? 0;
    const answer: Answer = { id, network, node, revision, ...(refusal === undefined ? {} : { refusal }) };
    const key = keys.waitAnswer(network, id, node);
    await store.txn(
      [{ kind: 'unchanged', key: keys.wait(network, id), revision: asked }],
      [{ kind: 'put', key, value: encodeAnswer(answer), lease: own }],
      { signal },
    );
  }
}
