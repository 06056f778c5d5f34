import type { Store } from '../kvstore/store.ts';
import type { Clock, Timer } from '../model/clock.ts';
import { asWeftError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';
import type { NodeId } from '../model/node.ts';
import type { Caretaker } from './caretaker.ts';
import { networksOf } from './participation.ts';
import type { Reconciler } from './reconcile/reconciler.ts';
import type { Trust } from './trust/trust.ts';
import type { View } from './view/view.ts';

export interface StraysPorts {
  readonly view: View;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Undefined until this node may decide anything. */
  node(): NodeId | undefined;
  signal(): AbortSignal;
  readonly trust: Pick<Trust, 'oddAt'>;
  readonly reconciler: Pick<Reconciler, 'compare'>;
}

/** Milliseconds between two looks; and for a while after the start, and after the store was one that had lost something. */
const interval = 300_000;
const eagerInterval = 30_000;
/** For how long others may still be putting back what they know. */
const eagerTime = 300_000;

/**
 * Finds own endpoints in networks that this node takes no part in, where no watch would show them: an older store was put back, or
 * another node has filled a lost one with what it knew.
 */
export class Strays implements Caretaker {
  readonly #ports: StraysPorts;
  #oddAt: number;
  #timer: Timer | undefined;
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  constructor(ports: StraysPorts) {
    this.#ports = ports;
    this.#oddAt = ports.trust.oddAt;
    ports.view.listen({
      state: () => {
        const { oddAt } = ports.trust;
        if (ports.view.state !== 'insync' || oddAt === this.#oddAt) return;
        this.#oddAt = oddAt;
        this.#again(0);
      },
    });
    this.#again(eagerInterval);
  }

  /** Nothing that is known makes a look due: what it finds is what nobody was told of. */
  lookAgain(): void {}

  async close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    await this.#running;
  }

  get #isEager(): boolean {
    return this.#ports.clock.monotonic() < this.#oddAt + eagerTime;
  }

  #again(ms: number): void {
    this.#timer?.cancel();
    if (this.#closed) return;
    this.#timer = this.#ports.clock.after(ms, () => {
      this.#running = this.#look().finally(() => {
        this.#again(this.#isEager ? eagerInterval : interval);
      });
    });
  }

  async #look(): Promise<void> {
    const { view, store, logger } = this.#ports;
    const self = this.#ports.node();
    if (self === undefined || view.state !== 'insync') return;
    const joined = new Set(view.joined());
    const others = view.networks().flatMap(({ id }) => (joined.has(id) ? [] : [id]));
    try {
      const there = await networksOf(self, others, store, this.#ports.signal());
      for (const id of there) view.join(id);
      this.#ports.reconciler.compare(there);
    } catch (error) {
      logger.warn('cannot look for own endpoints', { error: asWeftError(error).message });
    }
  }
}
