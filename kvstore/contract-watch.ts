import { expect } from '@jest/globals';
import { eventually, Follower, texts, type Promised } from './contract-subject.ts';
import { commit, deleteOp, putOp, putText } from './contract-write.ts';
import type { Op, Store, WatchUpdate } from './store.ts';

/** What `watch` promises. */
export function watchCases(promise: Promised): void {
  promise(
    'the first update is a snapshot of what is there, after `watch` has returned',
    async ({ store }) => {
      const revision = await putText(store, 'net/a', 'one');
      await putText(store, 'elsewhere', 'x');
      const follower = new Follower();
      const watch = store.watch('net/', follower.sink);
      expect(follower.updates).toEqual([]);
      await eventually('a snapshot', () => follower.kinds.length > 0);
      expect(follower.kinds[0]).toBe('snapshot');
      expect(follower.texts).toEqual({ 'net/a': 'one' });
      expect(follower.revision).toBeGreaterThanOrEqual(revision);
      expect(follower.updates[0]).toMatchObject({ identity: await store.identity() });
      await watch.close();
      expect(follower.broken).toEqual([]);
    },
  );

  promise(
    'a later client tells no older revision than an earlier one did, although nothing has changed there since',
    async ({ store, another }) => {
      await putText(store, 'net/a', 'one');
      await putText(store, 'elsewhere', 'x');
      const tell = async (client: Store): Promise<number> => {
        const follower = new Follower();
        const watch = client.watch('net/', follower.sink);
        await eventually('a snapshot', () => follower.kinds.length > 0);
        await watch.close();
        return follower.revision ?? 0;
      };
      const earlier = await tell(store);
      expect(await tell(await another())).toBeGreaterThanOrEqual(earlier);
      expect((await (await another()).list('net/')).revision).toBeGreaterThanOrEqual(earlier);
    },
  );

  promise('an empty prefix has an empty snapshot', async ({ store }) => {
    const follower = new Follower();
    const watch = store.watch('nothing/', follower.sink);
    await eventually('a snapshot', () => follower.kinds.length > 0);
    expect(follower.updates[0]).toMatchObject({ kind: 'snapshot', entries: [] });
    await watch.close();
  });

  promise('puts and deletions of every client arrive as they are listed', async ({ store, another }) => {
    const follower = new Follower();
    const watch = store.watch('net/', follower.sink);
    await eventually('a snapshot', () => follower.kinds.length > 0);
    await putText(store, 'net/a', 'one');
    await eventually('the first put', () => follower.texts['net/a'] === 'one');
    await putText(await another(), 'net/b', 'two');
    await eventually('a put of another client', () => follower.texts['net/b'] === 'two');
    expect([...follower.state.values()]).toEqual((await store.list('net/')).entries);
    await commit(await another(), [deleteOp('net/a'), putOp('net/b', 'three')]);
    await eventually('the deletion', () => !follower.state.has('net/a'));
    expect(follower.texts).toEqual({ 'net/b': 'three' });
    expect(follower.updates.at(-1)).toMatchObject({ kind: 'changes' });
    expect(follower.updates.at(-1)).toHaveProperty('changes.length', 2);
    await watch.close();
    expect(follower.broken).toEqual([]);
  });

  promise('a watch sees its prefix and nothing else', async ({ store }) => {
    const follower = new Follower();
    const watch = store.watch('net/1/', follower.sink);
    await eventually('a snapshot', () => follower.kinds.length > 0);
    for (const key of ['net/1', 'net/10/x', 'net/0/x', 'net/2/x', 'a', 'z']) await putText(store, key, 'x');
    await putText(store, 'net/1/last', 'x');
    await eventually('the last put', () => follower.state.has('net/1/last'));
    const seen = follower.updates.flatMap((u) => (u.kind === 'changes' ? u.changes : []));
    expect(seen.length).toBe(1);
    await watch.close();
  });

  promise(
    'a transaction is never torn, nor is a watch called within its own call',
    async ({ store, another }) => {
      const follower = new Follower();
      const trio = ['trio/a', 'trio/b', 'trio/c'];
      const torn: string[] = [];
      const calls: Promise<unknown>[] = [];
      follower.onUpdate = (): void => {
        const { [trio[0]!]: a, [trio[1]!]: b, [trio[2]!]: c } = follower.texts;
        if (a !== b || b !== c) torn.push(JSON.stringify([a, b, c]));
        calls.push(store.txn([], [putOp('other', String(calls.length))]));
      };
      const watch = store.watch('trio/', follower.sink);
      const writers = [store, await another()];
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let n = 0; n < 60; n += 1) {
            await commit(
              writer,
              trio.map((key) => (n % 7 === 3 ? deleteOp(key) : putOp(key, `${w} ${n}`))),
            );
          }
        }),
      );
      await commit(
        store,
        trio.map((key) => putOp(key, 'last')),
      );
      await eventually('the last transaction', () => follower.texts[trio[0]!] === 'last');
      await Promise.all(calls);
      await watch.close();
      expect([torn, follower.broken]).toEqual([[], []]);
    },
  );

  promise('a key that is deleted and made again at once is what it is in the end', async ({ store }) => {
    const follower = new Follower();
    const watch = store.watch('net/', follower.sink);
    await putText(store, 'net/a', 'first');
    await eventually('the first life', () => follower.texts['net/a'] === 'first');
    for (let round = 0; round < 20; round += 1) {
      await Promise.all([store.txn([], [deleteOp('net/a')]), store.txn([], [putOp('net/a', `${round}`)])]);
    }
    await putText(store, 'net/last', 'x');
    await eventually('the last put', () => follower.state.has('net/last'));
    expect(follower.texts).toEqual(texts((await store.list('net/')).entries));
    await watch.close();
    expect(follower.broken).toEqual([]);
  });

  promise(
    'nothing is lost between snapshot and changes, whenever a watch begins',
    async ({ store, another }) => {
      const writers = [store, await another(), await another()];
      const readers = [await another(), store];
      const followers: Follower[] = [];
      const watches = new Set<{ close(): Promise<void> }>();
      const begin = (): void => {
        const follower = new Follower();
        followers.push(follower);
        watches.add(readers[followers.length % readers.length]!.watch('many/', follower.sink));
      };
      begin();
      await Promise.all(
        writers.map(async (writer, w) => {
          for (let n = 0; n < 200; n += 1) {
            if (n % 40 === 20) begin();
            await commit(writer, someOps(w, n));
          }
        }),
      );
      begin();
      await putText(writers[1]!, 'many/last', 'last');
      await expectAllEqualTheList(store, followers);
      await Promise.all([...watches].map((watch) => watch.close()));
      expect(followers.flatMap((f) => f.broken)).toEqual([]);
    },
  );

  promise('after close no update comes, not even one under way', async ({ store, another }) => {
    const other = await another();
    for (let round = 0; round < 10; round += 1) {
      const follower = new Follower();
      const watch = store.watch('net/', follower.sink);
      if (round % 2 === 0) await eventually('a snapshot', () => follower.kinds.length > 0);
      const witness = new Follower();
      const second = store.watch('net/', witness.sink);
      const written = Promise.all([putText(store, 'net/a', `${round}`), putText(other, 'net/b', `${round}`)]);
      await watch.close();
      follower.closed = true;
      await written;
      await watch.close();
      await eventually(
        'the witness',
        () => witness.texts['net/b'] === `${round}` && witness.texts['net/a'] === `${round}`,
      );
      await second.close();
      expect([...follower.broken, ...witness.broken]).toEqual([]);
    }
  });

  promise('a watch may be closed by its own sink', async ({ store }) => {
    const follower = new Follower();
    const closing: Promise<void>[] = [];
    follower.onUpdate = (): void => {
      closing.push(watch.close());
      follower.closed = true;
    };
    const watch = store.watch('net/', follower.sink);
    await eventually('a snapshot', () => closing.length > 0);
    await Promise.all(closing);
    const witness = new Follower();
    const second = store.watch('net/', witness.sink);
    await putText(store, 'net/a', 'x');
    await eventually('the witness', () => witness.texts['net/a'] === 'x');
    await second.close();
    expect([follower.kinds, follower.broken]).toEqual([['snapshot'], []]);
  });

  promise('a watch that the sink of another one closes hears nothing more', async ({ store }) => {
    const [first, second] = [new Follower(), new Follower()];
    const watches = [store.watch('net/', first.sink), store.watch('net/', second.sink)];
    await eventually('both snapshots', () => first.kinds.length > 0 && second.kinds.length > 0);
    const closing: Promise<void>[] = [];
    const close = (of: number, follower: Follower) => (): void => {
      if (closing.length > 0) return;
      closing.push(watches[of]!.close());
      follower.closed = true;
    };
    first.onUpdate = close(1, second);
    second.onUpdate = close(0, first);
    await putText(store, 'net/a', 'x');
    await eventually('the close', () => closing.length > 0);
    const witness = new Follower();
    const third = store.watch('net/', witness.sink);
    await putText(store, 'net/b', 'x');
    await eventually('the witness', () => witness.texts['net/b'] === 'x');
    await Promise.all([...closing, ...watches.map((watch) => watch.close()), third.close()]);
    expect([...first.broken, ...second.broken]).toEqual([]);
  });

  promise("closing the store ends its watches and no other client's", async ({ store, another }) => {
    const [leaving, staying] = [new Follower(), new Follower()];
    const other = await another();
    other.watch('net/', leaving.sink);
    const watch = store.watch('net/', staying.sink);
    await eventually('both snapshots', () => leaving.kinds.length > 0 && staying.kinds.length > 0);
    const written = putText(store, 'net/a', 'x');
    await other.close();
    leaving.closed = true;
    await written;
    await putText(store, 'net/b', 'x');
    await eventually('the changes', () => Object.keys(staying.texts).length === 2);
    await watch.close();
    expect([...leaving.broken, ...staying.broken]).toEqual([]);
  });

  promise('a sink that throws stops neither its own watch nor another one', async ({ store }) => {
    const [failing, sound] = [new Follower(), new Follower()];
    const sink = (update: WatchUpdate): void => {
      failing.sink(update);
      throw new Error('a bug in a sink');
    };
    const watches = [store.watch('net/', sink), store.watch('net/', sound.sink)];
    await eventually('both snapshots', () => failing.kinds.length > 0 && sound.kinds.length > 0);
    await putText(store, 'net/a', 'x');
    await eventually('the change', () => failing.texts['net/a'] === 'x' && sound.texts['net/a'] === 'x');
    for (const watch of watches) await watch.close();
  });
}

/** A mix of puts, rewrites and deletions on few keys. */
function someOps(writer: number, n: number): readonly Op[] {
  const key = `many/${(n * 7 + writer * 3) % 23}`;
  if (n % 5 === 4) return [deleteOp(key)];
  if (n % 3 === 0) return [putOp(key, `${writer} ${n}`), putOp(`many/w${writer}`, `${n}`)];
  return [putOp(key, `${writer} ${n}`)];
}

async function expectAllEqualTheList(store: Store, followers: readonly Follower[]): Promise<void> {
  const { entries, revision } = await store.list('many/');
  const wanted = texts(entries);
  for (const follower of followers) {
    await eventually('the last write', () => follower.texts['many/last'] === 'last');
    expect(follower.texts).toEqual(wanted);
    expect([...follower.state.values()].map((e) => [e.key, e.revision, e.created]).sort()).toEqual(
      entries.map((e) => [e.key, e.revision, e.created]).sort(),
    );
    expect(follower.revision).toBeLessThanOrEqual(revision);
  }
}
