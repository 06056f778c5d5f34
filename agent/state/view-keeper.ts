import type { Clock, Timer } from '../../model/clock.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Logger } from '../../model/logger.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';
import type { Intents } from './intents.ts';
import { withEndpoints, writeLastView, type LastView } from './last-view.ts';

export interface ViewKeeperPorts {
  readonly view: View;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly stateDir: string;
  /** What was attached and detached must not be forgotten before a view is on disk that knows it. */
  readonly intents: Pick<Intents, 'gone' | 'attached' | 'settle'>;
  /** Own endpoints that the store has lost: the next life puts them back if this one does not come to it. */
  readonly missing: () => readonly Recorded<Endpoint>[];
  /** How it gets onto the disk; `writeLastView` unless a test has time stand still meanwhile. */
  readonly write?: ((stateDir: string, view: LastView) => Promise<void>) | undefined;
}

/** Milliseconds between a change of the view and its being on disk: changes come in bursts. */
const delay = 3000;

/**
 * Keeps the last good view on disk: a few seconds after a change, and at the end. Only a store that is believed is kept: what
 * was known before it was lost is what may have to be restored.
 */
export class ViewKeeper {
  readonly #ports: ViewKeeperPorts;
  #timer: Timer | undefined;
  #isDirty = false;
  #writing: Promise<void> = Promise.resolve();
  #trouble: string | undefined;

  constructor(ports: ViewKeeperPorts) {
    this.#ports = ports;
    const mark = (): void => {
      this.#mark();
    };
    ports.view.listen({
      cluster: mark,
      networks: mark,
      wishes: mark,
      nodes: mark,
      endpoints: mark,
      state: mark,
    });
  }

  /** Writes what is not on disk yet. */
  async close(): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#writing;
    if (this.#isDirty) await this.#write();
  }

  #mark(): void {
    this.#isDirty = true;
    this.#timer ??= this.#ports.clock.after(delay, () => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#write());
    });
  }

  async #write(): Promise<void> {
    const { view, clock, logger, stateDir, intents, missing, write = writeLastView } = this.#ports;
    if (view.state !== 'insync') return;
    this.#isDirty = false;
    const gone = intents.gone();
    const attached = intents.attached();
    try {
      await write(stateDir, { seen: clock.wall(), parts: withEndpoints(view.remember(), missing()) });
      intents.settle(gone, attached);
      this.#trouble = undefined;
    } catch (error) {
      this.#isDirty = true;
      const { message } = asWeftError(error);
      if (this.#trouble !== message)
        logger.error('last good view cannot be written', { stateDir, error: message });
      this.#trouble = message;
    }
  }
}
