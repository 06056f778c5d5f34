import { expect, test } from '@jest/globals';
import { cutOffAndBack, cutOffAndCollected } from './testing/recovery/cut-off.ts';
import { agentAway, allRestarted } from './testing/recovery/restarts.ts';
import { prepareRecovery, type Recovery } from './testing/recovery/story.ts';
import { addressMoves } from './testing/recovery/moves.ts';
import { collectorDies } from './testing/recovery/node-dies.ts';
import { majorityApart, minorityApart } from './testing/recovery/partition.ts';
import { allRebooted } from './testing/recovery/reboot.ts';
import { addressChanges, linkFlaps, mtuChanges } from './testing/recovery/underlay.ts';
import { recoveryText } from './testing/recovery/report.ts';
import { tell } from './testing/scene.ts';
import { labName, tracesOf } from './testing/traces.ts';

const settings = { deadNodeGrace: '6s', sandboxGrace: '1s' } as const;

async function tellAll(stories: readonly (() => Promise<Recovery>)[]): Promise<void> {
  for (const story of stories) {
    const recovery = await story();
    process.stderr.write(`${recoveryText(recovery)}\n`);
    expect(recovery.complaints).toEqual([]);
  }
}

const agents = (name: string) =>
  ({ name, hosts: 3, store: 'etcd', underlay: 4, leaseTtl: '2s', settings }) as const;

test('agents that are killed, stopped or frozen cost nothing, and are up to date soon after', async () => {
  const name = labName('agents');
  await tell(agents(name), async (scene) => {
    await prepareRecovery(scene);
    await tellAll([
      () => allRestarted(scene),
      () => agentAway(scene, { how: 'stopped', seconds: 20, comers: 50 }),
      () => agentAway(scene, { how: 'frozen', seconds: 7, comers: 12 }),
    ]);
  });
  expect(tracesOf(name)).toEqual([]);
}, 120_000);

test('a node that is cut off is back as it was; one that was collected puts back what it had', async () => {
  const name = labName('cutoff');
  await tell(agents(name), async (scene) => {
    await prepareRecovery(scene);
    await tellAll([() => cutOffAndBack(scene), () => cutOffAndCollected(scene), () => collectorDies(scene)]);
  });
  expect(tracesOf(name)).toEqual([]);
}, 120_000);

test('hosts that are apart from the store do nothing, and those who are with it only what they may', async () => {
  const name = labName('apart');
  await tell({ ...agents(name), hosts: 5, underlay: 6 }, async (scene) => {
    await prepareRecovery(scene);
    await tellAll([() => minorityApart(scene), () => majorityApart(scene)]);
  });
  expect(tracesOf(name)).toEqual([]);
}, 150_000);

test.each([4, 6] as const)(
  'the underlay over IPv%i may change under running agents',
  async (underlay) => {
    const name = labName('underlay');
    await tell({ ...agents(name), underlay }, async (scene) => {
      await prepareRecovery(scene);
      await tellAll([() => addressChanges(scene), () => mtuChanges(scene), () => linkFlaps(scene)]);
    });
    expect(tracesOf(name)).toEqual([]);
  },
  120_000,
);

test('an address moves', async () => {
  const name = labName('moving');
  await tell(agents(name), async (scene) => {
    await prepareRecovery(scene);
    await tellAll([() => addressMoves(scene, 20), () => allRebooted(scene)]);
  });
  expect(tracesOf(name)).toEqual([]);
}, 120_000);
