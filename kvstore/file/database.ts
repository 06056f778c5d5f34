import { accessSync, closeSync, constants, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../model/errors.ts';
import { fileError, isBusy } from './errors.ts';
import { demandOwn, migrate } from './schema.ts';

/** How long a call waits for other processes to finish their transactions. */
const patience = 5000;
/**
 * The same after one has waited in vain, until one has not: whoever holds the lock does not let go, and all else that this
 * process has to do stands still while it waits.
 */
const shortPatience = 50;
/** Milliseconds between two tries where SQLite itself does not wait. */
const pause = 2;

/** One open database file, with the schema of today. */
export class Database {
  readonly path: string;
  readonly sql: DatabaseSync;
  readonly #inode: string;
  #waits = patience;

  /**
   * Creates the file when it is missing, and its directory.
   *
   * @throws STORE_DENIED, STORE_UNAVAILABLE, or INPUT_INVALID when there is something that is no store of ours.
   */
  constructor(path: string) {
    this.path = path;
    const wish = `open the store ${path}`;
    let sql: DatabaseSync | undefined;
    try {
      createFile(path);
      sql = new DatabaseSync(path, { timeout: patience });
      this.sql = sql;
      const inode = inodeOf(path);
      if (inode === undefined) throw gone(path);
      this.#inode = inode;
      this.read(wish, () => demandOwn(this.sql, path));
      configure(sql, path);
      this.write(wish, () => migrate(this.sql, path));
    } catch (error) {
      sql?.close();
      throw fileError(wish, error);
    }
  }

  /**
   * Is the file that the path names the one we have open?
   *
   * @throws STORE_UNAVAILABLE when the path names nothing any more.
   */
  get isCurrent(): boolean {
    const inode = inodeOf(this.path);
    if (inode === undefined) throw gone(this.path);
    return inode === this.#inode;
  }

  /** Of the program that reads and writes the file, such as `SQLite 3.50.4`. */
  get version(): string {
    return `SQLite ${String(this.sql.prepare('SELECT sqlite_version() AS version').get()?.['version'])}`;
  }

  /** Runs reads that all see one state. */
  read<T>(wish: string, work: () => T): T {
    return this.#transaction('BEGIN', wish, work);
  }

  /** Runs reads and writes that take effect together, or not at all when `work` throws. */
  write<T>(wish: string, work: () => T): T {
    try {
      const result = this.#transaction('BEGIN IMMEDIATE', wish, work);
      this.#wait(patience);
      return result;
    } catch (error) {
      if (error instanceof WeftError && isBusy(error.cause ?? {})) this.#wait(shortPatience);
      throw error;
    }
  }

  close(): void {
    this.sql.close();
  }

  #transaction<T>(begin: string, wish: string, work: () => T): T {
    let phase: 'commit' | 'other' = 'other';
    try {
      this.sql.exec(begin);
      const result = work();
      phase = 'commit';
      this.sql.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.sql.isTransaction) this.#rollBack();
      throw fileError(wish, error, phase);
    }
  }

  #wait(ms: number): void {
    if (this.#waits === ms) return;
    this.#waits = ms;
    this.sql.exec(`PRAGMA busy_timeout = ${ms}`);
  }

  /** A transaction that SQLite has rolled back by itself meanwhile is over as well. */
  #rollBack(): void {
    try {
      this.sql.exec('ROLLBACK');
    } catch (error) {
      if (this.sql.isTransaction) throw error;
    }
  }
}

/**
 * The file and the missing part of its directory, for the owner alone; SQLite gives its other files the same mode. An existing
 * file is not opened here: closing it would drop the locks that this process holds on it.
 */
function createFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
  if (!statSync(path).isFile()) throw new WeftError('INPUT_INVALID', `${path} is not a regular file`);
  // SQLite would say that it cannot open the file, and not why.
  accessSync(path, constants.R_OK | constants.W_OK);
}

/** What was committed survives a power cut; readers do not wait for writers. */
function configure(sql: DatabaseSync, path: string): void {
  const mode = waitWhileBusy(() => sql.prepare('PRAGMA journal_mode = WAL').get()?.['journal_mode']);
  if (mode !== 'wal') {
    throw new WeftError(
      'INPUT_INVALID',
      `${path} lies on a file system that several processes cannot share: SQLite answers ${String(mode)} to journal_mode = WAL`,
    );
  }
  sql.exec('PRAGMA synchronous = FULL');
}

/**
 * SQLite does not wait for the lock that a change of the journal mode needs (two that wait for each other would never end), so
 * that two processes which make a store at one moment would be refused. This waits as long as any other call does.
 */
function waitWhileBusy<T>(call: () => T): T {
  const end = performance.now() + patience;
  for (;;) {
    try {
      return call();
    } catch (error) {
      if (!isBusy(error) || performance.now() > end) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, pause);
    }
  }
}

function inodeOf(path: string): string | undefined {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

const gone = (path: string): WeftError =>
  new WeftError(
    'STORE_UNAVAILABLE',
    `the store ${path} is gone: the file was removed or renamed; put it back, or restart to begin with an empty one`,
    { details: { path } },
  );
