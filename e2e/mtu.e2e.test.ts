import { describe, expect, test } from '@jest/globals';
import type { NodeJson } from '../api/schemas/node.ts';
import { activeNetwork, call } from './lab/call.ts';
import { startCapture } from './lab/capture.ts';
import type { Member } from './lab/members.ts';
import { mustRunIn } from './lab/netns.ts';
import { readLinks } from './lab/tables.ts';
import { waitFor } from './lab/wait.ts';
import { tell, type Scene } from './testing/scene.ts';
import { labName } from './testing/traces.ts';
import { transfer } from './testing/transfer.ts';

/** Bytes of an IP header and the ICMP header behind it. */
const headers = (address: string): number => (address.includes(':') ? 48 : 28);

/** Bytes in front of an IP packet. */
const ethernetHeader = 14;

/** Waits until the network and every interface of it have this MTU, and nobody has to be restarted for it. */
async function expectMtu(scene: Scene, mtu: number): Promise<void> {
  for (const host of scene.hosts) {
    const network = scene.network('blue');
    const path = host.networkNamespace(network.id);
    const agreed = async (): Promise<true> => {
      const told = (await activeNetwork(host, 'blue'))?.mtu;
      const inside = (await readLinks(path)).filter((link) => link.name !== 'lo');
      const ends = (await readLinks(host.sandbox('c1').path)).filter((link) => link.name === 'eth0');
      const all = [told, ...[...inside, ...ends].map((link) => link.mtu)];
      if (all.length === 5 && all.every((each) => each === mtu)) return true;
      throw new Error(`${host.name} has ${all.join(', ')}`);
    };
    await waitFor(`${host.name} to have an MTU of ${mtu} everywhere`, agreed, { within: 20_000, every: 100 });
  }
}

/** A packet of exactly the MTU passes whole, one byte more does not. */
async function expectExact(from: Member, to: Member, mtu: number, scene: Scene): Promise<void> {
  const sandbox = scene.host(from.host).sandbox(from.sandbox);
  for (const address of to.addresses) {
    const size = mtu - headers(address);
    expect([address, (await sandbox.ping(address, { size, whole: true, count: 3 })).received]).toEqual([
      address,
      3,
    ]);
    expect((await sandbox.ping(address, { size: size + 1, whole: true })).reached).toBe(false);
  }
}

/** Between the hosts the packets of a transfer are as long as the MTU allows, and none is in pieces. */
async function expectWhole(from: Member, to: Member, mtu: number, scene: Scene): Promise<void> {
  // Otherwise the kernel hands many segments as one packet from cable to cable, which no real one would carry.
  await mustRunIn(from.path, ['ip', 'link', 'set', 'dev', 'eth0', 'gso_max_segs', '1']);
  await using wire = await startCapture(scene.host(to.host).path, 'eth1');
  for (const address of to.addresses) {
    const { sent, arrived } = await transfer(from, to, address, 2_000_000);
    expect(arrived).toBe(sent);
  }
  const sender = scene.host(from.host).address;
  // On a busy machine it misses some; hundreds are enough.
  const packets = wire.frames().flatMap(({ ip }) => (ip?.source === sender ? [ip] : []));
  const fragmentHeader = 44;
  const pieces = packets.filter(({ protocol, vxlan }) => {
    return protocol === fragmentHeader || (protocol === 17 && vxlan === undefined);
  });
  expect(pieces).toEqual([]);
  for (const address of to.addresses) {
    const inner = packets.flatMap(({ vxlan }) => {
      return vxlan?.inner.ip?.destination === address ? [vxlan.inner.bytes - ethernetHeader] : [];
    });
    expect([address, Math.max(...inner)]).toEqual([address, mtu]);
    expect(inner.filter((bytes) => bytes === mtu).length).toBeGreaterThan(200);
  }
}

/** Changes the MTU of a host's underlay interface and waits until every agent knows. */
async function followed(scene: Scene, name: string, mtu: number): Promise<void> {
  await scene.host(name).setMtu(mtu);
  for (const host of scene.hosts) {
    const knows = async (): Promise<boolean> => {
      const nodes = await call<readonly NodeJson[]>(host, 'GET', '/v1/nodes');
      return nodes.some((node) => node.name === name && node.mtu === mtu);
    };
    await waitFor(`${host.name} to know of the MTU of ${name}`, knows, { within: 20_000 });
  }
}

async function join(scene: Scene): Promise<void> {
  await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
  for (const host of scene.hosts) await scene.join(host.name, 'c1', 'blue');
  await scene.settled();
}

describe.each([
  [4, 50],
  [6, 70],
] as const)('over IPv%i, which takes %i bytes', (underlay, overhead) => {
  test('an underlay of 1500 carries 100 MB in full-size segments, and a packet of the MTU and no more', async () => {
    await tell({ name: labName('mtu'), hosts: 2, store: 'file', underlay }, async (scene) => {
      await join(scene);
      const mtu = 1500 - overhead;
      await expectMtu(scene, mtu);
      const [a, b] = [scene.member('h1', 'c1'), scene.member('h2', 'c1')];
      await expectExact(a, b, mtu, scene);
      for (const address of b.addresses) {
        const { sent, arrived, segment } = await transfer(a, b, address, 100_000_000);
        expect([address, arrived]).toEqual([address, sent]);
        // Headers of 20 (IPv4) or 40 (IPv6) and 20 bytes (TCP), and 12 of time stamps (RFC 7323).
        expect([address, segment]).toEqual([address, mtu - (address.includes(':') ? 72 : 52)]);
      }
      await expectWhole(a, b, mtu, scene);
    });
  }, 90_000);

  test('underlays of 9000, 1400 and mixed are followed by running agents', async () => {
    const wish = { name: labName('mixed'), hosts: 2, store: 'file', underlay, mtu: 9000 } as const;
    await tell(wish, async (scene) => {
      await join(scene);
      const [a, b] = [scene.member('h1', 'c1'), scene.member('h2', 'c1')];
      await expectMtu(scene, 9000 - overhead);
      await expectExact(a, b, 9000 - overhead, scene);

      await scene.host('h2').setMtu(1400);
      await expectMtu(scene, 1400 - overhead);
      await expectExact(a, b, 1400 - overhead, scene);

      await followed(scene, 'h1', 1400);
      await followed(scene, 'h2', 9000);
      await expectMtu(scene, 1400 - overhead);
      await expectExact(b, a, 1400 - overhead, scene);
    });
  }, 90_000);
});

test('a declared MTU is taken as it is, and a later declaration changes it under live endpoints', async () => {
  await tell({ name: labName('fixed'), hosts: 2, store: 'file', underlay: 4 }, async (scene) => {
    const subnets = ['10.7.0.0/24', 'fd00:7::/64'];
    await scene.declare('blue', { subnets, mtu: 1300 });
    for (const host of scene.hosts) await scene.join(host.name, 'c1', 'blue');
    await scene.settled();
    await expectMtu(scene, 1300);
    await scene.declare('blue', { subnets, mtu: 1400 });
    await expectMtu(scene, 1400);
    await expectExact(scene.member('h1', 'c1'), scene.member('h2', 'c1'), 1400, scene);
  });
}, 60_000);
