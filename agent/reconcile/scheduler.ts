import type { Clock, Timer } from '../../model/clock.ts';

/**
 * Runs one job at a time for keys that were marked. A key marked while its job runs is run again; several marks before a
 * run are one. Keys run in the order of their first mark.
 */
export class Scheduler<K> {
  readonly #run: (key: K) => Promise<void>;
  readonly #clock: Clock;
  readonly #marked = new Set<K>();
  readonly #later = new Map<K, Timer>();
  #running: Promise<void> | undefined;
  #closed = false;

  /** `run` must not reject: what fails is its own business to report and to mark again. */
  constructor(run: (key: K) => Promise<void>, clock: Clock) {
    this.#run = run;
    this.#clock = clock;
  }

  mark(key: K): void {
    if (this.#closed) return;
    this.#marked.add(key);
    this.#running ??= this.#drain();
  }

  /** The same, ahead of all others that are marked now. */
  markFirst(key: K): void {
    if (this.#closed) return;
    const others = [...this.#marked].filter((other) => other !== key);
    this.#marked.clear();
    this.#marked.add(key);
    for (const other of others) this.#marked.add(other);
    this.mark(key);
  }

  /** Will it be run for a mark that no run has begun for? */
  isMarked(key: K): boolean {
    return this.#marked.has(key);
  }

  /** Marks the key after `ms`, unless an earlier time is set already. */
  markLater(key: K, ms: number): void {
    if (this.#closed || this.#later.has(key)) return;
    const timer = this.#clock.after(ms, () => {
      this.#later.delete(key);
      this.mark(key);
    });
    this.#later.set(key, timer);
  }

  /** Takes no more marks and resolves when the job under way has ended. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#marked.clear();
    for (const timer of this.#later.values()) timer.cancel();
    await this.#running;
  }

  async #drain(): Promise<void> {
    // One turn of the event loop, so that all marks of one store update share a run.
    await new Promise((resolve) => setImmediate(resolve));
    for (let [key] = this.#marked; key !== undefined; [key] = this.#marked) {
      this.#marked.delete(key);
      await this.#run(key);
    }
    this.#running = undefined;
  }
}
