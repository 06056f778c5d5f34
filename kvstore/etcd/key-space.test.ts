import { expect, test } from '@jest/globals';
import type { IKeyValue } from 'etcd3/lib/rpc.js';
import { KeySpace } from './key-space.ts';

const space = new KeySpace('weft/v1/');
const answer = Buffer.from('weft/v1/k:value;');
const kv = {
  key: answer.subarray(0, 9),
  value: answer.subarray(10, 15),
  mod_revision: '7',
  create_revision: '3',
} as IKeyValue;

test('an entry has a value of its own; one of a listing leaves it in the answer', () => {
  const expected = { key: 'k', value: Uint8Array.from(Buffer.from('value')), revision: 7, created: 3 };
  const [own, listed] = [space.entry(kv), space.listed(kv)];
  expect([own, listed]).toEqual([expected, expected]);
  expect([own.value.buffer.byteLength, listed.value.buffer === answer.buffer]).toEqual([5, true]);
});
