import { chmodSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { eventually, Follower, texts } from '../contract-subject.ts';
import { putText } from '../contract-write.ts';
import type { Store } from '../store.ts';
import { Child } from './testing/child.ts';
import { StoreFile } from './testing/store-file.ts';

const patience = 60_000;
const trio = ['trio/a', 'trio/b', 'trio/c'];

/** Raises a counter N times, each time together with three keys that are always equal; says each number that was committed. */
const count = (times: number): string => `
  const trio = ${JSON.stringify(trio)};
  let entry = await store.get('counter');
  for (let done = 0; done < ${times}; ) {
    const next = String(entry === undefined ? 1 : Number(decodeText(entry.value)) + 1);
    const condition = entry === undefined
      ? { kind: 'absent', key: 'counter' }
      : { kind: 'unchanged', key: 'counter', revision: entry.revision };
    const result = await store.txn([condition], [put('counter', next), ...trio.map((key) => put(key, next))]);
    if (result.ok) { done += 1; say(next); }
    entry = result.ok ? await store.get('counter') : result.current.get('counter');
  }
  await store.close();
`;

test(
  'processes that write at once lose nothing, and a watcher in another one sees no torn state',
  async () => {
    await using file = new StoreFile();
    const store = await file.open();
    const follower = new Follower();
    const torn: unknown[] = [];
    follower.onUpdate = (): void => {
      const values = ['counter', ...trio].map((key) => follower.texts[key]);
      if (new Set(values).size > 1) torn.push(values);
    };
    store.watch('', follower.sink);
    await using stack = new AsyncDisposableStack();
    const children = [1, 2, 3].map(() => stack.use(new Child(file.path, count(80))));
    for (const child of children) await child.done();
    const said = children.flatMap((child) => child.lines.map(Number));
    expect(said.sort((a, b) => a - b)).toEqual(Array.from({ length: 240 }, (_, n) => n + 1));
    await eventually('the last number', () => follower.texts['counter'] === '240');
    expect(follower.texts).toEqual(texts((await store.list('')).entries));
    expect([torn, follower.broken]).toEqual([[], []]);
  },
  patience,
);

test(
  'processes that make a store at the same moment find one store, every time',
  async () => {
    await using file = new StoreFile();
    await using stack = new AsyncDisposableStack();
    const makeMany = `
      for (let n = 0; n < 150; n += 1) {
        // The same moment in every process, as far as a clock can tell.
        const moment = Number(process.argv[2]) + n * 6;
        while (Date.now() < moment);
        const path = process.argv[1] + '.' + n;
        const one = await openFileStore({ path, prefix: 'weft/v1/' }, ports);
        say(await one.identity());
        await one.close();
      }
      await store.close();`;
    const start = String(Date.now() + 2000);
    const children = [1, 2, 3].map(() => stack.use(new Child(file.path, makeMany, start)));
    for (const child of children) await child.done();
    const [first, ...others] = children.map((child) => child.lines);
    expect(first).toHaveLength(150);
    for (const other of others) expect(other).toEqual(first);
  },
  patience,
);

test(
  'a writer that is killed leaves a whole store, with all that it was promised, and nobody waits for it',
  async () => {
    await using file = new StoreFile();
    const store = await file.open();
    for (let round = 1; round <= 6; round += 1) {
      await using child = new Child(file.path, count(100_000));
      await child.said(round * 5);
      await child.kill();
      const promised = Number(child.lines.at(-1));
      const state = texts((await store.list('')).entries);
      expect(Number(state['counter'])).toBeGreaterThanOrEqual(promised);
      expect(trio.map((key) => state[key])).toEqual(trio.map(() => state['counter']));
      await putText(store, 'mine', `round ${round}`);
    }
  },
  patience,
);

test(
  'the lease of a process that was killed ends, and its keys with it',
  async () => {
    await using file = new StoreFile();
    const store = await file.open();
    const follower = new Follower();
    store.watch('alive/', follower.sink);
    const script = `
      const lease = await store.lease(1000);
      await store.txn([], [put('alive/a', 'x', lease)]);
      say('alive');
      setInterval(() => undefined, 1000);
    `;
    await using child = new Child(file.path, script);
    await child.said(1);
    await eventually('the key', () => follower.state.has('alive/a'));
    await child.kill();
    expect(await store.get('alive/a')).toBeDefined();
    await eventually('its end', () => !follower.state.has('alive/a'));
  },
  patience,
);

test(
  'many processes may open a file that is not there yet: they find one store',
  async () => {
    await using file = new StoreFile();
    await using stack = new AsyncDisposableStack();
    const script = 'say(await store.identity()); await store.close();';
    const children = [1, 2, 3, 4, 5, 6].map(() => stack.use(new Child(file.path, script)));
    for (const child of children) await child.done();
    const identities = new Set(children.flatMap((child) => child.lines));
    const store: Store = await file.open();
    expect([...identities]).toEqual([await store.identity()]);
  },
  patience,
);

test('a lock that nobody lets go holds a process up once, and not at every call', async () => {
  await using file = new StoreFile();
  const store = await file.open();
  await putText(store, 'k', 'before');
  await using holder = new Child(
    file.path,
    `
      const { DatabaseSync } = await import('node:sqlite');
      new DatabaseSync(process.argv[1]).exec('BEGIN IMMEDIATE');
      say('locked');
      setInterval(() => undefined, 1000);
    `,
  );
  await holder.said(1);
  const refused = async (): Promise<number> => {
    const begun = performance.now();
    await expect(putText(store, 'k', 'in vain')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    return performance.now() - begun;
  };
  expect(await refused()).toBeGreaterThan(4000);
  expect(await refused()).toBeLessThan(1000);
  await holder.kill();
  await putText(store, 'k', 'after');
  expect(texts([(await store.get('k'))!])).toEqual({ k: 'after' });
}, 30_000);

test('a user whom the file does not let in is told so', async () => {
  await using file = new StoreFile();
  await (await file.open()).close();
  chmodSync(file.directory, 0o755);
  await using child = new Child(
    file.path,
    `
      await store.close();
      const { chmodSync } = await import('node:fs');
      chmodSync(process.argv[1], process.getuid() === 0 ? 0o600 : 0);
      if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
      await openFileStore({ path: process.argv[1], prefix: 'weft/v1/' }, ports).catch((e) => say(e.code + ': ' + e.message));
    `,
  );
  expect(await child.said(1)).toMatch(/^STORE_DENIED: cannot open the store .*EACCES/);
});
