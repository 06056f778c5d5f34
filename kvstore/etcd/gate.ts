import type { Clock } from '../../model/clock.ts';

export interface GatePorts {
  readonly clock: Clock;
  readonly fraction: () => number;
  /** A harmless question; rejects while the store is away. */
  readonly ask: () => Promise<unknown>;
  /** Aborts when the client is closed. */
  readonly closing: AbortSignal;
}

/** Milliseconds between two questions, on average. */
const pause = 1000;

/**
 * Where all watches wait while the store is away. One question after the other is asked for all of them, however many they
 * are, and when it is answered they go on together.
 */
export class Gate {
  readonly #ports: GatePorts;
  readonly #waiting = new Set<() => void>();
  #isShut = false;

  constructor(ports: GatePorts) {
    this.#ports = ports;
  }

  /** Somebody has got no answer: whoever comes now has to wait. */
  shut(): void {
    if (this.#isShut || this.#ports.closing.aborted) return;
    this.#isShut = true;
    this.#arm();
  }

  /** Somebody has got an answer. */
  open(): void {
    this.#isShut = false;
    for (const goOn of [...this.#waiting]) goOn();
  }

  /** Resolves when there is contact, or when the signal aborts. */
  async pass(signal: AbortSignal): Promise<void> {
    if (!this.#isShut || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const goOn = (): void => {
        this.#waiting.delete(goOn);
        signal.removeEventListener('abort', goOn);
        resolve();
      };
      this.#waiting.add(goOn);
      signal.addEventListener('abort', goOn);
    });
  }

  #arm(): void {
    const { clock, fraction } = this.#ports;
    clock.after(pause * (0.75 + 0.5 * fraction()), () => void this.#ask());
  }

  async #ask(): Promise<void> {
    const { ask, closing } = this.#ports;
    if (!this.#isShut || closing.aborted) return;
    try {
      await ask();
      this.open();
    } catch {
      if (this.#isShut && !closing.aborted) this.#arm();
    }
  }
}
