import { expect } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { hasCode } from '../../../../model/errors.ts';
import { eventually, type Follower } from '../../../contract-subject.ts';
import { putOp } from '../../../contract-write.ts';
import type { Store } from '../../../store.ts';

/** What the writer was told of a write. */
type Told = 'written' | 'not written' | 'perhaps written';

/** One write after the other, each of two keys that belong together, until it is stopped; and what was told of each. */
export class WriteStream implements AsyncDisposable {
  readonly #store: Store;
  readonly #prefix: string;
  readonly #told: Told[] = [];
  readonly #surprises: unknown[] = [];
  readonly #ended: Promise<void>;
  #stopped = false;
  #last = performance.now();

  /** Writes below `PREFIXstream/`. */
  constructor(store: Store, prefix: string) {
    this.#store = store;
    this.#prefix = `${prefix}stream/`;
    this.#ended = this.#run();
  }

  /** Waits for a write that begins from now on and is acknowledged; returns how many milliseconds that took. */
  async again(within = 40_000): Promise<number> {
    const begin = performance.now();
    const { length } = this.#told;
    const isWritten = (): boolean => this.#told.some((told, n) => n > length && told === 'written');
    await eventually('an acknowledged write', isWritten, within);
    return this.#last - begin;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  count(what: Told): number {
    return this.#told.filter((told) => told === what).length;
  }

  /** Is the store as the writer was told? To be asked when it has stopped. */
  async expectTruth(witness: Store): Promise<void> {
    const { entries } = await witness.list(this.#prefix);
    const keys = new Set(entries.map(({ key }) => key));
    const wrong = this.#told.flatMap((told, n) => {
      const [a, b] = this.#pair(n).map((key) => keys.has(key));
      if (a !== b) return [`${n} is half there`];
      if (told === 'written' && a !== true) return [`${n} was acknowledged and is not there`];
      return told === 'not written' && a === true ? [`${n} was refused and is there`] : [];
    });
    expect([wrong, this.#surprises]).toEqual([[], []]);
  }

  /** Notes as a broken promise when a follower sees half of a write, at any time. */
  watchedBy(follower: Follower): void {
    follower.onUpdate = () => {
      for (const [key, { revision }] of follower.state) {
        if (!key.startsWith(this.#prefix)) continue;
        const other = key.endsWith('/a') ? `${key.slice(0, -1)}b` : `${key.slice(0, -1)}a`;
        if (follower.state.get(other)?.revision !== revision) follower.broken.push(`${key} without ${other}`);
      }
    };
  }

  #pair(n: number): readonly [string, string] {
    return [`${this.#prefix}${n}/a`, `${this.#prefix}${n}/b`];
  }

  async #run(): Promise<void> {
    for (let n = 0; !this.#stopped; n += 1) {
      const told = await this.#write(n);
      this.#told.push(told);
      if (told === 'written') this.#last = performance.now();
      await pause(told === 'written' ? 10 : 50);
    }
  }

  async #write(n: number): Promise<Told> {
    try {
      await this.#store.txn(
        [],
        this.#pair(n).map((key) => putOp(key, `${n}`)),
      );
      return 'written';
    } catch (error) {
      if (hasCode(error, 'STORE_UNAVAILABLE')) return 'not written';
      if (!hasCode(error, 'STORE_AMBIGUOUS')) this.#surprises.push(error);
      return 'perhaps written';
    }
  }
}
