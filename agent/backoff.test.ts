import { expect, test } from '@jest/globals';
import { Backoff } from './backoff.ts';

test('waits double up to the most, and half of each is random', () => {
  const waits = (random: number): number[] => {
    const backoff = new Backoff(200, 5000, () => random);
    return [1, 2, 3, 6, 7, 1000].map((failures) => backoff.delay(failures));
  };
  expect(waits(0)).toEqual([100, 200, 400, 2500, 2500, 2500]);
  expect(waits(0.5)).toEqual([150, 300, 600, 3750, 3750, 3750]);
});
