import { describe, expect, test } from '@jest/globals';
import { encodeText, type Entry } from '../store.ts';
import { judgeTarget } from './judge.ts';
import { aliveKey, clusterKeys, stayingKeys } from './testing/cluster-keys.ts';
import type { Item } from './stages.ts';

const items = clusterKeys(1);
const some = items.slice(4, 9);
const mark = { key: 'restoring', value: encodeText('the dump of file /a.db') };
const probe = { key: 'probes/1', value: encodeText('x') };
const other = { key: 'cluster', value: encodeText('{"id":"c2"}') };
const judge = (...held: readonly Item[]): ReturnType<typeof judgeTarget> =>
  judgeTarget(
    held.map((item): Entry => ({ ...item, revision: 1, created: 1 })),
    items,
  );

describe('a store that is to be filled', () => {
  test('may hold nothing, or somebody’s probe', () => {
    expect(judge()).toEqual({ kind: 'empty' });
    expect(judge(probe)).toEqual({ kind: 'empty' });
  });

  test('was begun when it bears the mark and a part of the same', () => {
    expect(judge(mark)).toEqual({ kind: 'begun', missing: items });
    expect(judge(mark, ...some)).toEqual({
      kind: 'begun',
      missing: items.filter((item) => !some.includes(item)),
    });
    expect(judge(mark, ...items)).toEqual({ kind: 'begun', missing: [] });
  });

  test('is done when it holds all and bears no mark', () => {
    expect(judge(...items)).toEqual({ kind: 'done' });
  });

  test.each([
    ['another cluster', [other], 'cluster', 'it holds cluster and 0 more keys already'],
    [
      'a part without the mark',
      items.slice(1),
      'cluster',
      `it holds cluster and ${items.length - 2} more keys`,
    ],
    ['all and more', [...items, { key: 'vnis/7', value: encodeText('x') }], 'cluster', 'already'],
    [
      'a network without a cluster',
      [{ key: 'networks/red', value: encodeText('{}') }],
      'networks/red',
      'networks/red',
    ],
    ['fences and questions', stayingKeys, stayingKeys[0]?.key, 'already'],
    ['a running agent', [mark, ...items, aliveKey], 'alive/', 'the agent of n1 uses it'],
    [
      'a part of something else',
      [mark, other],
      'cluster',
      'from "the dump of file /a.db", and its key cluster has another value ("{\\"id\\":\\"c2\\"}" there, "{\\"id\\":\\"c1\\"',
    ],
    [
      'a key that has gone since',
      [mark, ...some, { key: 'vnis/7', value: encodeText('x') }],
      'vnis/7',
      'vnis/7 is not among what is to be written',
    ],
    [
      'other bytes',
      [mark, { key: some[0]!.key, value: Uint8Array.of(1, 255) }],
      some[0]!.key,
      '2 bytes 01ff there',
    ],
  ])('is occupied by %s', (_, held, key, why) => {
    expect(judge(...held)).toMatchObject({ kind: 'occupied', key, why: expect.stringContaining(why) });
  });
});
