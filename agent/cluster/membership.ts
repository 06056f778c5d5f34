import type { Condition, Lease, Store } from '../../kvstore/store.ts';
import { sleep, type Clock } from '../../model/clock.ts';
import { asWeftError, hasCode, type WeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { Backoff } from '../backoff.ts';
import { joinCluster, type Joining } from './join.ts';

export interface MembershipPorts {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  readonly backoff: Backoff;
  readonly leaseTtl: number;
  /** What to write now; asked anew for each attempt. */
  joining(): Promise<Joining>;
  /** Waits until this node may write to the store, and on which conditions. */
  admit(signal: AbortSignal): Promise<readonly Condition[]>;
}

export type MembershipState =
  { readonly kind: 'joining'; readonly error?: WeftError } | { readonly kind: 'joined' };

/** Keeps this node's `alive/` key and its record: joins, and joins again when the lease is lost or the record must change. */
export class Membership {
  readonly #ports: MembershipPorts;
  #state: MembershipState = { kind: 'joining' };
  #stirred = new AbortController();
  #lease: Lease | undefined;

  constructor(ports: MembershipPorts) {
    this.#ports = ports;
  }

  get state(): MembershipState {
    return this.#state;
  }

  /** That of this node's `alive/` key, for what shall go with it; undefined while this node has none. */
  get lease(): Lease | undefined {
    return this.#state.kind === 'joined' ? this.#lease : undefined;
  }

  /**
   * What `joining` answers has changed, or the store is back: the record is written again, under the same lease, and the
   * pause after a failure is over.
   */
  refresh(): void {
    this.#stirred.abort();
  }

  /**
   * Runs until the signal aborts. Stopping is not dying: the lease is left to expire, so that a restart within its TTL is
   * not even noticed by the others.
   *
   * @throws NODE_CONFLICT when the first attempt meets another live node with our name, address or id.
   */
  async run(signal: AbortSignal, onJoined: () => void): Promise<void> {
    const { store, clock, events, backoff, leaseTtl } = this.#ports;
    let everJoined = false;
    let lease: Lease | undefined;
    for (let failures = 0; !signal.aborted;) {
      try {
        this.#stirred = new AbortController();
        const guards = await this.#ports.admit(signal);
        lease ??= await store.lease(leaseTtl, { signal });
        await joinCluster(store, lease, await this.#ports.joining(), signal, guards);
        if (everJoined && this.#state.kind !== 'joined')
          events.tell('lease-back', 'this node has joined again');
        this.#lease = lease;
        this.#state = { kind: 'joined' };
        everJoined = true;
        failures = 0;
        onJoined();
        await aborted(AbortSignal.any([lease.lost, this.#stirred.signal, signal]));
        if (!lease.lost.aborted) continue;
        if (!signal.aborted) this.#loseLease();
        lease = undefined;
      } catch (error) {
        if (signal.aborted) return;
        await lease?.revoke().catch(() => undefined);
        lease = undefined;
        if (hasCode(error, 'NODE_CONFLICT') && !everJoined) throw error;
        if (hasCode(error, 'STORE_LEASE_LOST') && this.#state.kind === 'joined') {
          this.#loseLease();
          continue;
        }
        this.#failed(asWeftError(error));
        const end = AbortSignal.any([signal, this.#stirred.signal]);
        await sleep(clock, backoff.delay((failures += 1)), end).catch(() => undefined);
      }
    }
  }

  #loseLease(): void {
    this.#state = { kind: 'joining' };
    this.#ports.events.tell('lease-lost', 'lease of this node is lost; joining again');
  }

  /** Told once for each kind of trouble. */
  #failed(error: WeftError): void {
    const isNews = this.#state.kind === 'joined' || this.#state.error?.code !== error.code;
    this.#state = { kind: 'joining', error };
    if (isNews) this.#ports.logger.warn('cannot join', { code: error.code, error: error.message });
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
