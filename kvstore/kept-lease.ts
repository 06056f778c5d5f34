import type { Clock, Timer } from '../model/clock.ts';
import { WeftError } from '../model/errors.ts';
import type { Lease } from './store.ts';

/** How a lease is kept and given back; both may throw when the store is away. */
export interface LeaseHold {
  /** Starts the TTL anew; false when the store no longer knows the lease. */
  renew(): boolean;
  revoke(): void;
}

/** A lease that renews itself three times within its TTL, where renewing is answered at once. */
export class KeptLease<Id> implements Lease {
  readonly id: Id;
  readonly ttl: number;
  readonly #hold: LeaseHold;
  readonly #clock: Clock;
  readonly #lost = new AbortController();
  #renewed: number;
  #timer: Timer | undefined;

  constructor(id: Id, ttl: number, hold: LeaseHold, clock: Clock) {
    this.id = id;
    this.ttl = ttl;
    this.#hold = hold;
    this.#clock = clock;
    this.#renewed = clock.monotonic();
    this.#arm();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  async revoke(): Promise<void> {
    this.release();
    if (!this.lost.aborted) this.#hold.revoke();
  }

  /** Stops renewing; the lease is left to expire. */
  release(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  #arm(): void {
    const left = this.#renewed + this.ttl - this.#clock.monotonic();
    this.#timer = this.#clock.after(Math.max(0, Math.min(this.ttl / 3, left)), () => {
      this.#renew();
    });
  }

  #renew(): void {
    const now = this.#clock.monotonic();
    try {
      if (!this.#hold.renew()) return this.#lose('the store no longer knows it');
      this.#renewed = now;
    } catch (error) {
      if (now - this.#renewed >= this.ttl)
        return this.#lose('the store was away for longer than that', error);
    }
    this.#arm();
  }

  #lose(why: string, cause?: unknown): void {
    this.release();
    this.#lost.abort(
      new WeftError('STORE_LEASE_LOST', `a lease of ${this.ttl} ms is lost: ${why}`, { cause }),
    );
  }
}
