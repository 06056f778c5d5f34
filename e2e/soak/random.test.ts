import { expect, test } from '@jest/globals';
import { Random } from './random.ts';

test('the same seed gives the same numbers, another one others, all from 0 to below 1', () => {
  const numbers = (seed: number): number[] => {
    const random = new Random(seed);
    return Array.from({ length: 1000 }, () => random.next());
  };
  expect(numbers(7)).toEqual(numbers(7));
  expect(numbers(7)).not.toEqual(numbers(8));
  expect(numbers(7).every((n) => n >= 0 && n < 1)).toBe(true);
  expect(new Set(numbers(7)).size).toBeGreaterThan(990);
});

test('picks each, and none of nothing', () => {
  const random = new Random(1);
  expect(new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b', 'c'])))).toEqual(
    new Set(['a', 'b', 'c']),
  );
  expect(random.pick<string>([])).toBeUndefined();
});

test('weights count', () => {
  const random = new Random(1);
  const weights = [
    [9, 'often'],
    [1, 'seldom'],
    [0, 'never'],
  ] as const;
  const picked: unknown[] = [];
  for (let n = 0; n < 1000; n += 1) picked.push(random.weighted(weights));
  const seldom = picked.filter((what) => what === 'seldom').length;
  expect(seldom).toBeGreaterThan(50);
  expect(seldom).toBeLessThan(200);
  expect(picked).not.toContain('never');
});
