import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseStoreUrl } from '../url.ts';
import { isNestedStore, isSameStore } from './same-store.ts';

test.each([
  ['file:///a.db', 'file:///a.db', true],
  ['file:///a.db', 'file:///b.db', false],
  ['file:///a.db', 'etcd://a', false],
  ['etcd://a', 'file:///a.db', false],
  ['etcd://a,b', 'etcd://c,B:2379', true],
  ['etcd://a,b', 'etcd://c,b:2380', false],
  ['etcd://a/x', 'etcd://a/y', false],
  ['etcd://a/weft/v1/', 'etcd://a', true],
])('%s and %s: the same store: %p', (a, b, same) => {
  expect(isSameStore(parseStoreUrl(a), parseStoreUrl(b))).toBe(same);
});

test.each([
  ['etcd://a/x', 'etcd://a/x/sub', true],
  ['etcd://a/x/sub/', 'etcd://b,a:2379/x', true],
  ['consul://a', 'consul://a/weft/v1/old', true],
  ['etcd://a/x', 'etcd://a/x', false],
  ['etcd://a/x', 'etcd://a/xy', false],
  ['etcd://a/x', 'etcd://b/x/sub', false],
  ['etcd://a/x', 'consul://a/x/sub', false],
  ['file:///a.db', 'file:///a.db', false],
])('%s and %s: one inside the other: %p', (a, b, nested) => {
  expect(isNestedStore(parseStoreUrl(a), parseStoreUrl(b))).toBe(nested);
});

test('a link to the file is the file', () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-same-'));
  try {
    const [file, link] = [join(directory, 'a.db'), join(directory, 'b.db')];
    writeFileSync(file, '');
    symlinkSync(file, link);
    expect(isSameStore(parseStoreUrl(`file://${file}`), parseStoreUrl(`file://${link}`))).toBe(true);
  } finally {
    rmSync(directory, { recursive: true });
  }
});
