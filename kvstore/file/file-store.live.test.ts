import { mkdtempSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { systemClock } from '../../agent/clock.ts';
import { silentLogger } from '../../model/logger.ts';
import { storeContract, storeFaultContract } from '../contract.ts';
import type { FaultyStoreUnderTest } from '../contract-subject.ts';
import { openFileStore } from './store.ts';

const ports = { clock: systemClock, logger: silentLogger, fraction: () => 0.5 };

/** A store file in a directory of its own; away means renamed. */
async function setup(): Promise<FaultyStoreUnderTest> {
  const directory = mkdtempSync(join(tmpdir(), 'weft-file-store-'));
  const path = join(directory, 'store.db');
  const open = () => openFileStore({ path, prefix: 'weft/v1/' }, ports);
  const store = await open();
  const clients = [store];
  const later = async (act: () => void): Promise<void> => {
    await Promise.resolve();
    act();
  };
  return {
    store,
    another: async () => {
      const client = await open();
      clients.push(client);
      return client;
    },
    expireLeases: () =>
      later(() => {
        const db = new DatabaseSync(path, { timeout: 5000 });
        db.exec('UPDATE leases SET expires = 0');
        db.close();
      }),
    goAway: () => later(() => renameSync(path, `${path}.away`)),
    comeBack: () => later(() => renameSync(`${path}.away`, path)),
    dispose: async () => {
      for (const client of clients) await client.close();
      rmSync(directory, { recursive: true });
    },
  };
}

storeContract('a file', setup);
storeFaultContract('a file', setup);
