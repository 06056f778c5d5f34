import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { startFlow } from './lab/flow.ts';
import { mapBounded, waitFor } from './lab/wait.ts';
import { judged } from './testing/judged.ts';
import { pairsOf, prepareRecovery } from './testing/recovery/story.ts';
import { tell } from './testing/scene.ts';
import { labName, tracesOf } from './testing/traces.ts';
import { Traffic } from './testing/traffic.ts';

const name = labName('crosstalk');

/**
 * Of the lab, not of the product: its hosts share a kernel, and answer pings by the same few sockets. What one of them cannot send must
 * not keep the others from answering.
 */
test('answers that wait at a host whose cable was out cost nobody else a ping', async () => {
  await tell({ hosts: 3, underlay: 4, name, store: 'file' }, async (scene) => {
    await prepareRecovery(scene);
    const [h3, askers] = [scene.host('h3'), ['h1', 'h2'].map((host) => scene.member(host, 'c1'))];
    const asked = scene.member('h3', 'c1').addresses.find((ip) => ip.includes(':')) ?? '';
    for (const seconds of [2.2, 2.45]) {
      await using traffic = await Traffic.start(scene.members, 'once');
      await using stack = new AsyncDisposableStack();
      const many = [1, 2, 3, 4, 5, 6].flatMap(() => askers);
      const flows = await mapBounded(many, many.length, async ({ path }) =>
        stack.use(await startFlow(path, asked, { perSecond: 112 })),
      );
      await h3.cable('down');
      await sleep(seconds * 1000);
      const before = flows.map((flow) => flow.received);
      await h3.cable('up');
      const isBack = (): boolean => flows.every((flow, index) => flow.received > (before[index] ?? 0) + 20);
      await waitFor('h3 to answer again', isBack, { within: 20_000 });
      expect(judged(await traffic.stop(), pairsOf('h3')).lost).toEqual([]);
    }
  });
  expect(tracesOf(name)).toEqual([]);
}, 120_000);
