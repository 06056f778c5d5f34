import type { CallOptions } from '../store.ts';
import type { Channel, Limits } from './channel.ts';
import { asStoreError, CallFailed, isContactLost } from './errors.ts';

/** Milliseconds that a call may take, all its attempts together. */
const patience = 5000;
/** Of them, for a connection to one server, where there is none and something is to be written: somebody waits. */
const connectPatience = 2000;

type Call<T> = (channel: Channel, limits: Limits) => Promise<T>;

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
  async repeatable<T>(wish: string, call: Call<T>, options: CallOptions = {}): Promise<T> {
    try {
      return await this.#rotate(options, call);
    } catch (error) {
      throw asStoreError(error, wish, 'read');
    }
  }

  /** One attempt at a call that changes nothing and may take this long; no other server is asked. */
  async single<T>(wish: string, call: Call<T>, within: number, options: CallOptions): Promise<T> {
    const { channel } = this;
    try {
      return await call(channel, { within, signal: this.#signal(options) });
    } catch (error) {
      if (isContactLost(error)) this.failed(channel);
      throw asStoreError(error, wish, 'read');
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
      const within = Math.min(patience, connectPatience * this.#channels.length);
      const channel = await this.#rotate(options, connected, within).catch((error: unknown) => {
        throw isContactLost(error)
          ? new CallFailed(error.server, { ...reasonOf(error), unsent: true })
          : error;
      });
      return await this.#sendOnce(channel, call, options);
    } catch (error) {
      throw asStoreError(error, wish, 'write');
    }
  }

  async #sendOnce<T>(channel: Channel, call: Call<T>, options: CallOptions): Promise<T> {
    try {
      return await call(channel, { within: patience, signal: this.#signal(options) });
    } catch (error) {
      if (isContactLost(error)) this.failed(channel);
      throw error;
    }
  }

  async #rotate<T>(options: CallOptions, attempt: Call<T>, within = patience): Promise<T> {
    const signal = this.#signal(options);
    signal.throwIfAborted();
    const end = performance.now() + within;
    for (let left = Math.max(2, this.#channels.length); ; left -= 1) {
      const { channel } = this;
      const rest = end - performance.now();
      try {
        return await attempt(channel, { within: this.#channels.length === 1 ? rest : rest / left, signal });
      } catch (error) {
        if (!isContactLost(error)) throw error;
        this.failed(channel);
        if (left === 1 || performance.now() >= end || this.#isAlone(error)) throw error;
      }
    }
  }

  /** Is there no other server, and nobody at this one who could have hung up? */
  #isAlone({ unsent, status }: CallFailed): boolean {
    return this.#channels.length === 1 && unsent && status === undefined;
  }

  #signal(options: CallOptions): AbortSignal {
    return options.signal === undefined ? this.#closing : AbortSignal.any([this.#closing, options.signal]);
  }
}

const reasonOf = ({ status, details }: CallFailed): { status?: number; details: string } =>
  status === undefined ? { details } : { status, details };
