import { expect, test } from '@jest/globals';
import { keysPerPage } from './list.ts';

const kvs = (count: number, bytes: number): readonly { key: Uint8Array; value: Uint8Array }[] =>
  Array.from({ length: count }, () => ({ key: new Uint8Array(50), value: new Uint8Array(bytes - 50) }));

test('a page has a few megabytes of what the one before was made of', () => {
  expect(keysPerPage(kvs(1000, 300))).toBe(10_485);
  expect(keysPerPage(kvs(1000, 3000))).toBe(1048);
});

test('a page is neither tiny nor endless, however large the values are', () => {
  expect(keysPerPage(kvs(100, 65_536))).toBe(100);
  expect(keysPerPage(kvs(1000, 60))).toBe(20_000);
});
