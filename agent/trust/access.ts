import { keys } from '../../kvstore/keys.ts';
import type { Condition, Store } from '../../kvstore/store.ts';
import type { Clock } from '../../model/clock.ts';
import { asWeftError, hasCode, WeftError } from '../../model/errors.ts';
import type { View } from '../view/view.ts';

export interface AccessPorts {
  readonly store: Store;
  readonly view: View;
  readonly clock: Pick<Clock, 'after'>;
  /** Is the store the one that this node knows? */
  readonly isBelieved: () => boolean;
}

/** Milliseconds in which the watches follow an answer. */
const patience = 2000;

/** Whether anything may be written to the store at present. */
export class Access {
  readonly #ports: AccessPorts;

  constructor(ports: AccessPorts) {
    this.#ports = ports;
  }

  /** @throws STORE_UNAVAILABLE at once while the store is out of reach or not believed. `what` cannot be done then. */
  readonly demand = (what: string): void => {
    const { view } = this.#ports;
    if (view.state === 'insync') return;
    throw this.#refusal(what, view.trouble ?? 'it has not been read yet');
  };

  /**
   * The same for somebody who waits: a store that is out of reach is asked once more, now, since it may just be back.
   *
   * @throws STORE_UNAVAILABLE when it does not answer, or is not believed.
   */
  readonly reach = async (what: string, signal: AbortSignal): Promise<void> => {
    const { view, isBelieved } = this.#ports;
    if (view.state === 'stale' && isBelieved()) {
      await this.#ask(what, signal);
      await this.#follow(signal);
    }
    signal.throwIfAborted();
    this.demand(what);
  };

  /** As a write it makes a connection at once, where a read would wait for the pause between two attempts. */
  async #ask(what: string, signal: AbortSignal): Promise<void> {
    const question: Condition = { kind: 'absent', key: keys.cluster };
    try {
      await this.#ports.store.txn([question], [], { signal });
    } catch (error) {
      // The end of the agent is no word about the store; that the caller's time is over is.
      if (signal.aborted && !hasCode(error, 'TIMEOUT')) throw error;
      throw this.#refusal(what, signal.aborted ? 'no answer from it in time' : asWeftError(error).message);
    }
  }

  /** Until the watches have contact as well, or what they say is not believed. */
  async #follow(signal: AbortSignal): Promise<void> {
    const { view, clock, isBelieved } = this.#ports;
    const late = new AbortController();
    using _timer = clock.after(patience, () => late.abort());
    const isDecided = (): true | undefined => (view.state === 'insync' || !isBelieved() ? true : undefined);
    await view.until(isDecided, AbortSignal.any([signal, late.signal])).catch(() => undefined);
  }

  #refusal(what: string, why: string): WeftError {
    const { description } = this.#ports.store;
    return new WeftError('STORE_UNAVAILABLE', `${what}: the store ${description} cannot be used: ${why}`);
  }
}
