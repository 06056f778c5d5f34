import { setTimeout as pause } from 'node:timers/promises';
import type { Revision } from '../../../kvstore/store.ts';
import type { BackEnd } from './back-ends.ts';
import { endpointIdOf } from './cast.ts';
import { sharedClock, startProcess, type LineProcess } from './line-process.ts';
import type { Sight } from './watcher-process.ts';
import { nameOf, openWriter, type Way, type Writer } from './ways.ts';

/** One put: milliseconds from the call to its answer, and until the watcher has seen it. */
export interface Put {
  readonly answered: number;
  readonly seen: number;
}

/** In the store, and perhaps not yet seen. */
interface Answered {
  readonly id: string;
  /** By the shared clock. */
  readonly begin: number;
  readonly answered: number;
}

/** Milliseconds of rest that a store has between two puts: more than a watch of Consul pauses. */
const rest = 60;
/** Puts per second under load, and milliseconds of one round. */
export const load = { rate: 100, during: 1000 } as const;

/** A writer in this process, and a watcher in another one. */
export class Line implements AsyncDisposable {
  readonly name: string;
  readonly #writer: Writer;
  readonly #watcher: LineProcess;
  readonly #state: Revision;
  /** When each was seen. */
  readonly #sights = new Map<string, number>();
  #next = 0;
  #last = 0;

  private constructor(name: string, writer: Writer, watcher: LineProcess, state: Revision) {
    this.name = name;
    this.#writer = writer;
    this.#watcher = watcher;
    this.#state = state;
  }

  static async open({ name, url }: BackEnd, way: Way): Promise<Line> {
    const place = url(`seen-${way}`);
    const writer = await openWriter(way, place);
    const state = await writer.declare();
    const watcher = startProcess('watcher-process.ts', way, place);
    const line = new Line(nameOf(name, way), writer, watcher, state);
    try {
      await watcher.next();
      return line;
    } catch (error) {
      await line[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** How many it has written. */
  get written(): number {
    return this.#next;
  }

  /** Once the store has rested. */
  async atRest(): Promise<Put> {
    await pause(Math.max(0, this.#last + rest - sharedClock()));
    const put = await this.#put(sharedClock());
    const seen = await this.#seen(put);
    this.#last = sharedClock();
    return seen;
  }

  /** At a steady rate, whatever becomes of those before; each is counted from when it was due. */
  async underLoad(): Promise<readonly Put[]> {
    const begin = sharedClock();
    const puts = Array.from({ length: (load.rate * load.during) / 1000 }, async (_, i) => {
      const due = begin + (i * 1000) / load.rate;
      await pause(Math.max(0, due - sharedClock()));
      return await this.#put(due);
    });
    const seen: Put[] = [];
    for (const put of await Promise.all(puts)) seen.push(await this.#seen(put));
    return seen;
  }

  async #put(begin: number): Promise<Answered> {
    const n = this.#next;
    this.#next += 1;
    await this.#writer.attach(n, this.#state);
    return { id: endpointIdOf(n), begin, answered: sharedClock() - begin };
  }

  async #seen({ id, begin, answered }: Answered): Promise<Put> {
    let at = this.#sights.get(id);
    while (at === undefined) {
      const sight = await this.#watcher.next<Sight>();
      for (const each of sight.ids) this.#sights.set(each, sight.at);
      at = this.#sights.get(id);
    }
    return { answered, seen: at - begin };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#watcher[Symbol.asyncDispose]();
    await this.#writer.close();
  }
}
