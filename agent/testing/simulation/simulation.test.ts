import { expect, test } from '@jest/globals';
import { defaultSteps, simulate } from './run.ts';

/** Schedules in one test. */
const batch = 50;
const batches = 10;

const ordinary = Array.from({ length: batches }, (_, index) => [1 + index * batch, '', false] as const);
const lossy = Array.from(
  { length: 2 },
  (_, index) => [1 + index * batch, ' with stores that are lost', true] as const,
);

test.each([...ordinary, ...lossy])(
  'schedules from seed %i on%s keep every promise, at each step and when all is quiet',
  async (first, _, disasters) => {
    for (let seed = first; seed < first + batch; seed += 1) {
      const { failures, story } = await simulate({ seed, steps: defaultSteps, disasters });
      if (failures.length > 0) throw new Error(`seed ${seed}: ${failures.join('\n')}\n\n${story.join('\n')}`);
    }
  },
);

test('one seed is one story, and another seed another one', async () => {
  const one = await simulate({ seed: 7, steps: 25, withLog: true });
  const again = await simulate({ seed: 7, steps: 25, withLog: true });
  expect(again.story).toEqual(one.story);
  expect(one.story.length).toBeGreaterThan(25);
  const other = await simulate({ seed: 8, steps: 25, withLog: true });
  expect(other.story).not.toEqual(one.story);
});
