import { renameSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { storeContract, storeFaultContract } from '../contract.ts';
import type { FaultyStoreUnderTest } from '../contract-subject.ts';
import { StoreFile } from './testing/store-file.ts';

/** Clients of one file; away means renamed. */
async function setup(): Promise<FaultyStoreUnderTest> {
  const file = new StoreFile();
  const { path } = file;
  const later = async (act: () => void): Promise<void> => {
    await Promise.resolve();
    act();
  };
  return {
    store: await file.open(),
    another: () => file.open(),
    expireLeases: () =>
      later(() => {
        const db = new DatabaseSync(path, { timeout: 5000 });
        db.exec('UPDATE leases SET expires = 0');
        db.close();
      }),
    goAway: () => later(() => renameSync(path, `${path}.away`)),
    comeBack: () => later(() => renameSync(`${path}.away`, path)),
    dispose: () => file[Symbol.asyncDispose](),
  };
}

storeContract('a file', setup);
storeFaultContract('a file', setup);
