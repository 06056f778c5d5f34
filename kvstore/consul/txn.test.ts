import { expect, test } from '@jest/globals';
import { encodeText, type Condition, type Lease, type Op } from '../store.ts';
import { KeySpace } from './key-space.ts';
import { encodeTxn, mostOps, type Holders, type Plan } from './txn.ts';

const lease: Lease = { ttl: 15_000, lost: new AbortController().signal, revoke: async () => undefined };
const put = (key: string, under?: Lease): Op => ({
  kind: 'put',
  key,
  value: encodeText('x'),
  ...(under === undefined ? {} : { lease: under }),
});
const remove = (key: string): Op => ({ kind: 'delete', key });
const absent = (key: string): Condition => ({ kind: 'absent', key });

const encode = (conditions: readonly Condition[], ops: readonly Op[], holders: Holders = new Map()): Plan =>
  encodeTxn(conditions, ops, holders, { space: new KeySpace('p/'), idOf: () => 'ours', flags: 9 });

/** One line for each operation: role, verb, key, and the session or index it names. */
const lines = ({ steps }: Plan): readonly string[] =>
  steps.map(({ role, op: { Verb, Key, Session, Index } }) =>
    [role, Verb, Key, Session ?? Index].filter((word) => word !== undefined).join(' '),
  );

test('conditions come first, so that they see the store as it was', () => {
  const plan = encode([absent('a'), { kind: 'unchanged', key: 'b', revision: 7 }], [put('a'), remove('b')]);
  expect(lines(plan)).toEqual([
    'condition check-not-exists p/a',
    'condition check-index p/b 7',
    'write set p/a',
    'write delete p/b',
  ]);
  expect(plan.steps[2]?.op).toMatchObject({ Value: 'eA==', Flags: 9 });
});

test('a plain put asks afterwards whether a session holds the key, unless the key was absent', () => {
  expect(lines(encode([absent('new')], [put('new'), put('old')]))).toEqual([
    'condition check-not-exists p/new',
    'write set p/new',
    'write set p/old',
    'hold check-session p/old ',
  ]);
});

test('a put under a lease takes the key, also from another session that is known', () => {
  expect(lines(encode([], [put('a', lease)]))).toEqual(['hold lock p/a ours']);
  expect(lines(encode([], [put('a', lease)], new Map([['a', 'ours']])))).toEqual(['hold lock p/a ours']);
  expect(lines(encode([], [put('a', lease)], new Map([['a', 'theirs']])))).toEqual([
    'hold unlock p/a theirs',
    'hold lock p/a ours',
  ]);
});

test('a plain put takes the key from a session that is known', () => {
  expect(lines(encode([], [put('a')], new Map([['a', 'theirs']])))).toEqual(['hold unlock p/a theirs']);
});

test('deletions alone write our own key as well, so that they have a revision', () => {
  expect(lines(encode([absent('b')], [remove('a')]))).toEqual([
    'condition check-not-exists p/b',
    'write delete p/a',
    'write set p/ mark',
  ]);
  expect(lines(encode([], [remove('a'), put('b', lease)]))).not.toContain('write set p/ mark');
  expect(lines(encode([absent('b')], []))).toEqual(['condition check-not-exists p/b']);
});

test('where there is no room to ask, the holders have to be looked up before', () => {
  const ops = Array.from({ length: mostOps - 1 }, (_, n) => put(`k${n}`));
  const plan = encode([], ops);
  expect(plan.steps.length).toBe(mostOps);
  expect(plan.unknown).toEqual(ops.slice(1).map(({ key }) => key));
  const looked = encode([], ops, new Map(plan.unknown.map((key) => [key, undefined])));
  expect([looked.steps.length, looked.unknown]).toEqual([mostOps, []]);
});
