import { expect, test } from '@jest/globals';
import { agentAway, allRestarted } from './testing/recovery/restarts.ts';
import { prepareRecovery } from './testing/recovery/story.ts';
import { recoveryText } from './testing/recovery/report.ts';
import { tell } from './testing/scene.ts';
import { labName, tracesOf } from './testing/traces.ts';

const settings = { deadNodeGrace: '4s', sandboxGrace: '1s' } as const;

test('agents that are killed, stopped or frozen cost nothing, and are up to date soon after', async () => {
  const name = labName('agents');
  await tell({ name, hosts: 3, store: 'etcd', underlay: 4, leaseTtl: '2s', settings }, async (scene) => {
    await prepareRecovery(scene);
    const stories = [
      () => allRestarted(scene),
      () => agentAway(scene, { how: 'stopped', seconds: 20 }),
      () => agentAway(scene, { how: 'frozen', seconds: 8 }),
    ];
    for (const story of stories) {
      const recovery = await story();
      process.stderr.write(`${recoveryText(recovery)}\n`);
      expect(recovery.complaints).toEqual([]);
    }
  });
  expect(tracesOf(name)).toEqual([]);
}, 120_000);
