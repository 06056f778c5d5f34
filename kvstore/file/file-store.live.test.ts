import { DatabaseSync } from 'node:sqlite';
import { storeContract } from '../contract.ts';
import type { StoreUnderTest } from '../contract-subject.ts';
import { StoreFile } from './testing/store-file.ts';

/** Clients of one file. */
async function setup(): Promise<StoreUnderTest> {
  const file = new StoreFile();
  const { path } = file;
  return {
    store: await file.open(),
    another: () => file.open(),
    expireLeases: async () => {
      const db = new DatabaseSync(path, { timeout: 5000 });
      db.exec('UPDATE leases SET expires = 0');
      db.close();
    },
    dispose: () => file[Symbol.asyncDispose](),
  };
}

storeContract('a file', setup);
