import type { Txn } from '../../../../ipam/claims.ts';

/** A store by its official API and nothing else: what it takes by itself, whatever stands upon it. */
export interface RawStore {
  /** Revision of the write. @throws when it was refused. */
  txn(txn: Txn): Promise<number>;
  /** Reads all keys that start with `prefix` and their values; returns how many there are. */
  list(prefix: string): Promise<number>;
  /** Calls back with the keys below `prefix` that were written; resolves once it watches. */
  watch(prefix: string, written: (keys: readonly string[]) => void): Promise<void>;
  close(): void;
}

export const refused = (): Error => new Error('a transaction was refused that nothing stands against');
