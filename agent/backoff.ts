/** How long to wait before the next attempt: doubles from `first` to `most`, with half of it random. */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  readonly #random: () => number;

  /** `random` gives numbers from 0 to below 1. */
  constructor(first: number, most: number, random: () => number) {
    this.#first = first;
    this.#most = most;
    this.#random = random;
  }

  /** Milliseconds before attempt `failures + 1`; `failures` starts at 1. */
  delay(failures: number): number {
    const full = Math.min(this.#most, this.#first * 2 ** Math.min(failures - 1, 30));
    return full / 2 + (full / 2) * this.#random();
  }
}
