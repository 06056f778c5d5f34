import type { DatabaseSync, StatementSync } from 'node:sqlite';
import type { BootClock } from './boot-clock.ts';
import type { Entries } from './entries.ts';

/**
 * The leases of one database, counted by the boot's monotonic clock: after a reboot all are over. Every process ends those that
 * have expired. To be called within a transaction of the database.
 */
export class Leases {
  readonly #clock: BootClock;
  readonly #entries: Entries;
  readonly #expired: StatementSync;
  readonly #grant: StatementSync;
  readonly #renew: StatementSync;
  readonly #known: StatementSync;
  readonly #keys: StatementSync;
  readonly #end: StatementSync;

  constructor(sql: DatabaseSync, entries: Entries, clock: BootClock) {
    this.#clock = clock;
    this.#entries = entries;
    this.#expired = sql.prepare('SELECT id FROM leases WHERE boot <> ? OR expires <= ?');
    this.#grant = sql.prepare('INSERT INTO leases (ttl, boot, expires) VALUES (?, ?, ?) RETURNING id');
    this.#renew = sql.prepare('UPDATE leases SET expires = ttl + ? WHERE id = ?');
    this.#known = sql.prepare('SELECT 1 FROM leases WHERE id = ?');
    this.#keys = sql.prepare('SELECT key FROM entries WHERE lease = ?');
    this.#end = sql.prepare('DELETE FROM leases WHERE id = ?');
  }

  /** Are there leases to be swept? */
  get anyExpired(): boolean {
    return this.#expired.get(this.#clock.boot, this.#clock.now()) !== undefined;
  }

  /** Ends all leases that have expired. */
  sweep(): void {
    const over = this.#expired.all(this.#clock.boot, this.#clock.now()) as { id: number }[];
    if (over.length > 0) this.end(over.map(({ id }) => id));
  }

  grant(ttl: number): number {
    const expires = this.#clock.now() + ttl;
    return this.#grant.get(ttl, this.#clock.boot, expires)?.['id'] as number;
  }

  /** Starts the TTL anew; false when there is no such lease. */
  renew(id: number): boolean {
    return this.#renew.run(this.#clock.now(), id).changes === 1;
  }

  has(id: number): boolean {
    return this.#known.get(id) !== undefined;
  }

  /** Ends leases and deletes their keys, in one revision. Those that are over already do not matter. */
  end(ids: readonly number[]): void {
    const keys = ids.flatMap((id) => this.#keys.all(id) as { key: string }[]);
    if (keys.length > 0) {
      const revision = this.#entries.advance();
      for (const { key } of keys) this.#entries.deleteFull(key, revision);
    }
    for (const id of ids) this.#end.run(id);
  }
}
