import { expect, test } from '@jest/globals';
import { describeFailure, exhaust } from './testing/exhaustion/exhaust.ts';
import { tell } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

const wish = { seed: 6, bits: 6, workers: 8, storm: { fill: 3500, release: 1000 } };

test.each(['file', 'etcd', 'consul'] as const)(
  'on %s 24 clients of three agents give out every address once and take all back, whatever is killed or cut off meanwhile',
  async (store) => {
    await tell({ name: labName(`full${store}`), hosts: 3, store, underlay: 4 }, async (scene) => {
      const exhausted = await exhaust(scene, wish);
      if (exhausted.wrong.length > 0) throw new Error(describeFailure(exhausted));
      const { counts, troubles, looks, room, seconds } = exhausted;
      process.stderr.write(
        `exhaustion on ${store}: ${JSON.stringify({ counts, troubles, looks, seconds })}\n`,
      );
      expect(counts.attached).toBeGreaterThanOrEqual(room);
      expect(counts.detached).toBe(counts.attached);
      expect(Math.min(counts.exhausted, counts.reserved, counts.repeated)).toBeGreaterThan(0);
      expect(Math.min(troubles.killed, troubles.cut, looks)).toBeGreaterThan(0);
    });
  },
  120_000,
);
