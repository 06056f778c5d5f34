import type { Clock, Timer } from '../../model/clock.ts';
import { finishIntents } from './finish-intents.ts';
import type { OperationPorts } from './ports.ts';

export interface UnfinishedPorts {
  readonly operations: OperationPorts;
  readonly clock: Clock;
  /** A signal for one round. */
  readonly deadline: () => AbortSignal;
}

/** Milliseconds until what could not be finished is tried again. */
const interval = 5000;

/** Completes or cancels open intents: now, and again for as long as some cannot be finished although the store is there. */
export class Unfinished {
  readonly #ports: UnfinishedPorts;
  #timer: Timer | undefined;
  #closed = false;

  constructor(ports: UnfinishedPorts) {
    this.#ports = ports;
  }

  async finish(): Promise<void> {
    const { operations, clock, deadline } = this.#ports;
    const left = await finishIntents(operations, deadline());
    this.#timer?.cancel();
    if (left === 0 || this.#closed) return;
    this.#timer = clock.after(interval, () => {
      // While it is away its return is what leads to another try.
      if (operations.view.state === 'insync') void this.finish();
    });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }
}
