import type { ObjectKey } from '../../linux/objects/object.ts';

/** So many repairs of one object within the time, and somebody else keeps changing it. */
export const manyRepairs = 5;
/** Milliseconds; also how long it has to be quiet, beyond its pause, until it is over. */
export const feudWindow = 60_000;
const firstPause = 1000;
const longestPause = 60_000;

/** An object that somebody else keeps changing. */
export interface Feud {
  /** Repairs since it was noticed, and the ones that made it one. */
  readonly repairs: number;
  /** Milliseconds between a repair and the next one. */
  readonly pause: number;
}

interface Known {
  /** When it was repaired, as long as it is no feud; milliseconds of a monotonic clock. */
  times: number[];
  feud: (Feud & { readonly last: number }) | undefined;
}

/**
 * Counts the repairs of each object of a network. One that is repaired again and again is fought over: it is repaired with pauses,
 * of a second at first and of a minute in the end, until it is left in peace. Pure: the time is handed in.
 */
export class Feuds {
  readonly #known = new Map<ObjectKey, Known>();

  /** The object was repaired. Returns the feud that begins by it, if one does. */
  repaired(key: ObjectKey, now: number): Feud | undefined {
    let one = this.#known.get(key);
    if (one === undefined) this.#known.set(key, (one = { times: [], feud: undefined }));
    if (one.feud !== undefined) {
      const pause = Math.min(longestPause, one.feud.pause * 2);
      one.feud = { repairs: one.feud.repairs + 1, pause, last: now };
      return undefined;
    }
    one.times = [...one.times.filter((time) => now - time < feudWindow), now];
    if (one.times.length < manyRepairs) return undefined;
    one.feud = { repairs: one.times.length, pause: firstPause, last: now };
    return one.feud;
  }

  /** Milliseconds until the first of these objects may be repaired; 0: now. None at all are anybody: now. */
  patience(keys: Iterable<ObjectKey>, now: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (const key of keys) {
      const feud = this.#known.get(key)?.feud;
      least = Math.min(least, feud === undefined ? 0 : Math.max(0, feud.last + feud.pause - now));
      if (least === 0) return 0;
    }
    return Number.isFinite(least) ? least : 0;
  }

  /** The feuds that are over: nothing had to be repaired for a minute after the pause. They are forgotten, and the rest tidied. */
  ended(now: number): readonly ObjectKey[] {
    const over: ObjectKey[] = [];
    for (const [key, { times, feud }] of this.#known) {
      if (feud === undefined) {
        if (now - (times.at(-1) ?? 0) >= feudWindow) this.#known.delete(key);
      } else if (now - feud.last >= feud.pause + feudWindow) {
        this.#known.delete(key);
        over.push(key);
      }
    }
    return over;
  }

  /** Is anything remembered, so that `ended` has to be asked in time? */
  get isEmpty(): boolean {
    return this.#known.size === 0;
  }

  *[Symbol.iterator](): Generator<readonly [ObjectKey, Feud], void> {
    for (const [key, { feud }] of this.#known) if (feud !== undefined) yield [key, feud];
  }
}
