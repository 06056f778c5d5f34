import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../agent/clock.ts';
import type { Clock } from '../../../model/clock.ts';
import { silentLogger, type Logger } from '../../../model/logger.ts';
import { defaultPrefix } from '../../keys.ts';
import type { Store } from '../../store.ts';
import { openFileStore } from '../store.ts';

/** A directory of a test's own for one store file, with the clients that it opens. */
export class StoreFile implements AsyncDisposable {
  readonly directory = mkdtempSync(join(tmpdir(), 'weft-file-store-'));
  readonly path = join(this.directory, 'store.db');
  readonly #clients: Store[] = [];

  async open(
    clock: Clock = systemClock,
    prefix: string = defaultPrefix,
    logger: Logger = silentLogger,
  ): Promise<Store> {
    const ports = { clock, logger, fraction: () => 0.5 };
    const client = await openFileStore({ path: this.path, prefix }, ports);
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    rmSync(this.directory, { recursive: true });
  }
}
