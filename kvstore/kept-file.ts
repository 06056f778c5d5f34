import { readFile, stat } from 'node:fs/promises';
import { WeftError } from '../model/errors.ts';
import type { Logger } from '../model/logger.ts';

export interface KeptFileWish<T> {
  /** What the files hold, for people: `client certificate`. */
  readonly what: string;
  /** Read together: two that belong together are taken over together. */
  readonly paths: readonly string[];
  /** Those that nobody else should read. */
  readonly secret: readonly string[];
  /** @throws Error that says what is wrong; its text must not repeat the contents. */
  parse(texts: readonly string[]): T;
}

/**
 * What some files hold, read again when one of them has changed. Missing, half-written or wrong files leave the last good
 * value in force; that is told once for each kind of trouble.
 */
export class KeptFile<T> {
  readonly #wish: KeptFileWish<T>;
  readonly #logger: Logger;
  #good: { readonly value: T; readonly mark: string } | undefined;
  #trouble: string | undefined;
  /** Which state of the files was warned of. */
  #warned: string | undefined;

  constructor(wish: KeptFileWish<T>, logger: Logger) {
    this.#wish = wish;
    this.#logger = logger;
  }

  /** @throws INPUT_INVALID when there never was a good value. */
  async read(): Promise<T> {
    const { what, paths } = this.#wish;
    try {
      const mark = await this.#look();
      if (this.#good?.mark !== mark) {
        const value = this.#wish.parse(await Promise.all(paths.map((path) => readFile(path, 'utf8'))));
        if (this.#good !== undefined) this.#logger.info('new credentials are in use', { what, files: paths });
        this.#good = { value, mark };
      }
      this.#trouble = undefined;
      return this.#good.value;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      return this.#keep(why);
    }
  }

  #keep(why: string): T {
    const { what, paths } = this.#wish;
    if (this.#good === undefined) {
      throw new WeftError('INPUT_INVALID', `cannot use ${paths.join(' with ')} as ${what}: ${why}`, {
        details: { files: paths },
      });
    }
    if (this.#trouble !== why) {
      this.#logger.warn('credentials cannot be read; the last good ones stay in use', {
        what,
        files: paths,
        why,
      });
    }
    this.#trouble = why;
    return this.#good.value;
  }

  /** Changes when a file does: written in place, or replaced by another one. */
  async #look(): Promise<string> {
    const { paths, secret } = this.#wish;
    const stats = await Promise.all(
      paths.map(async (path) => ({ path, ...(await stat(path, { bigint: true })) })),
    );
    const mark = stats.map(({ ino, size, mtimeNs, mode }) => [ino, size, mtimeNs, mode].join(':')).join();
    for (const { path, mode } of this.#warned === mark ? [] : stats) {
      if (!secret.includes(path) || (mode & 0o077n) === 0n) continue;
      const octal = (mode & 0o777n).toString(8).padStart(4, '0');
      this.#logger.warn('a secret file is open to other users; 0600 is enough', { file: path, mode: octal });
    }
    this.#warned = mark;
    return mark;
  }
}
