import { expect, test } from '@jest/globals';
import type { KvItem } from './kv.ts';
import { KeySpace } from './key-space.ts';

const space = new KeySpace('weft/v1/');
const item = (Key: string, Value: Buffer | null = Buffer.from('x')): KvItem => ({
  Key,
  Value,
  CreateIndex: 3,
  ModifyIndex: 7,
});

test.each(['', 'cluster', 'net/1/', 'net/1/claim/address/10.0.0.1', 'k..', '.k', '...', 'a/.b'])(
  '%j has a name on the server',
  (key) => {
    expect(space.absolute(key)).toBe(`weft/v1/${key}`);
  },
);

test.each(['..', '.', 'networks/..', 'a/../b', './a', 'a//b', '/a', 'a/./b', 'a/.'])(
  '%j has none, which is told',
  (key) => {
    const name = (): unknown => space.absolute(key);
    expect(name).toThrow(expect.objectContaining({ code: 'STORE_LIMIT' }));
    expect(name).toThrow(`key weft/v1/${key} `);
  },
);

test('entries are relative to the prefix; our own keys and those that none of the port could be are left out', () => {
  const own = [space.identity, space.mark, space.never].map((key) => item(key));
  const items = [...own, item('weft/v1/a b'), item('weft/v1/ä'), item('weft/v1/k')];
  expect(space.entries(items)).toEqual([
    { key: 'k', value: Uint8Array.from([0x78]), revision: 7, created: 3 },
  ]);
  expect(space.entries([item('weft/v1/k', null)])).toEqual([
    { key: 'k', value: new Uint8Array(), revision: 7, created: 3 },
  ]);
});

test('a value has bytes of its own', () => {
  const memory = Buffer.from('abc');
  const { value } = space.entry(item('weft/v1/k', memory.subarray(1, 2)));
  memory.fill(0);
  expect([...value]).toEqual([0x62]);
  expect(value.buffer.byteLength).toBe(1);
});

test('values of a listing stay where they are', () => {
  const memory = Buffer.from('abc');
  const [entry] = space.entries([item('weft/v1/k', memory.subarray(1, 2))]);
  expect([...(entry?.value ?? [])]).toEqual([0x62]);
  expect(entry?.value.buffer).toBe(memory.buffer);
});
