import { expect, test } from '@jest/globals';
import { chapters } from './testing/recovery/all.ts';
import { recoveryText } from './testing/recovery/report.ts';
import { prepareRecovery } from './testing/recovery/story.ts';
import { tell } from './testing/scene.ts';
import { labName, tracesOf } from './testing/traces.ts';

const told = chapters({
  absences: [
    { how: 'killed', seconds: 20, comers: 50 },
    { how: 'frozen', seconds: 7, comers: 12 },
  ],
  // A machine that has other work stands still now and then; what is slow by itself is so each time.
  moves: { times: 20, stalls: 4 },
});
const settings = { deadNodeGrace: '8s', sandboxGrace: '1s' } as const;

test.each(told.map((chapter, index) => ({ ...chapter, name: labName(`recovery${index}x`) })))(
  '$title',
  async ({ name, lab, stories }) => {
    await tell({ ...lab, name, store: 'etcd', leaseTtl: '2s', settings }, async (scene) => {
      await prepareRecovery(scene);
      for (const story of stories) {
        const recovery = await story(scene);
        process.stderr.write(`${recoveryText(recovery)}\n`);
        expect(recovery.complaints).toEqual([]);
      }
    });
    expect(tracesOf(name)).toEqual([]);
  },
  300_000,
);
