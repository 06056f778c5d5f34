import { setImmediate as turn } from 'node:timers/promises';
import type { Clock, Timer } from '../clock.ts';

interface Due {
  readonly at: number;
  readonly callback: () => void;
}

/** Time that passes only when a test says so. */
export class FakeClock implements Clock {
  readonly #timers = new Set<Due>();
  #now = 0;

  monotonic(): number {
    return this.#now;
  }

  /** A fixed day, so that what a test prints is the same on every run. */
  wall(): number {
    return Date.UTC(2026, 0, 1) + this.#now;
  }

  after(ms: number, callback: () => void): Timer {
    const due: Due = { at: this.#now + Math.max(0, ms), callback };
    this.#timers.add(due);
    const cancel = (): void => {
      this.#timers.delete(due);
    };
    return { cancel, [Symbol.dispose]: cancel };
  }

  /** How many timers are set. */
  get pending(): number {
    return this.#timers.size;
  }

  /**
   * Lets `ms` milliseconds pass: timers fire in order, each at its time, also those that are set meanwhile; before the first
   * and after each one everything that is ready runs (promises included). `advance(0)` only lets things run.
   */
  async advance(ms: number): Promise<void> {
    const end = this.#now + ms;
    await turn();
    for (let next = this.#next(end); next !== undefined; next = this.#next(end)) {
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
      await turn();
    }
    this.#now = end;
  }

  /** The earliest timer until `end`; of two at one time the one that was set first. */
  #next(end: number): Due | undefined {
    let first: Due | undefined;
    for (const due of this.#timers)
      if (due.at <= end && (first === undefined || due.at < first.at)) first = due;
    return first;
  }
}
