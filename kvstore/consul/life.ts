import { randomUUID } from 'node:crypto';
import type { CallOptions, Revision } from '../store.ts';
import type { Calls } from './calls.ts';
import type { KvItem } from './kv.ts';
import type { KeySpace } from './key-space.ts';

/**
 * Which life of which store this is, and how far it has come. Consul has no word for it, so the first client writes one into a key of our own,
 * which is gone when the data is gone. Whoever may read that key may read, so a listing in which keys are missing is
 * believed only after it: to a client without permission Consul shows an empty store.
 */
export class Life {
  readonly #calls: Calls;
  readonly #space: KeySpace;
  #known: string | undefined;
  #floor: Revision = 0;
  #hasCaughtUp = false;

  constructor(calls: Calls, space: KeySpace) {
    this.#calls = calls;
    this.#space = space;
  }

  /** As it was last read. */
  get known(): string | undefined {
    return this.#known;
  }

  /** Reads who the store is, and tells it who it is when nobody has. @throws STORE_DENIED without permission. */
  async identity(options?: CallOptions): Promise<string> {
    const identity = (await this.#read(options)) ?? (await this.#begin(options));
    if (identity !== this.#known) this.wentBack(0);
    this.#known = identity;
    return identity;
  }

  /**
   * A revision that the store has surely reached, and no earlier client has told a later one: of what did not change for long, Consul
   * itself tells an older one. To be asked before a first reading; once in a life it takes a look.
   */
  async startingFloor(options?: CallOptions): Promise<Revision> {
    if (!this.#hasCaughtUp) {
      await this.identity(options);
      this.reached(await this.lastRevision(options));
      this.#hasCaughtUp = true;
    }
    return this.#floor;
  }

  /** Reads who the store is and how far it has come. Is it another one than before, or was it put back? */
  async look(options?: CallOptions): Promise<boolean> {
    const { known, floor } = this;
    const isSame = (await this.identity(options)) === known;
    const last = await this.lastRevision(options);
    if (!isSame) return known !== undefined;
    if (last >= floor) return false;
    this.wentBack(last);
    return true;
  }

  /** A revision that the store has surely reached: what is read from now on is at least as new. */
  get floor(): Revision {
    return this.#floor;
  }

  /** The store has reached this revision. Returns the highest one that it has. */
  reached(revision: Revision): Revision {
    this.#floor = Math.max(this.#floor, revision);
    return this.#floor;
  }

  /** The store was put back to this revision. */
  wentBack(revision: Revision): void {
    this.#floor = revision;
    this.#hasCaughtUp = false;
  }

  /** Revision of the last change anywhere in the store. It goes back only when the store is put back. */
  async lastRevision(options?: CallOptions): Promise<Revision> {
    const { never } = this.#space;
    return await this.#calls.repeatable('learn the last index', (c, l) => c.lastIndex(never, l), options);
  }

  async #read(options?: CallOptions): Promise<string | undefined> {
    const { identity } = this.#space;
    const item = await this.#calls.repeatable(`read ${identity}`, (c, l) => c.get(identity, l), options);
    return item === undefined ? undefined : wordIn(item);
  }

  async #begin(options?: CallOptions): Promise<string> {
    const Key = this.#space.identity;
    const Value = Buffer.from(randomUUID()).toString('base64');
    const ops = [{ Verb: 'check-not-exists', Key } as const, { Verb: 'set', Key, Value } as const];
    // Sent twice it is refused the second time, which is as good: the word is there.
    await this.#calls.repeatable(`write ${Key}`, (c, l) => c.txn(ops, l), options);
    return (await this.#read(options)) ?? (await this.#begin(options));
  }
}

/** What the key of the store's identity says. */
export const wordIn = ({ Value, CreateIndex }: KvItem): string => `${String(Value)}@${CreateIndex}`;
