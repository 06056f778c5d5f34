import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { LevelSource } from '../level-watch.ts';
import type { Change, Condition, Entry, Listing, Revision } from '../store.ts';

/** How many deletions are remembered for watches that are behind. */
const keptDeletions = 10_000;
/** Looking for too many happens once in so many revisions. */
const compactEvery = 256;

interface Row {
  readonly key: string;
  readonly value: Uint8Array;
  readonly revision: number;
  readonly created: number;
}

/** The keys of one database below one prefix, and the revision of all. To be called within a transaction of the database. */
export class Entries implements LevelSource {
  readonly identity: string;
  readonly #prefix: string;
  readonly #revision: StatementSync;
  readonly #advance: StatementSync;
  readonly #get: StatementSync;
  readonly #list: StatementSync;
  readonly #putsSince: StatementSync;
  readonly #deletionsSince: StatementSync;
  readonly #put: StatementSync;
  readonly #delete: StatementSync;
  readonly #remember: StatementSync;
  readonly #forget: StatementSync;
  readonly #sql: DatabaseSync;

  constructor(sql: DatabaseSync, prefix: string) {
    this.#sql = sql;
    this.#prefix = prefix;
    this.identity = sql.prepare('SELECT identity FROM store').get()?.['identity'] as string;
    this.#revision = sql.prepare('SELECT revision, compacted FROM store');
    this.#advance = sql.prepare('UPDATE store SET revision = revision + 1 RETURNING revision');
    this.#get = sql.prepare('SELECT key, value, revision, created FROM entries WHERE key = ?');
    this.#list = sql.prepare(
      'SELECT key, value, revision, created FROM entries WHERE key >= ? AND key < ? ORDER BY key',
    );
    // The unary plus keeps SQLite from walking the whole prefix: what is new is found by revision.
    this.#putsSince = sql.prepare(
      'SELECT key, value, revision, created FROM entries WHERE revision > ? AND +key >= ? AND +key < ?',
    );
    this.#deletionsSince = sql.prepare(
      'SELECT key FROM deletions WHERE revision > ? AND +key >= ? AND +key < ?',
    );
    this.#put = sql.prepare(
      `INSERT INTO entries (key, value, revision, created, lease) VALUES (?1, ?2, ?3, ?3, ?4)
       ON CONFLICT (key) DO UPDATE SET value = ?2, revision = ?3, lease = ?4`,
    );
    this.#delete = sql.prepare('DELETE FROM entries WHERE key = ?');
    this.#remember = sql.prepare('INSERT INTO deletions VALUES (?, ?)');
    this.#forget = sql.prepare('DELETE FROM deletions WHERE key = ?');
  }

  get revision(): Revision {
    return this.#revision.get()?.['revision'] as number;
  }

  get(key: string): Entry | undefined {
    const row = this.#get.get(this.#prefix + key) as Row | undefined;
    return row === undefined ? undefined : this.#entry(row);
  }

  snapshot(prefix: string): Listing {
    return { revision: this.revision, entries: this.#rows(this.#list, ...this.#range(prefix)) };
  }

  changes(prefix: string, since: Revision): { revision: Revision; changes: readonly Change[] } | undefined {
    const { revision, compacted } = this.#revision.get() as unknown as {
      revision: number;
      compacted: number;
    };
    if (since < compacted || since > revision) return undefined;
    if (since === revision) return { revision, changes: [] };
    const range = this.#range(prefix);
    const puts = this.#rows(this.#putsSince, since, ...range);
    const gone = this.#deletionsSince.all(since, ...range) as { key: string }[];
    const changes = [
      ...puts.map((entry): Change => ({ kind: 'put', entry })),
      ...gone.map(({ key }): Change => ({ kind: 'delete', key: this.#relative(key) })),
    ];
    return { revision, changes };
  }

  holds(condition: Condition): boolean {
    const revision = this.get(condition.key)?.revision;
    return condition.kind === 'absent' ? revision === undefined : revision === condition.revision;
  }

  /** The revision of the writes that follow. */
  advance(): Revision {
    const revision = this.#advance.get()?.['revision'] as number;
    if (revision % compactEvery === 0) this.compact();
    return revision;
  }

  put(key: string, value: Uint8Array, revision: Revision, lease: number | undefined): void {
    const full = this.#prefix + key;
    this.#put.run(full, value, revision, lease ?? null);
    this.#forget.run(full);
  }

  delete(key: string, revision: Revision): void {
    this.deleteFull(this.#prefix + key, revision);
  }

  /** The same for a key of any prefix. */
  deleteFull(key: string, revision: Revision): void {
    if (this.#delete.run(key).changes > 0) this.#remember.run(key, revision);
  }

  /** Forgets all but the latest deletions, whole revisions at a time. */
  compact(keep = keptDeletions): void {
    const first = this.#sql
      .prepare('SELECT revision FROM deletions ORDER BY revision DESC LIMIT 1 OFFSET ?')
      .get(keep)?.['revision'];
    if (first === undefined) return;
    this.#sql.prepare('DELETE FROM deletions WHERE revision <= ?').run(first);
    this.#sql.prepare('UPDATE store SET compacted = ?').run(first);
  }

  /** Keys are printable ASCII, so that the first character beyond ends the range. */
  #range(prefix: string): [string, string] {
    const full = this.#prefix + prefix;
    return [full, `${full}\x7f`];
  }

  /** One by one: rows that are fetched all at once are looked at by every garbage collection until the last one is there. */
  #rows(statement: StatementSync, ...values: readonly (string | number)[]): readonly Entry[] {
    const entries: Entry[] = [];
    for (const row of statement.iterate(...values)) entries.push(this.#entry(row as unknown as Row));
    return entries;
  }

  #entry({ key, value, revision, created }: Row): Entry {
    return { key: this.#relative(key), value, revision, created };
  }

  #relative(key: string): string {
    return key.slice(this.#prefix.length);
  }
}
