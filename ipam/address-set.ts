/**
 * A set of addresses as integers that finds the first one that is not in it without looking at each: what is whole is known as
 * blocks of 2, 4, 8, ... addresses. Every question and every change costs steps in the order of the logarithm of what is in it, and
 * its memory is in the order of what is in it, whatever the size of the pool.
 *
 * An address may be in it several times, and stays until it was taken out as often.
 */
export class AddressSet {
  readonly #counts = new Map<bigint, number>();
  /** By the power of two that is their size, from 1 on: blocks of which every address is there. */
  readonly #whole: Set<bigint>[] = [];
  #looks = 0;

  /** How often it was looked whether an address or a block is there: for whoever counts steps. */
  get looks(): number {
    return this.#looks;
  }

  /** How many times the address is there. */
  count(value: bigint): number {
    return this.#counts.get(value) ?? 0;
  }

  add(value: bigint): void {
    const before = this.count(value);
    this.#counts.set(value, before + 1);
    if (before > 0) return;
    let block = value;
    for (let level = 0; this.#isWhole(level, block ^ 1n);) {
      level += 1;
      block >>= 1n;
      (this.#whole[level] ??= new Set()).add(block);
    }
  }

  /** Once. What is not there is not missed. */
  delete(value: bigint): void {
    const before = this.count(value);
    if (before > 1) this.#counts.set(value, before - 1);
    if (before !== 1) return;
    this.#counts.delete(value);
    let block = value >> 1n;
    for (let level = 1; this.#whole[level]?.delete(block) === true; level += 1) block >>= 1n;
  }

  /** The first one from `from` to `last` that is not in it. */
  firstFree(from: bigint, last: bigint): bigint | undefined {
    let at = from;
    while (at <= last) {
      if (!this.#isWhole(0, at)) return at;
      let level = 0;
      while (this.#isWhole(level + 1, at >> BigInt(level + 1))) level += 1;
      at = ((at >> BigInt(level)) + 1n) << BigInt(level);
    }
    return undefined;
  }

  #isWhole(level: number, block: bigint): boolean {
    this.#looks += 1;
    return level === 0 ? this.#counts.has(block) : this.#whole[level]?.has(block) === true;
  }
}
