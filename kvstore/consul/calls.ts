import type { Clock } from '../../model/clock.ts';
import type { Logger } from '../../model/logger.ts';
import type { CallOptions } from '../store.ts';
import { Turn } from '../turn.ts';
import type { Channel, Limits } from './channel.ts';
import { asStoreError, CallFailed, isContactLost } from './errors.ts';

/** Milliseconds that a call may take, all its attempts together. */
const patience = 5000;
/** Of them, for a connection to one server, where there is none and something is to be written: somebody waits. */
const connectPatience = 2000;

type Call<T> = (channel: Channel, limits: Limits) => Promise<T>;

export interface CallsPorts {
  readonly clock: Pick<Clock, 'after'>;
  readonly logger: Logger;
  /** Ends every call with its reason. */
  readonly closing: AbortSignal;
}

/** Calls to whichever server answers. */
export class Calls {
  readonly #turn: Turn<Channel>;
  readonly #clock: Pick<Clock, 'after'>;
  readonly #closing: AbortSignal;

  constructor(channels: readonly [Channel, ...Channel[]], { clock, logger, closing }: CallsPorts) {
    this.#turn = new Turn(channels, logger);
    this.#clock = clock;
    this.#closing = closing;
  }

  get channel(): Channel {
    return this.#turn.server;
  }

  /** Milliseconds that a server has for its answer before another one, where there is one, is asked. */
  get share(): number {
    return patience / this.#turn.count;
  }

  /** Leaves this server, if nobody has done so before. */
  failed(channel: Channel, why: Error): void {
    this.#turn.failed(channel, why instanceof CallFailed ? why.details : why.message);
  }

  /**
   * A call that may be sent twice without harm: each server has its share of the time, and a single one that has hung up
   * gets a second attempt.
   */
  async repeatable<T>(wish: string, call: Call<T>, options: CallOptions = {}): Promise<T> {
    try {
      return await this.#rotate(options, async (channel, limits) => {
        const answer = await call(channel, limits);
        this.#turn.answered(channel);
        return answer;
      });
    } catch (error) {
      throw asStoreError(error, wish, 'read');
    }
  }

  /** One attempt at a call that changes nothing and may take this long, unless the server is left meanwhile. */
  async single<T>(wish: string, call: Call<T>, within: number, options: CallOptions): Promise<T> {
    const { server: channel, left } = this.#turn;
    const signal = this.#signal(options);
    try {
      return await call(channel, { within, signal: AbortSignal.any([signal, left]) });
    } catch (error) {
      signal.throwIfAborted();
      if (isContactLost(error)) this.failed(channel, error);
      const failure = left.aborted
        ? new CallFailed(channel.address, { details: (left.reason as Error).message, unsent: false })
        : error;
      throw asStoreError(failure, wish, 'read');
    }
  }

  /** Sent at most once: only before it is sent is the next server tried. */
  async once<T>(wish: string, call: Call<T>, options: CallOptions = {}): Promise<T> {
    try {
      const connected = async (candidate: Channel, limits: Limits): Promise<Channel> => {
        // A harmless question connects and, when that fails, brings the reason.
        if (!candidate.connected) await candidate.ready(limits);
        return candidate;
      };
      const within = Math.min(patience, connectPatience * this.#turn.count);
      const channel = await this.#rotate(options, connected, within).catch((error: unknown) => {
        throw isContactLost(error) ? error.asUnsent() : error;
      });
      return await this.#sendOnce(channel, call, options);
    } catch (error) {
      throw asStoreError(error, wish, 'write');
    }
  }

  async #sendOnce<T>(channel: Channel, call: Call<T>, options: CallOptions): Promise<T> {
    // All others go elsewhere by then; this one waits on, for it cannot be sent again.
    const silence = this.#clock.after(this.share, () => {
      this.#turn.failed(channel, `no answer to a write within ${Math.round(this.share)} ms`);
    });
    try {
      const answer = await call(channel, { within: patience, signal: this.#signal(options) });
      this.#turn.answered(channel);
      return answer;
    } catch (error) {
      if (isContactLost(error)) this.failed(channel, error);
      throw error;
    } finally {
      silence.cancel();
    }
  }

  async #rotate<T>(options: CallOptions, attempt: Call<T>, within = patience): Promise<T> {
    const signal = this.#signal(options);
    signal.throwIfAborted();
    const end = performance.now() + within;
    for (let left = Math.max(2, this.#turn.count); ; left -= 1) {
      const { channel } = this;
      const rest = end - performance.now();
      try {
        return await attempt(channel, {
          within: this.#turn.count === 1 ? rest : rest / left,
          signal,
        });
      } catch (error) {
        if (!isContactLost(error)) throw error;
        this.failed(channel, error);
        if (left === 1 || performance.now() >= end || this.#isAlone(error)) throw error;
      }
    }
  }

  /** Is there no other server, and nobody at this one who could have hung up? */
  #isAlone({ unsent, status }: CallFailed): boolean {
    return this.#turn.count === 1 && unsent && status === undefined;
  }

  #signal(options: CallOptions): AbortSignal {
    return options.signal === undefined ? this.#closing : AbortSignal.any([this.#closing, options.signal]);
  }
}
