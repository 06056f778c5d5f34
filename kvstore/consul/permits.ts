import { WeftError } from '../../model/errors.ts';
import type { CallOptions } from '../store.ts';
import type { Calls } from './calls.ts';
import type { Permit } from './channel.ts';
import type { KeySpace } from './key-space.ts';

/** Somebody who relies on reading everything below some prefixes for as long as he is registered. */
export interface Reader {
  readonly prefixes: readonly string[];
  /** Hears when permission for one of them is gone, and when all are permitted again. */
  permitted(refusal: Error | undefined): void;
}

/** Prefixes that fit into one question. */
const atOnce = 32;

/**
 * Whether this client may read below a prefix. What a token may not read Consul leaves out of a listing without a word, so
 * it has to be asked; and a prefix whose permission was taken looks as if it were empty.
 */
export class Permits {
  readonly #calls: Calls;
  readonly #space: KeySpace;
  /** With those that may not be read at present. */
  readonly #readers = new Map<Reader, Error | undefined>();

  constructor(calls: Calls, space: KeySpace) {
    this.#calls = calls;
    this.#space = space;
  }

  /** Is somebody waiting for a permission? */
  get isAwaited(): boolean {
    return [...this.#readers.values()].some((refusal) => refusal !== undefined);
  }

  register(reader: Reader): void {
    this.#readers.set(reader, undefined);
  }

  forget(reader: Reader): void {
    this.#readers.delete(reader);
  }

  /** @throws STORE_DENIED when one of these prefixes may not be read. */
  async demand(prefixes: readonly string[], options?: CallOptions): Promise<void> {
    const [refused] = await this.#refused(prefixes, options);
    if (refused !== undefined) throw refusalOf(this.#space.absolute(refused));
  }

  /** Asks for all readers, and tells those for whom the answer has changed. */
  async review(options?: CallOptions): Promise<void> {
    const prefixes = new Set([...this.#readers.keys()].flatMap((reader) => reader.prefixes));
    const refused = await this.#refused([...prefixes], options);
    for (const [reader, before] of [...this.#readers]) {
      const prefix = reader.prefixes.find((each) => refused.has(each));
      if ((prefix === undefined) === (before === undefined)) continue;
      const refusal = prefix === undefined ? undefined : refusalOf(this.#space.absolute(prefix));
      this.#readers.set(reader, refusal);
      reader.permitted(refusal);
    }
  }

  async #refused(prefixes: readonly string[], options?: CallOptions): Promise<ReadonlySet<string>> {
    const refused = new Set<string>();
    for (let n = 0; n < prefixes.length; n += atOnce) {
      const some = prefixes.slice(n, n + atOnce);
      const names = some.map((prefix) => this.#space.absolute(prefix));
      const wish = `ask what may be read below ${names.join(', ')}`;
      const permits = await this.#calls.repeatable(wish, (c, l) => c.permits(names, l), options);
      some.forEach((prefix, at) => permits[at] === 'none' && refused.add(prefix));
    }
    return refused;
  }
}

const refusalOf = (prefix: string): WeftError =>
  new WeftError('STORE_DENIED', `cannot read ${prefix}: Consul answers: the token may not read there`, {
    details: { prefix },
  });

/** For people: what a permit means that says less than everything. */
export const remarkOf = (permit: Permit, prefix: string): string | undefined => {
  switch (permit) {
    case 'all':
      return undefined;
    case 'perhaps':
      return `the token may not write everything below ${prefix}; keys there that it may not read, if any, Consul leaves out without a word`;
    case 'none':
      return `the token may not read below ${prefix}`;
  }
};
