import type { Clock } from '../../model/clock.ts';
import type { Logger } from '../../model/logger.ts';
import type { CallOptions } from '../store.ts';
import { Turn } from '../turn.ts';
import type { Channel, Limits, Methods, UnaryMethod } from './channel.ts';
import { asStoreError, CallFailed, isContactLost, isForbidden, isLeaderChange } from './errors.ts';

/** Milliseconds that a call may take, all its attempts together. */
const patience = 5000;
/** Of them, for a connection to one server, where there is none and something is to be written: somebody waits. */
const connectPatience = 2000;

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

  /** Aborts when this server is left for another one. */
  get left(): AbortSignal {
    return this.#turn.left;
  }

  /** Milliseconds that a server has for its answer before another one, where there is one, is asked. */
  get share(): number {
    return patience / this.#turn.count;
  }

  /** Leaves this server, if nobody has done so before, unless it is well and says so. */
  failed(channel: Channel, why: Error): void {
    if (isLeaderChange(why)) return;
    this.#turn.failed(channel, why instanceof CallFailed ? why.details : why.message);
  }

  /**
   * A call that may be sent twice without harm: each server has its share of the time, and a single one that has hung up
   * gets a second attempt.
   */
  async repeatable<Q, A>(
    wish: string,
    pick: (methods: Methods) => UnaryMethod<Q, A>,
    request: Q,
    options: CallOptions = {},
  ): Promise<A> {
    try {
      return await this.#rotate(options, async (channel, limits) => {
        const answer = await channel.unary(pick, request, limits);
        this.#turn.answered(channel);
        return answer;
      });
    } catch (error) {
      throw asStoreError(error, wish, 'read');
    }
  }

  /** Sent at most once: only while there is no connection is the next server tried. */
  async once<Q, A>(
    wish: string,
    pick: (methods: Methods) => UnaryMethod<Q, A>,
    request: Q,
    options: CallOptions = {},
  ): Promise<A> {
    try {
      const connected = async (candidate: Channel, limits: Limits): Promise<Channel> => {
        if (candidate.connected()) return candidate;
        // A harmless question connects and, when that fails, brings the reason.
        candidate.hasten();
        await candidate.unary((m) => m.range, anyKey, limits).catch(mustAnswer);
        return candidate;
      };
      const within = Math.min(patience, connectPatience * this.#turn.count);
      const channel = await this.#rotate(options, connected, within).catch((error: unknown) => {
        throw isUnsaid(error) ? new CallFailed(error.server, error, 'unsent') : error;
      });
      return await this.#sendOnce(channel, pick, request, options);
    } catch (error) {
      throw asStoreError(error, wish, 'write');
    }
  }

  async #sendOnce<Q, A>(
    channel: Channel,
    pick: (methods: Methods) => UnaryMethod<Q, A>,
    request: Q,
    options: CallOptions,
  ): Promise<A> {
    // All others go elsewhere by then; this one waits on, for it cannot be sent again.
    const silence = this.#clock.after(this.share, () => {
      this.#turn.failed(channel, `no answer to a write within ${Math.round(this.share)} ms`);
    });
    try {
      const limits = { within: patience, signal: this.#signal(options) };
      const answer = await channel.unary(pick, request, limits);
      this.#turn.answered(channel);
      return answer;
    } catch (error) {
      if (isContactLost(error)) this.failed(channel, error);
      throw error;
    } finally {
      silence.cancel();
    }
  }

  async #rotate<T>(
    options: CallOptions,
    attempt: (channel: Channel, limits: Limits) => Promise<T>,
    within = patience,
  ): Promise<T> {
    const signal = this.#signal(options);
    signal.throwIfAborted();
    const end = performance.now() + within;
    for (let left = Math.max(2, this.#turn.count); ; left -= 1) {
      const { channel } = this;
      const rest = end - performance.now();
      try {
        return await attempt(channel, { within: this.#turn.count === 1 ? rest : rest / left, signal });
      } catch (error) {
        if (!isContactLost(error)) throw error;
        this.failed(channel, error);
        if (left === 1 || performance.now() >= end) throw error;
      }
    }
  }

  #signal(options: CallOptions): AbortSignal {
    return options.signal === undefined ? this.#closing : AbortSignal.any([this.#closing, options.signal]);
  }
}

/** Nobody has refused anything; and what was sent was only a question. */
const isUnsaid = (error: unknown): error is CallFailed =>
  error instanceof CallFailed && error.refusal === undefined;

/** Who says that we may not read a key is connected. @throws the error otherwise. */
function mustAnswer(error: unknown): void {
  if (!isForbidden(error)) throw error;
}

/** Asks for no key: the answer is nothing but a header. */
const anyKey = { key: Buffer.of(0), count_only: true };
