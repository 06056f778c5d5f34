import { describe, expect, test } from '@jest/globals';
import { startCapture, type Capture } from './lab/capture.ts';
import type { Frame } from './lab/frames.ts';
import type { Member } from './lab/members.ts';
import { mapBounded, waitFor } from './lab/wait.ts';
import { tell } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

/** What is chosen comes from the upper half: never an address that a story wants for itself. */
const subnets = [{ cidr: '10.7.0.0/24', range: '10.7.0.128/25' }, 'fd00:7::/64'];
const fixed = { addresses: ['10.7.0.50', 'fd00:7::50'] };

/** What everybody on the link is told of an address: an ARP reply to all (RFC 5227), an advertisement to all (RFC 4861). */
const announces =
  ({ mac }: Member, address: string) =>
  ({ source, destination, arp, ip }: Frame): boolean => {
    if (source !== mac) return false;
    if (arp !== undefined) {
      const { operation, sender, target } = arp;
      return (
        destination === 'ff:ff:ff:ff:ff:ff' &&
        operation === 'reply' &&
        [sender, target].every((a) => a === address)
      );
    }
    return destination === '33:33:00:00:00:01' && ip?.icmpType === 136 && ip.source === address;
  };

/** Waits until a talker has heard of every address of the mover since that many frames. */
async function heardOf(mover: Member, { host, capture, since }: Ear): Promise<void> {
  for (const address of mover.addresses) {
    const hasHeard = (): boolean => capture.frames().slice(since).some(announces(mover, address));
    await waitFor(`the talker of ${host} to hear of ${address} on ${mover.host}`, hasHeard, { within: 5000 });
  }
}

interface Ear {
  readonly host: string;
  readonly capture: Capture;
  /** So many frames had been heard before. */
  readonly since: number;
}

describe.each(['file', 'etcd'] as const)('on %s', (store) => {
  test('an address that is detached and attached elsewhere is announced and reachable each time, and leaves no entry behind', async () => {
    await tell({ name: labName('moves'), hosts: 3, store, underlay: 4 }, async (scene) => {
      await scene.declare('blue', { subnets });
      // Talkers on every host: wherever the mover is, one is beside it and two are across.
      for (const host of ['h1', 'h2', 'h3']) await scene.join(host, 'talker', 'blue');
      await scene.settled();
      const talkers = scene.hosts.map((host) => host.sandbox('talker'));
      const captures = await mapBounded(talkers, 3, ({ path }) =>
        startCapture(path, 'eth0', { filter: 'arp or icmp6' }),
      );
      const ears = (): readonly Ear[] =>
        scene.hosts.map(({ name }, n) => {
          const capture = captures[n]!;
          return { host: name, capture, since: capture.frames().length };
        });

      for (const place of ['h1', 'h2', 'h3', 'h1', 'h1', 'h2']) {
        const before = ears();
        const mover = await scene.join(place, 'mover', 'blue', fixed);
        expect(mover.addresses).toEqual(fixed.addresses);
        await mapBounded(before, 3, (ear) => heardOf(mover, ear));
        const pairs = talkers.flatMap((talker) => mover.addresses.map((address) => ({ talker, address })));
        await mapBounded(pairs, 6, ({ talker, address }) => {
          const reached = async (): Promise<boolean> => (await talker.ping(address)).reached;
          return waitFor(`${talker.host} to reach ${address} on ${place}`, reached, { within: 5000 });
        });
        const during = await scene.tablesAgree();
        expect(during.actual).toEqual(during.expected);

        await scene.leave(place, 'mover', 'blue');
        const without = await scene.tablesAgree();
        expect(without.actual).toEqual(without.expected);
        const pings = await mapBounded(pairs, 6, ({ talker, address }) => talker.ping(address));
        expect(pings.filter(({ reached }) => reached)).toEqual([]);
      }
      for (const capture of captures) await capture.stop();

      // The last endpoint that leaves a host takes everything of the network with it.
      expect(scene.host('h2').networkNamespaces()).toHaveLength(1);
      await scene.leave('h2', 'talker', 'blue');
      const none = (): boolean => scene.host('h2').networkNamespaces().length === 0;
      await waitFor('the namespace of blue to go from h2', none, { within: 10_000 });
      const { expected, actual } = await scene.tablesAgree();
      expect(actual).toEqual(expected);

      // And back again.
      await scene.join('h2', 'talker', 'blue');
      await scene.settled();
      expect(await scene.wrongPings()).toEqual([]);
    });
  }, 90_000);
});
