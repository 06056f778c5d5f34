import { describe, expect, test } from '@jest/globals';
import { waitFor } from './lab/wait.ts';
import { addressMoves } from './testing/recovery/moves.ts';
import { recoveryText } from './testing/recovery/report.ts';
import { prepareRecovery } from './testing/recovery/story.ts';
import { tell } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

const subnets = ['10.7.0.0/24', 'fd00:7::/64'];

test('on a file, an address that moves is reachable soon each time, and leaves no entry behind', async () => {
  await tell({ name: labName('moves'), hosts: 3, store: 'file', underlay: 4 }, async (scene) => {
    await prepareRecovery(scene);
    const recovery = await addressMoves(scene, { times: 8, stalls: 1 });
    process.stderr.write(`${recoveryText(recovery)}\n`);
    expect(recovery.complaints).toEqual([]);
  });
}, 90_000);

describe.each(['file', 'etcd'] as const)('on %s', (store) => {
  test('the last endpoint that leaves a host takes everything of the network with it', async () => {
    await tell({ name: labName('last'), hosts: 2, store, underlay: 4 }, async (scene) => {
      await scene.declare('blue', { subnets });
      await scene.join('h1', 'c1', 'blue');
      await scene.join('h2', 'c1', 'blue');
      await scene.settled();
      expect(await scene.wrongPings()).toEqual([]);
      expect(scene.host('h2').networkNamespaces()).toHaveLength(1);
      await scene.leave('h2', 'c1', 'blue');
      const none = (): boolean => scene.host('h2').networkNamespaces().length === 0;
      await waitFor('the namespace of blue to go from h2', none, { within: 10_000 });
      const { expected, actual } = await scene.tablesAgree();
      expect(actual).toEqual(expected);

      // And back again.
      await scene.join('h2', 'c1', 'blue');
      await scene.settled();
      expect(await scene.wrongPings()).toEqual([]);
    });
  }, 60_000);
});
