import { expect, test } from '@jest/globals';
import { skipReason } from './features.ts';

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
