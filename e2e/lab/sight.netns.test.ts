import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { compareTables, type Situation } from '../expected-tables.ts';
import { layByHand } from '../testing/hand-made.ts';
import { Streams } from '../testing/streams.ts';
import { startCapture } from './capture.ts';
import { startFlow } from './flow.ts';
import { createLab, type Lab } from './lab.ts';
import type { Member } from './members.ts';
import { ipBatch, mustRunIn } from './netns.ts';
import { ping } from './ping.ts';
import { allPairs, pingPairs } from './ping-table.ts';
import { readLinks } from './tables.ts';
import { countTunnels, tunnelDifference } from './tunnels.ts';
import { setPartition } from './underlay.ts';
import { waitFor } from './wait.ts';

// Two networks laid by hand in a real lab: what the probes and captures say is compared with what is known to be there.
const blue = { name: 'blue', id: '00000000000000b1', vni: 77 };
const green = { name: 'green', id: '00000000000000c2', vni: 78 };
let lab: Lab;
let members: readonly Member[];
let situation: Situation;

beforeAll(async () => {
  lab = await createLab({
    name: `sight${process.pid}`,
    hosts: 2,
    store: 'file',
    underlay: 4,
    agents: 'leave',
  });
  const [h1, h2] = [lab.host('h1'), lab.host('h2')];
  const box = async (host: typeof h1, name: string, subnet: number, n: number) => ({
    host,
    sandbox: await host.sandbox(name).ensure(),
    mac: `02:57:00:0${subnet}:00:0${n}`,
    addresses: [`10.${subnet}.0.${n}/24`, `fd00:${subnet}::${n}/64`],
  });
  members = [
    ...(await layByHand(lab, blue, [
      await box(h1, 'c1', 7, 2),
      await box(h1, 'c2', 7, 3),
      await box(h2, 'c1', 7, 4),
    ])),
    ...(await layByHand(lab, green, [await box(h1, 'c3', 8, 2), await box(h2, 'c3', 8, 3)])),
  ];
  situation = { hosts: lab.hosts, members };
});
afterAll(() => lab.remove());

const at = (host: string, sandbox: string): Member =>
  members.find((member) => member.host === host && member.sandbox === sandbox)!;

describe('pings', () => {
  test('reach whoever shares a network, in both families, and nobody else; the tunnels count them', async () => {
    const before = await countTunnels(lab.hosts, members);
    const results = await pingPairs(allPairs(members));
    const moved = tunnelDifference(before, await countTunnels(lab.hosts, members));
    expect(results.filter((result) => !result.ok)).toEqual([]);
    const reachable = results.filter((result) => result.expected === 'reachable');
    // 3 x 2 pairs in blue and 2 x 1 in green, each in two families; 2 x 3 x 2 between them, each in two families.
    expect([reachable.length, results.length - reachable.length]).toEqual([16, 24]);
    for (const { ms } of reachable) expect(ms).toBeGreaterThan(0);
    expect(moved.map(({ host, network }) => `${host} ${network}`).toSorted()).toEqual([
      'h1 blue',
      'h1 green',
      'h2 blue',
      'h2 green',
    ]);
    // Blue: two sandboxes of h1 ask, and answer, one of h2, in two families.
    const h1Blue = moved.find((each) => each.host === 'h1' && each.network === 'blue');
    expect(h1Blue?.sent).toBeGreaterThanOrEqual(8);
    expect(h1Blue?.received).toBeGreaterThanOrEqual(8);
  });

  test('tell of a pair that should reach and does not', async () => {
    const { path } = at('h2', 'c1');
    await ipBatch(path, ['link set eth0 down']);
    const results = await pingPairs(allPairs(members));
    await ipBatch(path, ['link set eth0 up', 'address replace fd00:7::4/64 dev eth0 nodad']);
    expect(results.filter((result) => !result.ok)).toHaveLength(8);
  });

  test('that go on count what is lost', async () => {
    const target = at('h2', 'c1');
    for (const address of target.addresses) {
      await using flow = await startFlow(at('h1', 'c1').path, address);
      while (flow.received < 20) await new Promise((resolve) => setTimeout(resolve, 10));
      const { lost, duplicates, sent } = await flow.stop();
      expect({ lost, duplicates }).toEqual({ lost: [], duplicates: 0 });
      expect(sent).toBeGreaterThanOrEqual(20);
    }
    await using flow = await startFlow(at('h1', 'c1').path, target.addresses[0]!);
    await lab.host('h2').cable('down');
    await new Promise((resolve) => setTimeout(resolve, 200));
    await lab.host('h2').cable('up');
    const soFar = flow.received;
    while (flow.received < soFar + 20) await new Promise((resolve) => setTimeout(resolve, 10));
    const { lost, longestGap } = await flow.stop();
    expect(lost.length).toBeGreaterThan(5);
    expect(longestGap).toBeGreaterThan(150);
  });

  test('that never had an answer do not start', async () => {
    const silent = startFlow(at('h1', 'c1').path, '10.7.0.99', { firstWithin: 300 });
    await expect(silent).rejects.toMatchObject({ code: 'TIMEOUT' });
  });
});

describe('long connections', () => {
  const pair = (): readonly Member[] => [at('h1', 'c1'), at('h2', 'c1')];

  test('go on after a silence, which they tell', async () => {
    await using streams = await Streams.start(pair());
    await lab.host('h2').cable('down');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await lab.host('h2').cable('up');
    const before = await streams.heard();
    // Both families, and both ends of each.
    expect(before.map(({ from, to }) => `${from.host} ${to.host}`).toSorted()).toEqual([
      'h1 h2',
      'h1 h2',
      'h2 h1',
      'h2 h1',
    ]);
    const goOn = async (): Promise<boolean> =>
      (await streams.heard()).every(({ bytes }, index) => bytes > (before[index]?.bytes ?? Infinity));
    await waitFor('all of them to go on', goOn, { within: 10_000 });
    for (const { broken, pause } of await streams.heard()) {
      expect(broken).toBeUndefined();
      expect(pause).toBeGreaterThan(250);
    }
  });

  test('that somebody resets are told as broken', async () => {
    await using streams = await Streams.start(pair());
    const { path } = at('h2', 'c1');
    const rules = `table inet weft_reset { chain in {
      type filter hook input priority 0; ip protocol tcp reject with tcp reset;
    }\n}\n`;
    await mustRunIn(path, ['nft', '-f', '-'], { input: rules });
    try {
      const brokenOnes = async (): Promise<readonly string[]> =>
        (await streams.heard()).flatMap(({ to, broken }) =>
          broken === undefined ? [] : [`${to.host} ${broken}`],
        );
      await waitFor('it to be told', async () => (await brokenOnes()).length > 0, { within: 10_000 });
      // The other end hears nothing of it, and that of the other family is well.
      expect(await brokenOnes()).toEqual(['h1 ECONNRESET']);
    } finally {
      await mustRunIn(path, ['nft', 'delete', 'table', 'inet', 'weft_reset']);
    }
  });
});

test('an underlay that is cut in two is silent between its halves, and whole again afterwards', async () => {
  const [h1, h2] = [lab.host('h1'), lab.host('h2')];
  const reaches = async (): Promise<boolean> => (await ping(h1.path, h2.address)).reached;
  expect(await reaches()).toBe(true);
  await setPartition(lab.name, ['h2']);
  expect(await reaches()).toBe(false);
  await setPartition(lab.name, []);
  expect(await reaches()).toBe(true);
});

describe('a capture', () => {
  test('on the underlay sees the tunnel and what is inside it', async () => {
    const [h1, h2] = [lab.host('h1'), lab.host('h2')];
    await using capture = await startCapture(h2.path, 'eth1');
    const [from, to] = [at('h1', 'c1'), at('h2', 'c1')];
    for (const address of to.addresses) {
      await mustRunIn(from.path, ['ping', '-c1', '-W1', '-n', address]);
    }
    await capture.waitFor('echo request 6', ({ ip }) => ip?.vxlan?.inner.ip?.icmpType === 128);
    await capture.waitFor('echo reply 6', ({ ip }) => ip?.vxlan?.inner.ip?.icmpType === 129);
    const frames = await capture.stop();
    const echo = frames.find(({ ip }) => ip?.vxlan?.inner.ip?.icmpType === 8)?.ip;
    expect(echo).toMatchObject({ source: h1.address, destination: h2.address, udp: { destination: 4789 } });
    expect(echo?.vxlan?.vni).toBe(blue.vni);
    expect(echo?.vxlan?.inner).toMatchObject({ source: from.mac, destination: to.mac });
    expect(echo?.vxlan?.inner.ip).toMatchObject({ source: '10.7.0.2', destination: '10.7.0.4', protocol: 1 });
  });

  test('of a bystander sees what is sent to it on purpose, and no unicast of others', async () => {
    const bystander = at('h1', 'c2');
    await using capture = await startCapture(bystander.path, 'eth0', { filter: 'icmp or arp' });
    const [from, to] = [at('h1', 'c1'), at('h2', 'c1')];
    await mustRunIn(from.path, ['ping', '-c3', '-i0.01', '-W1', '-n', to.addresses[0]!]);
    await mustRunIn(from.path, ['ping', '-c1', '-W1', '-n', bystander.addresses[0]!]);
    await capture.waitFor('the fence', ({ ip }) => ip?.destination === bystander.addresses[0]);
    const frames = await capture.stop();
    expect(frames.filter(({ ip }) => ip?.destination === to.addresses[0])).toEqual([]);
  });

  test('sees an ARP question', async () => {
    await using capture = await startCapture(at('h1', 'c2').path, 'eth0', { filter: 'arp' });
    await expect(mustRunIn(at('h1', 'c1').path, ['ping', '-c3', '-W1', '-n', '10.7.0.99'])).rejects.toThrow();
    const { arp } = await capture.waitFor('the question', (frame) => frame.arp?.target === '10.7.0.99');
    expect(arp).toEqual({ operation: 'request', sender: '10.7.0.2', target: '10.7.0.99' });
  });

  test('on a device that is not there fails with the reason', async () => {
    const capture = startCapture(lab.host('h1').path, 'eth9');
    await expect(capture).rejects.toThrow(/eth9.*No such device/s);
  });
});

describe('tables', () => {
  test('of a network laid by hand are as expected', async () => {
    const { expected, actual } = await compareTables(situation, [blue.id, green.id]);
    expect(actual).toEqual(expected);
    expect(Object.keys(expected)).toEqual(['h1 blue', 'h1 green', 'h2 blue', 'h2 green']);
    expect(expected['h1 blue']).toEqual({
      fdb: ['02:57:00:07:00:04 -> 192.0.2.2'],
      neighbours: ['10.7.0.4 = 02:57:00:07:00:04', 'fd00:7::4 = 02:57:00:07:00:04'],
      ports: ['02:57:00:07:00:02', '02:57:00:07:00:03'],
      links: ['br0 bridge up', 'veth up in br0', 'veth up in br0', 'vxlan0 vxlan up in br0 from 192.0.2.1'],
      strange: [],
    });
  });

  test('show each entry too many, missing or wrong', async () => {
    const path = lab.host('h1').networkNamespace(blue.id);
    const differs = async (): Promise<boolean> => {
      const { expected, actual } = await compareTables(situation, [blue.id]);
      return JSON.stringify(expected) !== JSON.stringify(actual);
    };
    const mac = '02:57:00:07:00:04';
    const bridge = (...args: string[]) => mustRunIn(path, ['bridge', 'fdb', ...args]);
    const entry = [mac, 'dev', 'vxlan0', 'dst'];

    await ipBatch(path, ['link set br0 down']);
    expect(await differs()).toBe(true);
    await ipBatch(path, ['link set br0 up']);
    expect(await differs()).toBe(false);

    await bridge('replace', ...entry, '192.0.2.9', 'self', 'permanent');
    expect(await differs()).toBe(true);
    await bridge('replace', ...entry, '192.0.2.2', 'self', 'permanent');
    expect(await differs()).toBe(false);

    await ipBatch(path, ['neighbour add 10.7.0.9 lladdr 02:00:00:00:00:09 dev vxlan0 nud permanent']);
    expect(await differs()).toBe(true);
    await ipBatch(path, ['neighbour del 10.7.0.9 dev vxlan0']);
    expect(await differs()).toBe(false);

    await bridge('add', '02:00:00:00:00:0a', 'dev', 'vxlan0', 'master', 'dynamic');
    const { actual } = await compareTables(situation, [blue.id]);
    expect(actual['h1 blue']?.strange).toEqual(['learnt: 02:00:00:00:00:0a on vxlan0']);
    await bridge('del', '02:00:00:00:00:0a', 'dev', 'vxlan0', 'master');
    expect(await differs()).toBe(false);
  });

  test('of interfaces say what they are', async () => {
    const links = await readLinks(lab.host('h1').networkNamespace(blue.id));
    expect(links.find((link) => link.name === 'vxlan0')).toMatchObject({
      kind: 'vxlan',
      master: 'br0',
      mtu: 1450,
      up: true,
      details: { id: blue.vni, learning: false },
    });
  });
});
