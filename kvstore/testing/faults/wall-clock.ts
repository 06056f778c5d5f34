import type { WallClock } from './hands.ts';

/**
 * The wall clock of this process alone: everything that asks `Date` is told another time. A server's cannot be moved from
 * here, and the monotonic clock, by which leases are counted, by nobody.
 */
export function wallClock(): WallClock {
  const Real = Date;
  let ahead = 0;
  class SteppedDate extends Real {
    constructor(...words: readonly unknown[]) {
      if (words.length === 0) super(SteppedDate.now());
      else super(...(words as [number]));
    }

    static override now(): number {
      return Real.now() + ahead;
    }
  }
  globalThis.Date = SteppedDate as DateConstructor;
  return {
    step: (ms) => {
      ahead += ms;
    },
    [Symbol.dispose]: () => {
      globalThis.Date = Real;
    },
  };
}
