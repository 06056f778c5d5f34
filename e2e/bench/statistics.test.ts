import { expect, test } from '@jest/globals';
import { median, pairedRatio, percentile, spread } from './statistics.ts';

test('the median is the middle one, or the mean of the two in the middle, in whatever order they came', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([10, 1, 2, 100])).toBe(6);
  expect(median([3])).toBe(3);
  expect(median([])).toBeNaN();
});

test('a percentile is a value that was measured, by nearest rank', () => {
  const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
  expect(percentile(hundred, 99)).toBe(99);
  expect(percentile(hundred, 50)).toBe(50);
  expect(percentile([5, 1], 99)).toBe(5);
  expect(percentile([], 99)).toBeNaN();
});

test('a spread has the extremes', () => {
  expect(spread([4, 1, 3])).toEqual({ median: 3, p99: 4, least: 1, most: 4 });
});

test('numbers are compared as numbers', () => {
  expect(spread([100, 20, 3])).toEqual({ median: 20, p99: 100, least: 3, most: 100 });
});

test('a ratio compares what was measured in the same round', () => {
  // The machine was ten times slower in the second round; each round says 2.
  expect(pairedRatio([2, 20, 4], [1, 10, 2])).toBe(2);
  expect(pairedRatio([2, 20], [1])).toBe(2);
  expect(pairedRatio([], [])).toBeNaN();
});
