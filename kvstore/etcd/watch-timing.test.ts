import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { delay } from './watch-timing.ts';

const fraction = fc.double({ min: 0, max: 0.999, noNaN: true });

test('a retry is never at once, waits longer each time, and never longer than two seconds', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1000 }), fraction, (failures, f) => {
      const wait = delay('retry', failures, f);
      expect(wait).toBeGreaterThanOrEqual(50);
      expect(wait).toBeLessThanOrEqual(2000);
      expect(delay('retry', failures + 1, f)).toBeGreaterThanOrEqual(wait);
    }),
  );
});

test('comparisons of watches that began together drift apart', () => {
  expect(delay('check', 0, 0.9) - delay('check', 0, 0)).toBeGreaterThan(120_000);
});
