import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { listFiles } from '../files.ts';
import { features, skipReason } from './features.ts';

test('a skipped test gives a known missing feature as its reason', () => {
  expect(skipReason('survives loss [needs netem]')).toContain('CONFIG_NET_SCH_NETEM');
  expect(skipReason('both [needs netem] [needs dummy]')).toContain('CONFIG_DUMMY');
});

test.each([
  'plain',
  '[needs money]',
  '[needs netem] [needs money]',
  'needs netem',
  '[needs toString]',
  '[needs constructor]',
])('%s is no reason to skip', (name) => {
  expect(skipReason(name)).toBeUndefined();
});

test('every test that may be skipped names a feature that is known', () => {
  const root = join(import.meta.dirname, '..', '..');
  const tests = listFiles(root).filter(
    (path) => path.endsWith('.test.ts') && !path.endsWith('features.test.ts'),
  );
  const named = tests.flatMap((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return [...text.matchAll(/\[needs ([^\]]*)\]/g)].map(([, feature = '']) => `${path}: ${feature}`);
  });
  expect(named.length).toBeGreaterThan(0);
  expect(named.filter((each) => !Object.hasOwn(features, each.split(': ')[1] ?? ''))).toEqual([]);
});
