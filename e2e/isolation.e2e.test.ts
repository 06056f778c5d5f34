import { expect, test } from '@jest/globals';
import { startCapture } from './lab/capture.ts';
import type { Frame } from './lab/frames.ts';
import type { Member } from './lab/members.ts';
import { mapBounded } from './lab/wait.ts';
import { tell, type Scene } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

const subnets = ['10.7.0.0/24', 'fd00:7::/64'];

/** Two networks with the same subnet: blue has 11, 12, 13 and a bystander 20; green has 11, 12 as well, and 14. */
async function attachAll(scene: Scene): Promise<void> {
  await scene.declare('blue', { subnets, allowOverlap: true });
  await scene.declare('green', { subnets, allowOverlap: true });
  const at = (n: number) => ({ addresses: [`10.7.0.${n}`, `fd00:7::${n}`] });
  await scene.join('h1', 'b1', 'blue', at(11));
  await scene.join('h2', 'b2', 'blue', at(12));
  await scene.join('h3', 'b3', 'blue', at(13));
  await scene.join('h2', 'bystander', 'blue', at(20));
  await scene.join('h1', 'g1', 'green', at(11));
  await scene.join('h2', 'g2', 'green', at(12));
  await scene.join('h3', 'g4', 'green', at(14));
  await scene.settled();
}

test.each([4, 6] as const)(
  'two networks with the same subnet do not see each other, over an IPv%s underlay, and nothing is flooded',
  async (underlay) => {
    await tell({ name: labName('iso'), hosts: 3, store: 'file', underlay }, async (scene) => {
      await attachAll(scene);
      const hosts = scene.hosts;
      const wires = await mapBounded(hosts, 3, (host) => startCapture(host.path, 'eth1'));
      const bystander = scene.member('h2', 'bystander');
      const stands = await startCapture(bystander.path, 'eth0');

      expect(await scene.wrongPings(scene.members.filter((member) => member !== bystander))).toEqual([]);

      // Addresses that nobody has: the questions about them stay on their host.
      const [h1, h2] = [scene.host('h1'), scene.host('h2')];
      for (const nobody of ['10.7.0.99', 'fd00:7::99']) {
        expect((await h1.sandbox('b1').ping(nobody)).reached).toBe(false);
      }

      // Frames to a MAC that nobody has, past every question: they go nowhere, neither on the wire nor to a neighbour.
      for (const sandbox of [h1.sandbox('b1'), h2.sandbox('b2')]) {
        for (const nobody of ['10.7.0.98', 'fd00:7::98']) {
          await sandbox.mustRun(['ip', 'neigh', 'add', nobody, 'lladdr', unknownMac, 'dev', 'eth0']);
          expect(await sandbox.ping(nobody)).toMatchObject({ sent: 1, reached: false, why: '' });
        }
      }

      // Frames sent on purpose, so that silence means something: to the bystander, and from host to host.
      for (const address of bystander.addresses) {
        expect((await h1.sandbox('b1').ping(address)).reached).toBe(true);
      }
      const fence = (frame: Frame): boolean => frame.ip?.icmpType !== undefined;
      for (const host of hosts) {
        const next = hosts[host.number % hosts.length]!;
        expect((await host.run(['ping', '-c1', '-W1', '-n', next.address])).code).toBe(0);
      }
      await mapBounded(wires, 3, (wire) => wire.waitFor('a ping between hosts', fence));
      const last = bystander.addresses.at(-1);
      await stands.waitFor('a ping to the bystander', ({ ip }) => ip?.destination === last);

      const seen = (await mapBounded(wires, 3, (wire) => wire.stop())).flat();
      expect(seen.filter((frame) => !fence(frame)).flatMap(strangeOnTheWire(scene))).toEqual([]);
      expect(seen.filter((frame) => frame.ip?.vxlan !== undefined).length).toBeGreaterThan(50);

      const unicast = (await stands.stop()).filter((frame) => (parseInt(frame.destination, 16) & 1) === 0);
      const [own, others] = [true, false].map((mine) =>
        unicast.filter(
          (frame) => [frame.destination, frame.source].includes(bystander.mac as never) === mine,
        ),
      );
      expect(own?.length).toBeGreaterThan(0);
      expect(others).toEqual([]);
      expect(h2.networkNamespaces()).toHaveLength(2);
      await expectOwn(scene);
    });
  },
  60_000,
);

const unknownMac = '02:57:00:00:00:98';

/** b1 and g1 have the same addresses and the same MAC on one host: what is sent to the one does not come to the other. */
async function expectOwn(scene: Scene): Promise<void> {
  const [b1, g1] = [scene.member('h1', 'b1'), scene.member('h1', 'g1')];
  expect([g1.mac, g1.addresses]).toEqual([b1.mac, b1.addresses]);
  const [b2, g2] = [scene.host('h2').sandbox('b2'), scene.host('h2').sandbox('g2')];
  const sizes = { blue: 100, green: 200 };
  const heard = await startCapture(g1.path, 'eth0', { filter: 'icmp or icmp6' });
  for (const address of b1.addresses)
    expect((await b2.ping(address, { size: sizes.blue })).reached).toBe(true);
  for (const address of g1.addresses)
    expect((await g2.ping(address, { size: sizes.green })).reached).toBe(true);
  const echo = ({ ip }: Frame): boolean => ip?.icmpType === 8 || ip?.icmpType === 128;
  await heard.waitFor('the pings of green', ({ ip }) => ip?.destination === g1.addresses[1]);
  const bytes = (await heard.stop()).filter(echo).map((frame) => frame.bytes);
  // Ethernet, IP and ICMP headers in front.
  expect(bytes).toEqual([14 + 28 + sizes.green, 14 + 48 + sizes.green]);
}

/** What is wrong with a frame on the underlay; nothing for the tunnel's UDP, unicast to the right host, and for ARP and ND. */
function strangeOnTheWire(scene: Scene): (frame: Frame) => readonly string[] {
  const vteps = new Map(scene.hosts.map((host) => [host.address as string, host.name]));
  const vnis = new Map(['blue', 'green'].map((name) => [scene.network(name).vni, name]));
  return (frame) => {
    if (frame.arp !== undefined || frame.ip?.protocol === 58) return [];
    const { ip } = frame;
    if (ip?.vxlan === undefined) return [`not of the tunnel: ${JSON.stringify(frame)}`];
    const { vni, inner } = ip.vxlan;
    const to = vteps.get(ip.destination);
    // The networks have the same addresses, hence the same MACs: the VNI tells whose frame it is.
    const isTarget = ({ mac, host, network }: Member): boolean =>
      mac === inner.destination && host === to && network === vnis.get(vni);
    const right = vteps.has(ip.source) && scene.members.some(isTarget);
    return right ? [] : [`not for this host and network: ${JSON.stringify(frame)}`];
  };
}
