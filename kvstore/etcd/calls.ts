import type { CallOptions } from '../store.ts';
import type { Channel, Limits, Methods, UnaryMethod } from './channel.ts';
import { asStoreError, CallFailed, isContactLost, isForbidden } from './errors.ts';

/** Milliseconds that a call may take, all its attempts together. */
const patience = 5000;
/** Of them, for a connection to one server, where there is none and something is to be written: somebody waits. */
const connectPatience = 2000;

/**
 * Calls to whichever server answers. A server that fails is left for the next one in turn; all calls and watches use the
 * same one, so that an outage of one server is met once.
 */
export class Calls {
  readonly #channels: readonly Channel[];
  readonly #closing: AbortSignal;
  #current = 0;

  /** `closing` ends every call with its reason. */
  constructor(channels: readonly [Channel, ...Channel[]], closing: AbortSignal) {
    this.#channels = channels;
    this.#closing = closing;
  }

  get channel(): Channel {
    return this.#channels[this.#current % this.#channels.length] as Channel;
  }

  /** Leaves this server, if nobody has done so before. */
  failed(channel: Channel): void {
    if (this.channel === channel) this.#current += 1;
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
      return await this.#rotate(options, (channel, limits) => channel.unary(pick, request, limits));
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
      const within = Math.min(patience, connectPatience * this.#channels.length);
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
    try {
      return await channel.unary(pick, request, {
        deadline: Date.now() + patience,
        signal: this.#signal(options),
      });
    } catch (error) {
      if (isContactLost(error)) this.failed(channel);
      throw error;
    }
  }

  async #rotate<T>(
    options: CallOptions,
    attempt: (channel: Channel, limits: Limits) => Promise<T>,
    within = patience,
  ): Promise<T> {
    const signal = this.#signal(options);
    signal.throwIfAborted();
    const end = Date.now() + within;
    for (let left = Math.max(2, this.#channels.length); ; left -= 1) {
      const { channel } = this;
      const share = this.#channels.length === 1 ? end : Date.now() + (end - Date.now()) / left;
      try {
        return await attempt(channel, { deadline: share, signal });
      } catch (error) {
        if (!isContactLost(error)) throw error;
        this.failed(channel);
        if (left === 1 || Date.now() >= end) throw error;
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
