import { expect, test } from '@jest/globals';
import { operations } from './operations.ts';
import { describePoint, pointsOf } from './point.ts';
import { walk } from './walk.ts';

test.each(operations.map((operation) => [operation.name, operation] as const))(
  '%s: interrupted at any place, nothing is lost or left over, and the same call has the same answer',
  async (_, operation) => {
    const { counts, failures, answer, story } = await walk(operation);
    if (failures.length > 0) throw new Error(`undisturbed: ${failures.join('\n')}\n\n${story.join('\n')}`);
    expect(counts).toEqual(operation.counts);
    for (const point of pointsOf(counts)) {
      const walked = await walk(operation, point, answer);
      const what = `${operation.name}, ${describePoint(point)}`;
      if (walked.failures.length > 0)
        throw new Error(`${what}: ${walked.failures.join('\n')}\n\n${walked.story.join('\n')}`);
      expect([what, walked.isReached]).toEqual([what, true]);
    }
  },
);
