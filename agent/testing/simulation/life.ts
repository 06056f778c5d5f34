import type { Clock, Timer } from '../../../model/clock.ts';
import { sleep } from '../../../model/clock.ts';
import type { Chance } from './chance.ts';

/**
 * One process of an agent as the world sees it: it may stand still for a while, and it may end in the middle of anything. What it
 * has asked for by then is never answered, its timers never fire, and whatever still runs of it reaches nobody.
 */
export class Life implements Clock {
  readonly #clock: Clock;
  readonly #weather: Chance;
  readonly #ends: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];
  readonly #never = new Promise<never>(() => undefined);
  #isOver = false;
  #isFrozen = false;

  constructor(clock: Clock, weather: Chance) {
    this.#clock = clock;
    this.#weather = weather;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  get isFrozen(): boolean {
    return this.#isFrozen;
  }

  monotonic(): number {
    return this.#clock.monotonic();
  }

  wall(): number {
    return this.#clock.wall();
  }

  after(ms: number, callback: () => void): Timer {
    let isCancelled = false;
    // Whole milliseconds: sums of others are not what they should be, and time might stand still before a moment that never comes.
    const timer = this.#clock.after(Math.ceil(ms), () => {
      this.run(() => {
        if (!isCancelled) callback();
      });
    });
    const cancel = (): void => {
      isCancelled = true;
      timer.cancel();
    };
    return { cancel, [Symbol.dispose]: cancel };
  }

  /** Now; when it stands still, as soon as it goes on; never when it is over. */
  run(task: () => void): void {
    if (this.#isOver) return;
    if (this.#isFrozen) this.#waiting.push(task);
    else task();
  }

  freeze(): void {
    this.#isFrozen = true;
  }

  thaw(): void {
    this.#isFrozen = false;
    for (const task of this.#waiting.splice(0)) this.run(task);
  }

  /** Called once, when it ends. */
  onEnd(task: () => void): void {
    this.#ends.push(task);
  }

  end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    for (const task of this.#ends) task();
  }

  /** The answer of the world outside, which comes only while this life lasts; with a delay, more often than not none. */
  async ask<T>(task: () => Promise<T>, signal?: AbortSignal): Promise<T> {
    await this.#pause(signal);
    await this.#awake();
    if (this.#isOver) return this.#never;
    try {
      const answer = await task();
      await this.#pause(signal);
      await this.#awake();
      return this.#isOver ? await this.#never : answer;
    } catch (error) {
      if (this.#isOver) return this.#never;
      throw error;
    }
  }

  /** For ever. */
  get never(): Promise<never> {
    return this.#never;
  }

  async #awake(): Promise<void> {
    if (this.#isFrozen) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  async #pause(signal: AbortSignal | undefined): Promise<void> {
    if (!this.#weather.is(0.25)) return;
    const ms = this.#weather.is(0.05) ? this.#weather.between(100, 2000) : this.#weather.between(1, 30);
    await sleep(this, ms, signal);
  }
}
