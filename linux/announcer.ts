import type { Clock } from '../model/clock.ts';
import { announcementFrame } from './announce.ts';
import type { Announcement } from './kernel.ts';
import type { NetworkScope } from './objects/scope.ts';

/** Sends frames out of a bridge of a network namespace; those that cannot be sent are lost. */
export type Emit = (scope: NetworkScope, bridge: string, frames: readonly Uint8Array[]) => Promise<void>;

/** So many go out at once; every container of the network gets each of them. */
const burst = 200;
/** After a burst: a thousand a second. */
const pace = { frames: 50, ms: 50 } as const;
/** More than these are not kept waiting: whoever misses one asks again. */
const mostWaiting = 4096;

interface Waiting {
  readonly scope: NetworkScope;
  readonly bridge: string;
  readonly announcement: Announcement;
}

/** Announces at once as long as few come, and at a steady pace when there are many; of one address only the latest holder. */
export class Announcer {
  readonly #clock: Pick<Clock, 'monotonic' | 'after'>;
  readonly #emit: Emit;
  readonly #waiting = new Map<string, Waiting>();
  #tokens: number = burst;
  #counted: number;
  #timer: Disposable | undefined;

  constructor(clock: Pick<Clock, 'monotonic' | 'after'>, emit: Emit) {
    this.#clock = clock;
    this.#emit = emit;
    this.#counted = clock.monotonic();
  }

  /** Resolves when what may go at once is sent; the rest follows. */
  async announce(scope: NetworkScope, bridge: string, announcements: readonly Announcement[]): Promise<void> {
    // Those before would only be put aside again.
    for (const announcement of announcements.slice(-mostWaiting)) {
      const key = `${scope} ${bridge} ${announcement.ip}`;
      this.#waiting.delete(key);
      this.#waiting.set(key, { scope, bridge, announcement });
    }
    for (const key of this.#waiting.keys()) {
      if (this.#waiting.size <= mostWaiting) break;
      this.#waiting.delete(key);
    }
    if (this.#timer === undefined) await this.#flush();
  }

  close(): void {
    this.#timer?.[Symbol.dispose]();
    this.#timer = undefined;
    this.#waiting.clear();
  }

  async #flush(): Promise<void> {
    const due = this.#takeDue();
    if (this.#waiting.size > 0) {
      this.#timer = this.#clock.after(pace.ms, () => {
        this.#timer = undefined;
        void this.#flush();
      });
    }
    for (const group of Map.groupBy(due, (w) => `${w.scope} ${w.bridge}`).values()) {
      const { scope, bridge } = group[0] as Waiting;
      const frames = group.map((w) => announcementFrame(w.announcement));
      await this.#emit(scope, bridge, frames).catch(() => undefined);
    }
  }

  #takeDue(): readonly Waiting[] {
    const now = this.#clock.monotonic();
    const steps = Math.floor((now - this.#counted) / pace.ms);
    this.#counted += steps * pace.ms;
    this.#tokens = Math.min(burst, this.#tokens + steps * pace.frames);
    const keys = [...this.#waiting.keys()].slice(0, this.#tokens);
    this.#tokens -= keys.length;
    return keys.flatMap((key) => {
      const waiting = this.#waiting.get(key);
      this.#waiting.delete(key);
      return waiting === undefined ? [] : [waiting];
    });
  }
}
