import type { Clock } from '../../model/clock.ts';
import { eventKinds, type EventKind, type Events, type WeftEvent } from '../../model/event.ts';
import type { LogFields, Logger } from '../../model/logger.ts';
import type { Metrics } from '../../model/metric.ts';

/** How many events are kept; older ones are forgotten. */
export const journalLength = 1000;

/** Keeps events over a restart. */
export interface JournalFile {
  /** What was kept, oldest first. */
  readonly kept: readonly WeftEvent[];
  /** `all`: what is to be kept, this one included. */
  append(event: WeftEvent, all: readonly WeftEvent[]): void;
  close(): void;
}

export interface JournalPorts {
  readonly clock: Pick<Clock, 'wall'>;
  readonly logger: Logger;
  readonly file: JournalFile;
  readonly metrics: Metrics;
}

/** The last events of this node, in order. Each is said once in the log as well. */
export class Journal implements Events {
  readonly #ports: JournalPorts;
  readonly #events: WeftEvent[];
  readonly #waiters = new Set<() => void>();
  #last: number;
  #closed = false;

  constructor(ports: JournalPorts) {
    this.#ports = ports;
    this.#events = ports.file.kept.slice(-journalLength);
    this.#last = this.#events.at(-1)?.number ?? 0;
  }

  /** Number of the last event; 0 when there never was one. */
  get last(): number {
    return this.#last;
  }

  tell(kind: EventKind, message: string, fields: LogFields = {}): void {
    const { clock, logger, file, metrics } = this.#ports;
    logger[eventKinds[kind].level](message, { event: kind, ...fields });
    metrics.count('weft_events_total', { kind });
    if (this.#closed) return;
    const time = new Date(clock.wall()).toISOString();
    const event: WeftEvent = { number: (this.#last += 1), time, kind, message, fields };
    this.#events.push(event);
    if (this.#events.length > journalLength) this.#events.shift();
    file.append(event, this.#events);
    for (const wake of this.#waiters) wake();
  }

  /** Those with a greater number that are still kept. */
  after(number: number): readonly WeftEvent[] {
    const first = this.#events.findIndex((event) => event.number > number);
    return first === -1 ? [] : this.#events.slice(first);
  }

  /** Resolves when there is an event with a greater number, when the signal aborts, or when the journal is closed. */
  async news(number: number, signal: AbortSignal): Promise<void> {
    if (this.#last > number || this.#closed || signal.aborted) return;
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', wake);
        resolve();
      };
      this.#waiters.add(wake);
      signal.addEventListener('abort', wake);
    });
  }

  /** Nobody waits any more; what is told after this is only logged. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const wake of [...this.#waiters]) wake();
    this.#ports.file.close();
  }
}
