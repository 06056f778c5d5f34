import { closeSync, futimesSync, openSync, watch, type FSWatcher } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import type { Txn } from '../../../../ipam/claims.ts';
import { refused, type RawStore } from './raw-store.ts';

const table = `CREATE TABLE IF NOT EXISTS entries (
  key TEXT PRIMARY KEY, value BLOB NOT NULL, revision INTEGER NOT NULL, created INTEGER NOT NULL, lease INTEGER
) STRICT; CREATE INDEX IF NOT EXISTS entries_by_revision ON entries (revision)`;

interface Row {
  readonly key: string;
  readonly revision: number;
}

/** SQLite by SQL, and a file beside it that is touched after each commit, since SQLite tells nobody. */
export class RawFile implements RawStore {
  readonly #sql: DatabaseSync;
  readonly #prefix: string;
  readonly #path: string;
  readonly #bell: number;
  readonly #last: StatementSync;
  readonly #get: StatementSync;
  readonly #put: StatementSync;
  #watcher: FSWatcher | undefined;

  constructor(path: string, prefix: string) {
    this.#path = `${path}.bell`;
    this.#prefix = prefix;
    this.#sql = new DatabaseSync(path, { timeout: 5000 });
    this.#sql.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; ${table}`);
    this.#bell = openSync(this.#path, 'a');
    this.#last = this.#sql.prepare('SELECT coalesce(max(revision), 0) AS revision FROM entries');
    this.#get = this.#sql.prepare('SELECT revision FROM entries WHERE key = ?');
    this.#put = this.#sql.prepare('INSERT OR REPLACE INTO entries VALUES (?1, ?2, ?3, ?3, NULL)');
  }

  async txn({ conditions, ops }: Txn): Promise<number> {
    this.#sql.exec('BEGIN IMMEDIATE');
    for (const condition of conditions) {
      const found = this.#get.get(this.#prefix + condition.key) as Row | undefined;
      const wanted = condition.kind === 'absent' ? undefined : condition.revision;
      if (found?.revision !== wanted) throw refused();
    }
    const revision = this.#revision + 1;
    for (const op of ops) if (op.kind === 'put') this.#put.run(this.#prefix + op.key, op.value, revision);
    this.#sql.exec('COMMIT');
    const now = Date.now() / 1000;
    futimesSync(this.#bell, now, now);
    return revision;
  }

  async list(prefix: string): Promise<number> {
    const sql = 'SELECT key, value, revision, created FROM entries WHERE key >= ? AND key < ? ORDER BY key';
    return this.#sql.prepare(sql).all(...this.#range(prefix)).length;
  }

  async watch(prefix: string, written: (keys: readonly string[]) => void): Promise<void> {
    const since = this.#sql.prepare(
      'SELECT key, revision FROM entries WHERE revision > ? AND +key >= ? AND +key < ?',
    );
    let last = this.#revision;
    this.#watcher = watch(this.#path, () => {
      const rows = since.all(last, ...this.#range(prefix)) as unknown as Row[];
      if (rows.length === 0) return;
      last = Math.max(...rows.map(({ revision }) => revision));
      written(rows.map(({ key }) => key.slice(this.#prefix.length)));
    });
  }

  close(): void {
    this.#watcher?.close();
    closeSync(this.#bell);
    this.#sql.close();
  }

  get #revision(): number {
    return (this.#last.get() as unknown as Row).revision;
  }

  #range(prefix: string): [string, string] {
    return [this.#prefix + prefix, `${this.#prefix}${prefix}\x7f`];
  }
}
