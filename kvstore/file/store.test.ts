import { readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { eventually, Follower, texts } from '../contract-subject.ts';
import { putText } from '../contract-write.ts';
import { encodeText } from '../store.ts';
import { StoreFile } from './testing/store-file.ts';

test('the bell alone wakes a watch: no poll is due', async () => {
  await using file = new StoreFile();
  const [deaf, writer] = [await file.open(new FakeClock()), await file.open(new FakeClock())];
  const follower = new Follower();
  deaf.watch('', follower.sink);
  await eventually('a snapshot', () => follower.kinds.length > 0);
  for (const text of ['one', 'two', 'three']) {
    await putText(writer, 'k', text);
    await eventually(text, () => follower.texts['k'] === text);
  }
});

test('the poll alone wakes a watch: the bell that rings is another file', async () => {
  await using file = new StoreFile();
  const clock = new FakeClock();
  const reader = await file.open(clock);
  rmSync(`${file.path}.bell`);
  const writer = await file.open(new FakeClock());
  const follower = new Follower();
  reader.watch('', follower.sink);
  await clock.advance(10);
  await putText(writer, 'k', 'x');
  await clock.advance(200);
  expect(follower.texts).toEqual({});
  await clock.advance(50);
  expect(follower.texts).toEqual({ k: 'x' });
});

test('all files are for the owner alone', async () => {
  await using file = new StoreFile();
  await putText(await file.open(), 'k', 'x');
  const modes = ['', '-wal', '-shm', '.bell'].map((suffix) => statSync(file.path + suffix).mode & 0o777);
  expect(modes).toEqual([0o600, 0o600, 0o600, 0o600]);
});

test('a damaged file is refused with its path, the words of SQLite, and what to do', async () => {
  await using file = new StoreFile();
  const store = await file.open();
  const many = Array.from({ length: 60 }, (_, n) => `networks/n${n}`);
  for (const key of many) await putText(store, key, 'x'.repeat(1000));
  await store.close();
  const bytes = readFileSync(file.path);
  bytes.fill(0x5a, 4096);
  writeFileSync(file.path, bytes);
  const opened = file.open();
  await expect(opened).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  await expect(opened).rejects.toThrow(
    `cannot open the store ${file.path}: database disk image is malformed (SQLITE_CORRUPT); if it was a store, stop weftd`,
  );
});

test('prefixes share a file and do not see each other', async () => {
  await using file = new StoreFile();
  const [one, two] = [await file.open(undefined, 'a/'), await file.open(undefined, 'a/b/')];
  const follower = new Follower();
  two.watch('', follower.sink);
  await putText(one, 'k', 'of one');
  await putText(two, 'k', 'of two');
  expect(texts((await one.list('')).entries)).toEqual({ k: 'of one', 'b/k': 'of two' });
  expect(texts((await two.list('')).entries)).toEqual({ k: 'of two' });
  await eventually('its own key', () => follower.texts['k'] === 'of two');
  expect(follower.texts).toEqual({ k: 'of two' });
});

test('a lease ends the keys of every prefix of the file', async () => {
  await using file = new StoreFile();
  const [one, two] = [await file.open(undefined, 'a/'), await file.open(undefined, 'b/')];
  const lease = await one.lease(60_000);
  await one.txn([], [{ kind: 'put', key: 'alive', value: encodeText('x'), lease }]);
  await two.txn([], [{ kind: 'put', key: 'alive', value: encodeText('x'), lease }]);
  await lease.revoke();
  expect([await one.get('alive'), await two.get('alive')]).toEqual([undefined, undefined]);
});

test('a file put in the place of the store is another store: identity, snapshot, lost leases', async () => {
  await using file = new StoreFile();
  const clock = new FakeClock();
  const store = await file.open(clock);
  const follower = new Follower();
  store.watch('', follower.sink);
  await putText(store, 'k', 'x');
  await clock.advance(250);
  const [before, lease] = [await store.identity(), await store.lease(1000)];
  renameSync(file.path, `${file.path}.old`);
  await expect(store.get('k')).rejects.toThrow(`the store ${file.path} is gone`);
  const maker = await file.open();
  await putText(maker, 'new', 'y');
  await clock.advance(1000);
  expect(texts((await store.list('')).entries)).toEqual({ new: 'y' });
  expect(await store.identity()).toBe(await maker.identity());
  expect(await store.identity()).not.toBe(before);
  expect(follower.updates.at(-1)).toMatchObject({ kind: 'snapshot', identity: await store.identity() });
  expect([follower.texts, lease.lost.aborted]).toEqual([{ new: 'y' }, true]);
});

test('a closed store leaves no timer behind', async () => {
  await using file = new StoreFile();
  const clock = new FakeClock();
  const store = await file.open(clock);
  await store.lease(5000);
  await (await store.lease(5000)).revoke();
  expect(clock.pending).toBe(2);
  await store.close();
  expect(clock.pending).toBe(0);
});

test('what is written stays when all have closed, revisions go on, and the identity is the same', async () => {
  await using file = new StoreFile();
  const first = await file.open();
  const revision = await putText(first, 'k', 'x');
  const identity = await first.identity();
  await first.close();
  const second = await file.open();
  expect(await second.get('k')).toMatchObject({ revision, created: revision });
  expect(await second.identity()).toBe(identity);
  expect(await putText(second, 'k', 'y')).toBeGreaterThan(revision);
});
