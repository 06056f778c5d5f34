import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { hasCode, WeftError } from '../../model/errors.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { FakeStore } from '../fake-store.ts';
import { encodeText, type Condition, type Op, type TxnResult } from '../store.ts';
import { restore } from './restore.ts';
import { aliveKey, clusterKeys, contentIn, contentOf, putAll } from './testing/cluster-keys.ts';

type Fate = 'good' | 'away' | 'lost, applied' | 'lost, not applied';

/** A store whose transactions can be written down, and can each have a fate. */
class ShakyStore extends FakeStore {
  readonly written: (readonly string[])[] = [];
  fates: readonly Fate[] = [];
  /** Done before a transaction reaches the store. */
  before: (call: number) => Promise<void> = () => Promise.resolve();
  #calls = 0;

  constructor() {
    super({ clock: new FakeClock(), limits: { txnOps: 8 } });
  }

  override async txn(conditions: readonly Condition[], ops: readonly Op[]): Promise<TxnResult> {
    const call = this.#calls;
    this.#calls += 1;
    await this.before(call);
    const fate = this.fates[call] ?? 'good';
    if (fate === 'away') throw new WeftError('STORE_UNAVAILABLE', 'it is away on demand');
    if (fate !== 'good') this.loseNextReply(fate === 'lost, applied' ? 'applied' : 'not applied');
    const result = await super.txn(conditions, ops);
    if (result.ok) this.written.push(ops.map(({ kind, key }) => `${kind} ${key}`));
    return result;
  }

  async put(key: string, text: string): Promise<void> {
    await super.txn([], [{ kind: 'put', key, value: encodeText(text) }]);
  }
}

const items = clusterKeys(3);
const from = 'a test';

describe('an empty store', () => {
  test('holds exactly the items afterwards, each created, in their order, under the mark', async () => {
    const store = new ShakyStore();
    const told: string[] = [];
    const progress = (done: number, all: number): void => void told.push(`${done}/${all}`);
    expect(await restore(store, items, { from, progress })).toEqual({ written: 21, present: 0 });
    expect(await contentIn(store)).toEqual(contentOf(items));
    expect(store.written[0]).toEqual(['put restoring']);
    expect(store.written[1]?.[0]).toBe('put cluster');
    expect(store.written.at(-2)?.at(-1)).toMatch(/^put net\/.*\/endpoint\//);
    expect(store.written.at(-1)).toEqual(['delete restoring']);
    expect(told).toEqual(['4/21', '8/21', '12/21', '16/21', '20/21', '21/21']);
  });

  test('takes nothing when one item is too large for it', async () => {
    const store = new ShakyStore();
    const large = { key: 'zzz', value: new Uint8Array(2 ** 21) };
    await expect(restore(store, [...items, large], { from })).rejects.toMatchObject({ code: 'STORE_LIMIT' });
    expect(store.written).toEqual([]);
  });
});

describe('a store that holds something', () => {
  test('of its own is left as it is', async () => {
    const store = new ShakyStore();
    await store.put('cluster', '{}');
    const message = 'fake store in memory cannot be filled: it holds cluster and 0 more keys already';
    await expect(restore(store, items, { from })).rejects.toMatchObject({ code: 'STORE_OCCUPIED', message });
    expect(store.written).toEqual([]);
  });

  test('and agents that use it is left as it is, also with the mark', async () => {
    const store = new ShakyStore();
    await putAll(store, [aliveKey]);
    await store.put('restoring', 'x');
    await expect(restore(store, items, { from })).rejects.toThrow('the agent of fedcba9876543210 uses it');
  });

  test('namely everything, is success', async () => {
    const store = new ShakyStore();
    await restore(store, items, { from });
    expect(await restore(store, items, { from })).toEqual({ written: 0, present: 21 });
  });
});

describe('trouble on the way', () => {
  test('says how far it came, and the same call goes on', async () => {
    const store = new ShakyStore();
    store.fates = ['good', 'good', 'good', 'away'];
    await expect(restore(store, items, { from })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message:
        'it is away on demand; 8 of 21 keys are in fake store in memory; the same command goes on from there, agents wait meanwhile',
      details: { done: 8, all: 21 },
    });
    expect(await store.get('restoring')).toBeDefined();
    expect(await restore(store, items, { from })).toEqual({ written: 13, present: 8 });
    expect(await contentIn(store)).toEqual(contentOf(items));
  });

  test('of any kind, any number of times, ends in the same content', async () => {
    const fate = fc.constantFrom<Fate>('good', 'good', 'away', 'lost, applied', 'lost, not applied');
    await fc.assert(
      fc.asyncProperty(fc.array(fate, { maxLength: 40 }), async (fates) => {
        const store = new ShakyStore();
        store.fates = fates;
        let runs = 0;
        for (let done = false; !done; runs += 1) {
          done = await restore(store, items, { from }).then(
            () => true,
            (error: unknown) => {
              expect(hasCode(error, 'STORE_UNAVAILABLE', 'STORE_AMBIGUOUS')).toBe(true);
              return false;
            },
          );
          expect(runs).toBeLessThan(41);
        }
        expect(await contentIn(store)).toEqual(contentOf(items));
        const creations = store.written.flat().filter((each) => each.startsWith('put '));
        expect(creations).toHaveLength(new Set(creations).size);
      }),
    );
  });

  test('a cluster that is founded at that moment stays, without our mark', async () => {
    const store = new ShakyStore();
    store.before = async (call) => {
      if (call === 1) await store.put('cluster', 'theirs');
    };
    await expect(restore(store, items, { from })).rejects.toMatchObject({
      code: 'STORE_OCCUPIED',
      message: expect.stringMatching(/key cluster has another value: "theirs" there, .*0 of 21 keys are in/),
    });
    expect(Object.keys(await contentIn(store))).toEqual(['cluster']);
  });

  test.each([
    [
      'changes',
      'vnis/1048577',
      'vnis/1048577 has another value: "theirs" there, "0123456789abcdef" to be written',
    ],
    ['adds', 'vnis/7', 'vnis/7 is not among what is to be written'],
  ])('somebody who %s a key meanwhile is noticed', async (_, key, why) => {
    const store = new ShakyStore();
    store.before = async (call) => {
      if (call === 2) await store.put(key, 'theirs');
    };
    await expect(restore(store, items, { from })).rejects.toThrow(why);
    expect(await store.get('restoring')).toBeDefined();
  });

  test('a key that is deleted before the end is noticed', async () => {
    const store = new ShakyStore();
    store.before = async (call) => {
      if (call === 6) await FakeStore.prototype.txn.call(store, [], [{ kind: 'delete', key: 'cluster' }]);
    };
    await expect(restore(store, items, { from })).rejects.toThrow('cluster was written and is gone again');
  });

  test('somebody else who has begun is not disturbed', async () => {
    const store = new ShakyStore();
    store.before = async (call) => {
      if (call === 0) await store.put('restoring', 'another dump');
    };
    const why = 'somebody else has begun to fill it: "another dump" there, "a test" to be written';
    await expect(restore(store, items, { from })).rejects.toThrow(why);
    expect(Object.keys(await contentIn(store))).toEqual(['restoring']);
  });
});
