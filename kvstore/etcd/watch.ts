import type { Timer } from '../../model/clock.ts';
import { hasCode } from '../../model/errors.ts';
import type { StorePorts } from '../ports.ts';
import type { Watch, WatchSink, WatchUpdate } from '../store.ts';
import type { Gate } from './gate.ts';
import { list, type ListPorts } from './list.ts';
import type { Subscription, WatchStreams } from './watch-streams.ts';
import { delay } from './watch-timing.ts';
import {
  next,
  start,
  type Reaction,
  type WatchEffect,
  type WatchInput,
  type WatchState,
} from './watch.machine.ts';

export interface WatchPorts extends ListPorts, StorePorts {
  readonly streams: WatchStreams;
  readonly gate: Pick<Gate, 'pass' | 'shut' | 'open'>;
}

/** Runs the machine of one watch: its effects become calls and timers, and what they bring becomes its inputs. */
export class EtcdWatch implements Watch {
  readonly #prefix: string;
  readonly #sink: WatchSink;
  readonly #ports: WatchPorts;
  readonly #inputs: WatchInput[] = [];
  #state: WatchState = start.state;
  #listing: AbortController | undefined;
  #subscription: Subscription | undefined;
  #timer: Timer | undefined;
  #closed = false;
  #running = false;

  constructor(prefix: string, sink: WatchSink, ports: WatchPorts) {
    this.#prefix = prefix;
    this.#sink = sink;
    this.#ports = ports;
    this.#perform(start);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#inputs.length = 0;
    this.#listing?.abort(new Error('the watch is closed'));
    this.#subscription?.close();
    this.#timer?.cancel();
  }

  /** Inputs that arrive while one is at work, for instance from within the sink, wait for their turn. */
  #input(input: WatchInput): void {
    if (this.#closed) return;
    this.#inputs.push(input);
    if (this.#running) return;
    this.#running = true;
    for (let each = this.#inputs.shift(); each !== undefined; each = this.#inputs.shift()) {
      this.#perform(next(this.#state, each));
    }
    this.#running = false;
  }

  #perform({ state, effects }: Reaction): void {
    this.#state = state;
    for (const effect of effects) if (!this.#closed) this.#run(effect);
  }

  #run(effect: WatchEffect): void {
    switch (effect.kind) {
      case 'tell':
        return this.#tell(effect.update);
      case 'list':
        return void this.#list();
      case 'open':
        return this.#open(effect.from);
      case 'drop':
        return this.#subscription?.close();
      case 'wake':
        this.#timer?.cancel();
        this.#timer = this.#ports.clock.after(
          delay(effect.why, effect.failures, this.#ports.fraction()),
          () => this.#input({ kind: 'timer' }),
        );
    }
  }

  #tell(update: WatchUpdate): void {
    try {
      this.#sink(update);
    } catch (error) {
      this.#ports.logger.error('watch sink threw', { prefix: this.#prefix, error: String(error) });
    }
  }

  async #list(): Promise<void> {
    this.#listing?.abort(new Error('listed anew'));
    const controller = new AbortController();
    this.#listing = controller;
    const { signal } = controller;
    const { gate } = this.#ports;
    let input: WatchInput;
    await gate.pass(signal);
    try {
      input = { kind: 'listed', truth: await list(this.#ports, this.#prefix, { signal }) };
      gate.open();
    } catch (error) {
      if (!signal.aborted && hasCode(error, 'STORE_UNAVAILABLE')) gate.shut();
      input = { kind: 'list-failed', error: error instanceof Error ? error : new Error(String(error)) };
    }
    if (!signal.aborted) this.#input(input);
  }

  #open(from: number): void {
    this.#subscription?.close();
    this.#subscription = this.#ports.streams.open(this.#ports.space.range(this.#prefix), from, {
      opened: () => this.#input({ kind: 'opened' }),
      events: (events) => this.#input({ kind: 'events', events }),
      compacted: () => this.#input({ kind: 'compacted' }),
      broken: (error) => this.#input({ kind: 'broken', error }),
    });
  }
}
