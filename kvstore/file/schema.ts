import { randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { WeftError } from '../../model/errors.ts';

/** "Weft" in ASCII: tells our databases from those of other programs. */
const applicationId = 0x57656674;

/**
 * Steps from each version to the next. A released step is never changed; a new one is added at the end.
 *
 * `entries` is what the store holds; `deletions` remembers when absent keys went, so that a watch can be told (until
 * `store.compacted`; a watch that is further behind gets a snapshot). Keys carry the prefix.
 */
const steps: readonly string[] = [
  `CREATE TABLE store (
     one INTEGER PRIMARY KEY CHECK (one = 1),
     identity TEXT NOT NULL,
     revision INTEGER NOT NULL,
     compacted INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE entries (
     key TEXT PRIMARY KEY,
     value BLOB NOT NULL,
     revision INTEGER NOT NULL,
     created INTEGER NOT NULL,
     lease INTEGER
   ) STRICT;
   CREATE INDEX entries_by_revision ON entries (revision);
   CREATE INDEX entries_by_lease ON entries (lease) WHERE lease IS NOT NULL;
   CREATE TABLE deletions (
     key TEXT PRIMARY KEY,
     revision INTEGER NOT NULL
   ) STRICT, WITHOUT ROWID;
   CREATE INDEX deletions_by_revision ON deletions (revision);
   CREATE TABLE leases (
     id INTEGER PRIMARY KEY AUTOINCREMENT,
     ttl INTEGER NOT NULL,
     boot TEXT NOT NULL,
     expires INTEGER NOT NULL
   ) STRICT;`,
];

/**
 * Brings a database to the version that this program knows; an empty one becomes a store with an identity of its own. To be
 * called within a transaction.
 *
 * @throws INPUT_INVALID for a database of another program, or of a later version of this one.
 */
export function migrate(db: DatabaseSync, path: string): void {
  const version = demandOwn(db, path);
  for (const step of steps.slice(version)) db.exec(step);
  if (version === 0) {
    db.prepare('INSERT INTO store VALUES (1, ?, 1, 0)').run(randomUUID());
    db.exec(`PRAGMA application_id = ${applicationId}`);
  }
  if (version < steps.length) db.exec(`PRAGMA user_version = ${steps.length}`);
}

/** Reads only, so that what belongs to somebody else stays as it is. Returns the version. @throws as `migrate` does. */
export function demandOwn(db: DatabaseSync, path: string): number {
  const version = pragma(db, 'user_version');
  const owner = pragma(db, 'application_id');
  const isEmpty = db.prepare('SELECT 1 FROM sqlite_schema LIMIT 1').get() === undefined;
  if (owner !== applicationId && !(isEmpty && owner === 0)) {
    throw new WeftError(
      'INPUT_INVALID',
      `${path} is a database of another program; name a file that Weft may create`,
      { details: { path, applicationId: owner } },
    );
  }
  if (version > steps.length) {
    throw new WeftError(
      'INPUT_INVALID',
      `${path} was written by a later Weft: it has version ${version}, this program knows up to ${steps.length}`,
      { details: { path, version, known: steps.length } },
    );
  }
  return version;
}

const pragma = (db: DatabaseSync, name: 'user_version' | 'application_id'): number =>
  Number(db.prepare(`PRAGMA ${name}`).get()?.[name]);
