import { closeSync, futimesSync, openSync, watch, type FSWatcher } from 'node:fs';
import type { Logger } from '../../model/logger.ts';
import { fileError } from './errors.ts';

/**
 * A file beside the database that is touched after each commit. A watch on the database itself would fire before the commit is
 * visible. Whoever misses a ring finds out by polling, so that trouble with the bell is logged and no more.
 */
export class Bell {
  readonly #logger: Logger;
  readonly #fd: number;
  readonly #watcher: FSWatcher | undefined;

  /** Calls back at each ring, by any process. */
  constructor(path: string, logger: Logger, onRing: () => void) {
    this.#logger = logger;
    try {
      this.#fd = openSync(path, 'a', 0o600);
    } catch (error) {
      throw fileError(`open ${path}`, error);
    }
    try {
      this.#watcher = watch(path, { persistent: false }, onRing);
      this.#watcher.on('error', (error) => {
        this.#deaf(path, error);
      });
    } catch (error) {
      this.#deaf(path, error);
    }
  }

  ring(): void {
    try {
      const now = Date.now() / 1000;
      futimesSync(this.#fd, now, now);
    } catch (error) {
      this.#logger.warn('cannot ring the bell of the store', { error: (error as Error).message });
    }
  }

  close(): void {
    this.#watcher?.close();
    closeSync(this.#fd);
  }

  #deaf(path: string, error: unknown): void {
    this.#logger.warn('cannot hear the bell of the store; polling alone', {
      path,
      error: (error as Error).message,
    });
  }
}
