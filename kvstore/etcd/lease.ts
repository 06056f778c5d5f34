import { WeftError } from '../../model/errors.ts';
import { sleep } from '../../model/clock.ts';
import type { StorePorts } from '../ports.ts';
import type { CallOptions, Lease } from '../store.ts';
import type { Calls } from './calls.ts';
import { asStoreError, CallFailed, grpcStatus } from './errors.ts';

export interface LeasePorts extends StorePorts {
  readonly calls: Calls;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** Milliseconds; etcd raises a shorter lease to it. */
export const minLeaseTtl = 2000;

/** A lease of an etcd server, kept alive by a loop of its own until it is revoked, lost, or the client is closed. */
export class EtcdLease implements Lease {
  readonly id: string;
  readonly ttl: number;
  readonly #ports: LeasePorts;
  readonly #lost = new AbortController();
  /** Ends the loop. */
  readonly #stop = new AbortController();
  /** Until then, by our clock, the keys are surely there: counted from when the last good request was sent. */
  #until: number;

  private constructor(id: string, ttl: number, sent: number, ports: LeasePorts) {
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

  static async grant(ttl: number, ports: LeasePorts, options?: CallOptions): Promise<EtcdLease> {
    const seconds = Math.ceil(Math.max(ttl, minLeaseTtl) / 1000);
    const wish = `get a lease of ${seconds} s`;
    const sent = ports.clock.monotonic();
    // Sent twice it leaves a lease without keys behind, which ends by itself.
    const answer = await ports.calls.repeatable(wish, (m) => m.leaseGrant, { TTL: seconds }, options);
    return new EtcdLease(answer.ID, Number(answer.TTL) * 1000, sent, ports);
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
    try {
      await this.#ports.calls.repeatable('revoke a lease', (m) => m.leaseRevoke, { ID: this.id });
    } catch (error) {
      if (!(error instanceof WeftError && error.code === 'STORE_LEASE_LOST')) throw error;
    }
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

  /** Did the server answer that the lease lives? */
  async #once(signal: AbortSignal): Promise<boolean> {
    const { clock, calls } = this.#ports;
    const sent = clock.monotonic();
    const { channel } = calls;
    const wait = Math.max(1, Math.min(5000, this.#until - sent));
    try {
      const seconds = await channel.keepAlive(this.id, { deadline: Date.now() + wait, signal });
      if (seconds <= 0) this.#lose('the server says that it has expired or was revoked');
      else this.#until = sent + seconds * 1000;
      return true;
    } catch (error) {
      if (signal.aborted) return false;
      if (error instanceof CallFailed && error.code === grpcStatus.notFound) this.#lose(error.details);
      else calls.failed(channel);
      this.#ports.logger.debug('lease was not kept alive', {
        cause: asStoreError(error, 'keep a lease alive', 'read').message,
      });
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
