import { sleep } from '../model/clock.ts';
import { asWeftError, WeftError } from '../model/errors.ts';
import type { StorePorts } from './ports.ts';
import type { Lease } from './store.ts';

/** What a server has granted. */
export interface Grant {
  /** The server's name of the lease. */
  readonly id: string;
  readonly ttl: number;
  /** When the request was sent, by the monotonic clock. */
  readonly sent: number;
}

/** How a lease on a server is kept and given back. */
export interface RemoteHold {
  /**
   * Starts the TTL anew, within so many milliseconds: milliseconds until it ends, or undefined when the server says that it
   * is gone. Throws when nobody answered.
   */
  renew(id: string, within: number, signal: AbortSignal): Promise<number | undefined>;
  /** Harmless when it is gone. */
  revoke(id: string): Promise<void>;
}

export interface RemoteLeasePorts extends StorePorts {
  readonly hold: RemoteHold;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** Milliseconds for an answer: who gets none tells others that the server is silent. */
const patience = 3000;

/** A lease of a server, kept alive by a loop of its own until it is revoked, lost, or the client is closed. */
export class RemoteLease implements Lease {
  readonly id: string;
  readonly ttl: number;
  readonly #ports: RemoteLeasePorts;
  readonly #lost = new AbortController();
  /** Ends the loop. */
  readonly #stop = new AbortController();
  /** Until then, by our clock, the keys are surely there: counted from when the last good request was sent. */
  #until: number;

  constructor({ id, ttl, sent }: Grant, ports: RemoteLeasePorts) {
    this.id = id;
    this.ttl = ttl;
    this.#until = sent + ttl;
    this.#ports = ports;
    ports.closing.addEventListener('abort', () => this.#stop.abort(), {
      once: true,
      signal: this.#stop.signal,
    });
    void this.#keepAlive();
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** Was it revoked, or lost? */
  get ended(): boolean {
    return this.#stop.signal.aborted;
  }

  async revoke(): Promise<void> {
    this.#stop.abort();
    await this.#ports.hold.revoke(this.id);
  }

  async #keepAlive(): Promise<void> {
    const { signal } = this.#stop;
    using _expiry = this.#watchExpiry();
    let failed = false;
    while (!signal.aborted) {
      // Three attempts fit into the TTL; after a failure more often, but never at once.
      const pause = failed ? Math.min(this.ttl / 8, 1000) : this.ttl / 3;
      const jitter = 0.8 + 0.2 * this.#ports.fraction();
      await sleep(this.#ports.clock, pause * jitter, signal).catch(() => undefined);
      if (!signal.aborted) failed = !(await this.#once(signal));
    }
  }

  /** Did the server answer? */
  async #once(signal: AbortSignal): Promise<boolean> {
    const { clock, hold, logger } = this.#ports;
    const sent = clock.monotonic();
    const within = Math.max(1, Math.min(patience, this.#until - sent));
    try {
      const left = await hold.renew(this.id, within, signal);
      if (left === undefined) this.#lose('the server says that it has expired or was revoked');
      else this.#until = sent + left;
      return true;
    } catch (error) {
      if (!signal.aborted) logger.debug('lease was not kept alive', { cause: asWeftError(error).message });
      return false;
    }
  }

  /** Loses the lease when its time is up, whatever a call is waiting for. */
  #watchExpiry(): Disposable {
    const { clock } = this.#ports;
    const look = (): void => {
      const left = this.#until - clock.monotonic();
      if (left > 0) timer = clock.after(left, look);
      else this.#lose(`it was not kept alive for ${this.ttl} ms`);
    };
    let timer = clock.after(this.ttl, look);
    return { [Symbol.dispose]: () => timer.cancel() };
  }

  #lose(why: string): void {
    if (this.ended) return;
    this.#stop.abort();
    this.#lost.abort(new WeftError('STORE_LEASE_LOST', `a lease of ${this.ttl} ms is lost: ${why}`));
  }
}
