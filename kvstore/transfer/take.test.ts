import { describe, expect, test } from '@jest/globals';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { FakeStore } from '../fake-store.ts';
import { encodeText, type Op } from '../store.ts';
import { changedSince, takeAll } from './take.ts';
import { aliveKey, clusterKeys, contentOf, putAll, stayingKeys } from './testing/cluster-keys.ts';

const context = { prefix: 'weft/v1/', now: '2026-11-25T15:00:00.000Z' };
const items = clusterKeys(2);
const put = (key: string, text: string): Op => ({ kind: 'put', key, value: encodeText(text) });

async function filled(): Promise<FakeStore> {
  const store = new FakeStore({ clock: new FakeClock() });
  await putAll(store, [...items, aliveKey, ...stayingKeys]);
  return store;
}

describe('what is taken', () => {
  test('is everything that goes along, at one revision, and who uses the store', async () => {
    const store = await filled();
    const taken = await takeAll(store, context);
    expect(contentOf(taken.items)).toEqual(contentOf(items));
    expect(taken.items[0]?.key).toBe('cluster');
    const { revision } = await store.list('');
    expect(taken.header).toEqual({
      store: 'fake store in memory',
      prefix: 'weft/v1/',
      identity: 'fake life 1',
      revision,
      time: '2026-11-25T15:00:00.000Z',
    });
    expect(taken).toMatchObject({ agents: ['n1'], foreign: [] });
  });

  test('leaves out what no store of ours could be told to hold, and names it', async () => {
    const store = await filled();
    const { entries, revision } = await store.list('');
    const strange = [
      { key: 'networks/my net', value: encodeText('{}'), revision: 1, created: 1 },
      { key: 'networks/void', value: new Uint8Array(), revision: 1, created: 1 },
    ];
    store.list = () => Promise.resolve({ revision, entries: [...entries, ...strange] });
    const taken = await takeAll(store, context);
    expect(taken.foreign).toEqual(['networks/my net', 'networks/void']);
    expect(contentOf(taken.items)).toEqual(contentOf(items));
  });

  test.each([
    ['nothing', [], 'INPUT_INVALID', 'fake store in memory holds nothing'],
    ['only what stays behind', [aliveKey], 'INPUT_INVALID', 'holds nothing'],
    [
      'half a copy',
      [...items, { key: 'restoring', value: encodeText('file /a.db') }],
      'STORE_OCCUPIED',
      'is not whole: it is being filled from "file /a.db"',
    ],
  ])('is never %s', async (_, held, code, message) => {
    const store = new FakeStore({ clock: new FakeClock() });
    await putAll(store, held);
    await expect(takeAll(store, context)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(message),
    });
  });
});

test('what has changed since is named: changed, new and deleted keys, and not what stays behind', async () => {
  const store = await filled();
  const taken = await takeAll(store, context);
  expect(await changedSince(store, taken)).toEqual([]);
  await store.txn(
    [],
    [put('network-accept', '8'), put('vnis/7', 'x'), { kind: 'delete', key: 'networks/blue' }],
  );
  await store.txn([], [put('fences/fedcba9876543210', 'y'), { kind: 'delete', key: aliveKey.key }]);
  expect(await changedSince(store, taken)).toEqual(['network-accept', 'vnis/7', 'networks/blue']);
});
