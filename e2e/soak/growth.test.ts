import { expect, test } from '@jest/globals';
import { judgeGrowth } from './growth.ts';

test('what rises while it warms up and then stays does not grow', () => {
  expect(judgeGrowth([50, 70, 90, 91, 90, 92, 91, 90, 92, 91, 90, 91], 5)).toMatchObject({ grows: false });
});

test('what rises all the time grows', () => {
  const leak = Array.from({ length: 16 }, (_, i) => 80 + 5 * i);
  expect(judgeGrowth(leak, 5)).toEqual({ early: 107.5, late: 147.5, grows: true });
});

test('a rise within the slack is none', () => {
  expect(judgeGrowth([20, 20, 20, 20, 20, 20, 24, 24], 2).grows).toBe(false);
  expect(judgeGrowth([20, 20, 20, 20, 20, 20, 26, 26], 2).grows).toBe(true);
});

test('too few readings say nothing', () => {
  expect(judgeGrowth([1, 2, 3, 4, 5, 6, 70], 0).grows).toBe(false);
});
