import { setTimeout as pause } from 'node:timers/promises';
import { WeftError } from '../../model/errors.ts';

export interface Patience {
  /** Milliseconds until we give up. */
  readonly within: number;
  /** Milliseconds between two looks; default 20. */
  readonly every?: number;
  /** Asked after each look that saw nothing: is there no point in waiting longer? */
  readonly giveUp?: () => boolean;
}

/**
 * Looks again and again until `look` answers something other than `undefined` or `false`, and returns that.
 *
 * @throws TIMEOUT that says what was waited for, and the last failure as its cause. A look that throws counts as
 * "not yet".
 */
export async function waitFor<T>(
  what: string,
  look: () => Promise<T | undefined | false> | T | undefined | false,
  patience: Patience,
): Promise<T> {
  const end = performance.now() + patience.within;
  let cause: unknown;
  while (true) {
    try {
      const seen = await look();
      if (seen !== undefined && seen !== false) return seen;
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > end || patience.giveUp?.() === true) {
      const last = cause instanceof Error ? `; last: ${cause.message}` : '';
      throw new WeftError('TIMEOUT', `waited ${patience.within} ms for ${what}${last}`, { cause });
    }
    await pause(patience.every ?? 20);
  }
}

/** `work` on every item, at most `atOnce` at a time; results in the order of the items. */
export async function mapBounded<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<readonly R[]> {
  const results: R[] = [];
  const queue = items.map((item, index) => ({ item, index }));
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      results[next.index] = await work(next.item, next.index);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
