import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { encodeText, type Change } from '../store.ts';
import { Entries } from './entries.ts';
import { Leases } from './leases.ts';
import { migrate } from './schema.ts';

let db: DatabaseSync;
let entries: Entries;
beforeEach(() => {
  db = new DatabaseSync(':memory:');
  migrate(db, ':memory:');
  entries = new Entries(db, 'p/');
});
afterEach(() => {
  db.close();
});

const put = (key: string, lease?: number): number => {
  const revision = entries.advance();
  entries.put(key, encodeText(key), revision, lease);
  return revision;
};
const remove = (key: string): number => {
  const revision = entries.advance();
  entries.delete(key, revision);
  return revision;
};
const say = (change: Change): string => (change.kind === 'put' ? change.entry.key : `-${change.key}`);
const since = (revision: number, prefix = ''): readonly string[] | undefined =>
  entries.changes(prefix, revision)?.changes.map(say);
const deletions = (): number => Number(db.prepare('SELECT count(*) AS n FROM deletions').get()?.['n']);

test('what changed since a revision: the latest state of each key, once', () => {
  const start = entries.revision;
  put('a');
  put('a');
  put('b');
  const middle = remove('b');
  put('c');
  remove('never');
  expect(since(start)).toEqual(['a', 'c', '-b']);
  expect(since(middle)).toEqual(['c']);
  expect(since(entries.revision)).toEqual([]);
  put('b');
  expect(since(start)).toEqual(['a', 'c', 'b']);
  expect([since(start, 'b'), deletions()]).toEqual([['b'], 0]);
});

test('a revision that the store has not reached belongs to another life of it', () => {
  expect(entries.changes('', entries.revision + 1)).toBeUndefined();
});

test('forgotten deletions: who is behind them is told so, who is not gets his changes', () => {
  const revisions = ['a', 'b', 'c', 'd'].map((key) => {
    put(key);
    return remove(key);
  });
  entries.compact(2);
  expect(deletions()).toBe(2);
  expect(since(revisions[0]!)).toBeUndefined();
  expect(since(revisions[1]!)).toEqual(['-c', '-d']);
});

test('a revision is forgotten as a whole', () => {
  for (const key of ['a', 'b', 'c']) put(key);
  const revision = entries.advance();
  for (const key of ['a', 'b', 'c']) entries.delete(key, revision);
  entries.compact(1);
  expect([deletions(), since(revision - 1), since(revision)]).toEqual([0, undefined, []]);
});

test('the memory of deletions stays bounded while keys come and go', () => {
  for (let n = 0; n < 12_000; n += 1) {
    put(`k${n}`);
    remove(`k${n}`);
  }
  expect(deletions()).toBeLessThan(10_500);
  expect(deletions()).toBeGreaterThan(9_000);
});

test('a lease ends when its time is over by the clock of the boot, with its keys in one revision', () => {
  let now = 1000;
  const leases = new Leases(db, entries, { boot: 'one', now: () => now });
  const [short, long] = [leases.grant(500), leases.grant(5000)];
  put('a', short);
  put('b', short);
  put('c', long);
  now = 1499;
  leases.sweep();
  expect([leases.anyExpired, leases.has(short)]).toEqual([false, true]);
  expect(leases.renew(short)).toBe(true);
  now = 1998;
  expect(leases.anyExpired).toBe(false);
  now = 1999;
  expect(leases.anyExpired).toBe(true);
  const before = entries.revision;
  leases.sweep();
  expect([since(before), entries.revision]).toEqual([['-a', '-b'], before + 1]);
  expect([leases.has(short), leases.renew(short), leases.has(long)]).toEqual([false, false, true]);
});

test('after a reboot every lease is over, whatever the clock says', () => {
  const before = new Leases(db, entries, { boot: 'one', now: () => 1_000_000 });
  put('a', before.grant(60_000));
  const after = new Leases(db, entries, { boot: 'two', now: () => 5 });
  expect(after.anyExpired).toBe(true);
  after.sweep();
  expect([entries.get('a'), after.anyExpired]).toEqual([undefined, false]);
});
