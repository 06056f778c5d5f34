import { expect, test } from '@jest/globals';
import { defaultSteps, simulate } from './run.ts';

/** Schedules in one test, so that a failure names its seed early. */
const batch = 50;

test.each(Array.from({ length: 4 }, (_, index) => 1 + index * batch))(
  `schedules from seed %i on keep every promise, at each step and when all is quiet`,
  async (first) => {
    for (let seed = first; seed < first + batch; seed += 1) {
      const { failures, story } = await simulate({ seed, steps: defaultSteps });
      if (failures.length > 0) throw new Error(`seed ${seed}: ${failures.join('\n')}\n\n${story.join('\n')}`);
    }
  },
);

test('one seed is one story', async () => {
  const [one, other] = [await simulate({ seed: 7, steps: 25 }), await simulate({ seed: 7, steps: 25 })];
  expect(one.story).toEqual(other.story);
  expect(one.story.length).toBeGreaterThan(25);
  const next = await simulate({ seed: 8, steps: 25 });
  expect(next.story).not.toEqual(one.story);
});
