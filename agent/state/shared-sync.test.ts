import { expect, test } from '@jest/globals';
import { SharedSync } from './shared-sync.ts';

/** A disk on which each sync ends when a test says so. */
function disk() {
  const syncs: { readonly end: () => void; readonly fail: (error: Error) => void }[] = [];
  const sync = new SharedSync(
    () =>
      new Promise((resolve, reject) => {
        syncs.push({ end: resolve, fail: reject });
      }),
  );
  return { sync, syncs };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('who asks while a sync is under way shares the next one, and does not rely on the first', async () => {
  const { sync, syncs } = disk();
  const done: string[] = [];
  const ask = (name: string) => void sync.done().then(() => done.push(name));
  ask('a');
  await turn();
  for (const name of ['b', 'c']) ask(name);
  await turn();
  expect([syncs.length, done]).toEqual([1, []]);
  syncs[0]!.end();
  await turn();
  expect([syncs.length, done]).toEqual([2, ['a']]);
  syncs[1]!.end();
  await turn();
  expect([syncs.length, done]).toEqual([2, ['a', 'b', 'c']]);
  ask('d');
  await turn();
  expect(syncs.length).toBe(3);
});

test('a sync that fails is told to those who shared it, and to nobody else', async () => {
  const { sync, syncs } = disk();
  const first = sync.done();
  await turn();
  const others = [sync.done(), sync.done()];
  syncs[0]!.fail(new Error('EIO'));
  await expect(first).rejects.toThrow('EIO');
  await turn();
  syncs[1]!.end();
  await Promise.all(others);
});

test('it is idle when everything that was asked for has ended, whatever came of it', async () => {
  const { sync, syncs } = disk();
  await sync.idle();
  void sync.done().catch(() => undefined);
  await turn();
  void sync.done().catch(() => undefined);
  let isIdle = false;
  void sync.idle().then(() => (isIdle = true));
  syncs[0]!.fail(new Error('EIO'));
  await turn();
  expect(isIdle).toBe(false);
  syncs[1]!.end();
  await turn();
  expect(isIdle).toBe(true);
});
