import { describe, expect, test } from '@jest/globals';
import { waitFor } from './lab/wait.ts';
import { tell } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

/** What is chosen comes from the upper half: never an address that a story wants for itself. */
const subnets = [{ cidr: '10.7.0.0/24', range: '10.7.0.128/25' }, 'fd00:7::/64'];
const fixed = { addresses: ['10.7.0.50', 'fd00:7::50'] };

describe.each(['file', 'etcd'] as const)('on %s', (store) => {
  test('an address that is detached and attached elsewhere is reachable each time, and leaves no entry behind', async () => {
    await tell({ name: labName('moves'), hosts: 3, store, underlay: 4 }, async (scene) => {
      await scene.declare('blue', { subnets });
      // Talkers on every host: wherever the mover is, one is beside it and two are across.
      for (const host of ['h1', 'h2', 'h3']) await scene.join(host, 'talker', 'blue');
      await scene.settled();

      for (const place of ['h1', 'h2', 'h3', 'h1', 'h1', 'h2']) {
        const mover = await scene.join(place, 'mover', 'blue', fixed);
        expect(mover.addresses).toEqual(fixed.addresses);
        for (const talker of scene.hosts.map((host) => host.sandbox('talker'))) {
          for (const address of mover.addresses) {
            const reached = async (): Promise<boolean> => (await talker.ping(address)).reached;
            await waitFor(`${talker.host} to reach ${address} on ${place}`, reached, { within: 5000 });
          }
        }
        const during = await scene.tablesAgree();
        expect(during.actual).toEqual(during.expected);

        await scene.leave(place, 'mover', 'blue');
        const without = await scene.tablesAgree();
        expect(without.actual).toEqual(without.expected);
        for (const talker of scene.hosts.map((host) => host.sandbox('talker'))) {
          expect((await talker.ping(mover.addresses[0]!)).reached).toBe(false);
        }
      }
    });
  }, 90_000);

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
