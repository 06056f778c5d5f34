import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { Database } from './database.ts';
import { StoreFile } from './testing/store-file.ts';

let file: StoreFile;
beforeEach(() => {
  file = new StoreFile();
});
afterEach(() => file[Symbol.asyncDispose]());

const refusal = (path: string): unknown => {
  try {
    new Database(path).close();
  } catch (error) {
    return error;
  }
  return undefined;
};
const write = (sql: string): void => {
  const db = new DatabaseSync(file.path);
  db.exec(sql);
  db.close();
};

test('a missing directory is made, for the owner alone', () => {
  const path = join(file.directory, 'a', 'b', 'store.db');
  new Database(path).close();
  expect([statSync(join(file.directory, 'a')).mode & 0o777, statSync(path).mode & 0o777]).toEqual([
    0o700, 0o600,
  ]);
});

test('a transaction that throws leaves nothing behind, and the next one works', () => {
  const db = new Database(file.path);
  const failing = (): void => {
    db.sql.exec('UPDATE store SET revision = 77');
    throw new TypeError('a bug');
  };
  expect(() => db.write('try', failing)).toThrow(expect.objectContaining({ code: 'INVARIANT' }));
  expect(db.read('look', () => db.sql.prepare('SELECT revision FROM store').get())).toEqual({ revision: 1 });
  db.close();
});

test('what every commit does: it is synced, so that it survives a power cut', () => {
  const db = new Database(file.path);
  expect(db.sql.prepare('PRAGMA synchronous').get()).toEqual({ synchronous: 2 });
  expect(db.sql.prepare('PRAGMA journal_mode').get()).toEqual({ journal_mode: 'wal' });
  db.close();
});

test('a file that is no database is refused and stays as it is', () => {
  writeFileSync(file.path, 'some notes of mine, longer than the header of a database would be: '.repeat(20));
  const before = statSync(file.path);
  const text = `cannot open the store ${file.path}: file is not a database (SQLITE_NOTADB)`;
  const message = expect.stringContaining(text);
  expect(refusal(file.path)).toMatchObject({ code: 'INPUT_INVALID', message });
  expect(statSync(file.path).size).toBe(before.size);
});

test('a database of another program is refused, and stays as it is', () => {
  write('CREATE TABLE notes (text TEXT)');
  const before = readFileSync(file.path);
  expect(refusal(file.path)).toMatchObject({ code: 'INPUT_INVALID' });
  expect(refusal(file.path)).toHaveProperty(
    'message',
    expect.stringContaining('database of another program'),
  );
  expect(Buffer.compare(readFileSync(file.path), before)).toBe(0);
});

test('a store of a later version is refused with both versions', () => {
  new Database(file.path).close();
  write('PRAGMA user_version = 7');
  expect(refusal(file.path)).toMatchObject({ code: 'INPUT_INVALID', details: { version: 7, known: 1 } });
  expect(refusal(file.path)).toHaveProperty(
    'message',
    expect.stringContaining('was written by a later Weft'),
  );
});

test('a directory in its place is refused', () => {
  mkdirSync(file.path);
  expect(refusal(file.path)).toMatchObject({ code: 'INPUT_INVALID' });
});

test('a place where nobody may write is STORE_DENIED and named', () => {
  const path = '/sys/weft-test/store.db';
  expect(refusal(path)).toMatchObject({ code: 'STORE_DENIED' });
  expect(refusal(path)).toHaveProperty(
    'message',
    expect.stringContaining(`cannot open the store ${path}: E`),
  );
});
