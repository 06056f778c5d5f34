import type { Clock, Timer } from '../../model/clock.ts';
import { finishIntents } from './finish-intents.ts';
import type { OperationPorts } from './ports.ts';

export interface UnfinishedPorts {
  readonly operations: OperationPorts;
  readonly clock: Clock;
  /** A signal for one round. */
  readonly deadline: () => AbortSignal;
}

/** Milliseconds between two looks at what is open. */
const interval = 5000;

/** Completes or cancels open intents: now, and from then on what operations leave open that gave up. */
export class Unfinished {
  readonly #ports: UnfinishedPorts;
  #timer: Timer | undefined;
  #closed = false;

  constructor(ports: UnfinishedPorts) {
    this.#ports = ports;
  }

  async finish(): Promise<void> {
    const { operations, deadline } = this.#ports;
    await finishIntents(operations, deadline());
    this.#again();
  }

  /** What is open then may be under way, and is waited for; or nobody waits for it any more. */
  #again(): void {
    const { operations, clock } = this.#ports;
    this.#timer?.cancel();
    if (this.#closed) return;
    this.#timer = clock.after(interval, () => {
      if (operations.view.state === 'insync' && operations.intents.open().length > 0) void this.finish();
      else this.#again();
    });
  }

  close(): void {
    this.#closed = true;
    this.#timer?.cancel();
  }
}
