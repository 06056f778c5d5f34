import { sleep } from '../../model/clock.ts';
import { asWeftError, hasCode } from '../../model/errors.ts';
import { retryDelay } from '../backoff.ts';
import type { LevelWatch } from '../level-watch.ts';
import type { StorePorts } from '../ports.ts';
import type { Calls } from './calls.ts';
import type { Contact } from './contact.ts';
import type { KeySpace } from './key-space.ts';
import { differenceOf, Level, type Proof, type Reading, type Told } from './level.ts';
import type { Life } from './life.ts';
import { demandGone } from './gone.ts';
import type { Permits, Reader } from './permits.ts';

export interface SharePorts extends StorePorts {
  readonly calls: Calls;
  readonly space: KeySpace;
  readonly life: Life;
  readonly contact: Contact;
  readonly permits: Permits;
}

/** Milliseconds that the server lets a question wait for a change. It adds up to a sixteenth, and we what an answer takes. */
const wait = 60_000;
const waitAtMost = wait * (1 + 1 / 16) + 5000;

/**
 * Each answer has the whole prefix: after it comes a pause of at least this, and of ten times what it took. A server wakes
 * whoever asks for an empty prefix at every write anywhere; answers in vain make the pause longer, up to 16 times.
 */
const leastPause = 20;
const pauseFactor = 10;
const mostDoublings = 4;

/** One question to the server that stays open until something under its prefix changes, for all watches of that prefix. */
export class Share implements Reader {
  readonly prefix: string;
  readonly #ports: SharePorts;
  readonly #watches = new Set<LevelWatch>();
  readonly #closing = new AbortController();
  /** Aborts when the reading under way has to begin anew. */
  #round = new AbortController();
  #told: Told | undefined;
  /** Of the last answer; 0 asks without waiting. */
  #index = 0;
  /** Answers in a row that brought nothing new. */
  #inVain = 0;
  #isStale = false;
  /** Is there a watch whose first snapshot has nothing before it to be compared with? */
  #hasNewcomer = true;
  /** Why something of it may not be read; undefined while all may. */
  #refusal: Error | undefined;

  constructor(prefix: string, ports: SharePorts) {
    this.prefix = prefix;
    this.#ports = ports;
    ports.contact.listen(this.#renew);
    ports.permits.register(this);
    void this.#run();
  }

  get size(): number {
    return this.#watches.size;
  }

  /** What is asked for, and what the watches of it have asked for. */
  get prefixes(): readonly string[] {
    return [...new Set([this.prefix, ...[...this.#watches].map(({ prefix }) => prefix)])];
  }

  permitted(refusal: Error | undefined): void {
    this.#refusal = refusal;
    this.#renew();
  }

  /** Its first snapshot is read after this call. */
  add(watch: LevelWatch): void {
    this.#watches.add(watch);
    this.#hasNewcomer = true;
    this.#renew();
  }

  remove(watch: LevelWatch): void {
    this.#watches.delete(watch);
  }

  close(): void {
    this.#ports.contact.forget(this.#renew);
    this.#ports.permits.forget(this);
    this.#watches.clear();
    this.#closing.abort(new Error('no watch is left'));
    this.#round.abort(this.#closing.signal.reason);
  }

  readonly #renew = (): void => {
    this.#index = 0;
    this.#round.abort(new Error('read anew'));
  };

  async #run(): Promise<void> {
    const { clock, contact } = this.#ports;
    const closing = this.#closing.signal;
    let failures = 0;
    // Nobody is told anything before his call of `watch` has returned.
    await Promise.resolve();
    while (!closing.aborted) {
      this.#round = new AbortController();
      const { signal } = this.#round;
      let pause: number;
      try {
        const trouble = contact.away ?? this.#refusal;
        if (trouble !== undefined) await this.#waitAway(trouble, signal);
        const took = await this.#once(signal);
        const least = leastPause * 2 ** Math.min(this.#inVain, mostDoublings);
        pause = Math.max(least, pauseFactor * took);
        failures = 0;
      } catch (error) {
        if (signal.aborted) continue;
        failures += 1;
        this.#index = 0;
        await contact.check();
        // The store is there, but not for this question.
        const isRefused = failures > 1 || hasCode(error, 'STORE_DENIED');
        if (contact.away === undefined && isRefused) this.#goStale(asWeftError(error));
        pause = retryDelay(failures, this.#ports.fraction());
      }
      await sleep(clock, pause, closing).catch(() => undefined);
    }
  }

  /** Ends when something has changed, by abortion. */
  async #waitAway(cause: Error, signal: AbortSignal): Promise<never> {
    for (const watch of this.#watches) watch.stale(cause);
    return await new Promise((_, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
      if (signal.aborted) reject(signal.reason as Error);
    });
  }

  #goStale(cause: Error): void {
    const { logger } = this.#ports;
    if (!this.#isStale) logger.warn('watch lost contact', { prefix: this.prefix, cause: cause.message });
    this.#isStale = true;
    for (const watch of this.#watches) watch.stale(cause);
  }

  /** Reads, tells what is new, and returns how long the answer took. */
  async #once(signal: AbortSignal): Promise<number> {
    const { permits } = this.#ports;
    const unproven = this.#hasNewcomer ? this.prefixes : [];
    if (unproven.length > 0) await permits.demand(unproven, { signal });
    const { took, ...reading } = await this.#read(signal);
    const level = await this.#judge(reading, signal);
    // Before and after: what lies between was permitted.
    if (unproven.length > 0) await permits.demand(unproven, { signal });
    signal.throwIfAborted();
    this.#hasNewcomer = false;
    const before = this.#told;
    const { told } = level;
    this.#told = told;
    this.#index = reading.index;
    this.#inVain = level.isNews ? 0 : this.#inVain + 1;
    this.#isStale = false;
    const { life } = this.#ports;
    const { identity, revision } = told;
    if (before?.identity === identity && revision < before.revision) life.wentBack(revision);
    else life.reached(reading.index);
    for (const watch of [...this.#watches]) {
      const update = watch.next(level);
      if (update !== undefined) watch.deliver(update);
    }
    return took;
  }

  async #read(signal: AbortSignal): Promise<Reading & { readonly took: number }> {
    const { calls, space, life } = this.#ports;
    const prefix = space.absolute(this.prefix);
    const wish = `watch ${prefix}`;
    const floor = this.#told === undefined ? await life.startingFloor({ signal }) : life.floor;
    const index = this.#index;
    const answer =
      index === 0
        ? await calls.repeatable(wish, (c, l) => c.list(prefix, l), { signal })
        : await calls.single(wish, (c, l) => c.list(prefix, l, { index, wait }), waitAtMost, { signal });
    return { index: answer.index, floor, entries: space.entries(answer.items), took: answer.took };
  }

  async #judge(reading: Reading, signal: AbortSignal): Promise<Level> {
    const { life } = this.#ports;
    const told = this.#told;
    if (told === undefined) {
      const { known } = life;
      const identity = await life.identity({ signal });
      // The floor is of the store that was there before the reading.
      return Level.first(identity, identity === known ? reading : { ...reading, floor: 0 });
    }
    const difference = differenceOf(told, reading);
    const isSure = !difference.doubtful && life.known === told.identity;
    if (isSure) return Level.next(told, reading, difference);
    const gone = difference.changes.flatMap((change) => (change.kind === 'delete' ? [change.key] : []));
    const [proof] = await Promise.all([this.#prove(signal), demandGone(this.#ports, gone, { signal })]);
    return Level.next(told, reading, difference, proof);
  }

  async #prove(signal: AbortSignal): Promise<Proof> {
    const { life } = this.#ports;
    const [identity, last] = await Promise.all([life.identity({ signal }), life.lastRevision({ signal })]);
    return { identity, last };
  }
}
