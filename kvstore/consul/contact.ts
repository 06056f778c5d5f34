import type { Timer } from '../../model/clock.ts';
import { asWeftError, WeftError } from '../../model/errors.ts';
import { retryDelay } from '../backoff.ts';
import type { StorePorts } from '../ports.ts';
import type { CallOptions } from '../store.ts';
import type { Life } from './life.ts';
import type { Permits } from './permits.ts';

/**
 * Milliseconds between questions while all is well. They find a server that takes requests and answers none, a store that
 * was put back (questions that wait for a change are not answered then, since all is older than what they know), and
 * another leader: questions that were handed to the one before may wait for an answer of somebody who is no more.
 */
const heartbeat = 10_000;
/** The same while somebody waits for a permission. */
const impatience = 2000;
/** Milliseconds for the answer. */
const patience = 3000;

export interface ContactPorts extends StorePorts {
  readonly life: Pick<Life, 'look'>;
  /** Reviewed with each question. */
  readonly permits: Pick<Permits, 'review' | 'isAwaited'>;
  /** Who leads the servers, as the one that we ask knows it. */
  leader(options?: CallOptions): Promise<string>;
  /** Names the store in the log. */
  readonly description: string;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/**
 * Whether the store answers, for all watches together: while it is away one question after the other is asked, however
 * many wait. Asks only while somebody listens.
 */
export class Contact {
  readonly #ports: ContactPorts;
  readonly #listeners = new Set<() => void>();
  #away: Error | undefined;
  #failures = 0;
  #leader: string | undefined;
  #asking: Promise<void> | undefined;
  #timer: Timer | undefined;

  constructor(ports: ContactPorts) {
    this.#ports = ports;
  }

  /** Why the store is away; undefined while it is not. */
  get away(): Error | undefined {
    return this.#away;
  }

  /** Calls back whenever the store went away, came back, is another one, was put back or has another leader. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
    if (this.#timer !== undefined) return;
    this.#arm();
    this.#hasNewLeader().catch(() => undefined);
  }

  forget(listener: () => void): void {
    this.#listeners.delete(listener);
    if (this.#listeners.size > 0) return;
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#away = undefined;
  }

  /** Somebody has got no answer: asks now, if anybody listens. */
  doubt(): void {
    if (this.#listeners.size > 0 && this.#away === undefined) void this.check();
  }

  /** Asks, unless a question is under way; afterwards `away` has the answer. Never rejects. */
  async check(): Promise<void> {
    this.#asking ??= this.#ask().finally(() => {
      this.#asking = undefined;
      if (this.#listeners.size > 0) this.#arm();
    });
    await this.#asking;
  }

  async #ask(): Promise<void> {
    const { life, permits, closing, logger, description, clock } = this.#ports;
    const late = new AbortController();
    using _timer = clock.after(patience, () => {
      const text = `${description} was asked whether it is there and has not answered within ${patience} ms`;
      late.abort(new WeftError('STORE_UNAVAILABLE', text));
    });
    try {
      const options = { signal: late.signal };
      const isAnother = await life.look(options);
      await permits.review(options);
      const isLedAnew = await this.#hasNewLeader(options);
      const wasAway = this.#away !== undefined;
      this.#away = undefined;
      this.#failures = 0;
      if (wasAway) logger.debug('the store is back', { store: description });
      if (wasAway || isAnother || isLedAnew) this.#tell();
    } catch (error) {
      if (closing.aborted) return;
      const wasHere = this.#away === undefined;
      this.#away = asWeftError(error);
      this.#failures += 1;
      if (!wasHere) return;
      logger.debug('the store does not answer', { store: description, error: this.#away.message });
      this.#tell();
    }
  }

  /** Than when it was asked last. */
  async #hasNewLeader(options?: CallOptions): Promise<boolean> {
    const before = this.#leader;
    this.#leader = await this.#ports.leader(options);
    return before !== undefined && before !== this.#leader;
  }

  #arm(): void {
    this.#timer?.cancel();
    const { clock, permits, closing } = this.#ports;
    if (closing.aborted) return;
    const fraction = this.#ports.fraction();
    const usual = permits.isAwaited ? impatience : heartbeat;
    const pause =
      this.#away === undefined ? usual * (0.8 + 0.2 * fraction) : retryDelay(this.#failures, fraction);
    this.#timer = clock.after(pause, () => void this.check());
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
