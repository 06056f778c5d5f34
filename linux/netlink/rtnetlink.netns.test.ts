import { beforeAll, describe, expect, test } from '@jest/globals';
import { ipFromBigint, type Ip } from '../../model/ip.ts';
import * as lab from '../kernel-contract-objects.ts';
import { ensureThreadPool, inNamespace, openRtnetlink } from '../netns/netns.ts';
import { freshNamespace, type FreshNamespace } from '../testing/fresh-namespace.ts';
import * as request from '../testing/requests.ts';
import { writeEntry } from './codec/entry.ts';
import { dumpRows, wholeMessage } from './dump.ts';
import type { Rtnetlink } from './message.ts';
import { NetlinkSocket } from './socket.ts';

beforeAll(ensureThreadPool);

/** A fresh namespace with a bridge `br0`, and rtnetlink inside. */
async function withBridge(
  work: (rtnetlink: Rtnetlink, namespace: FreshNamespace, br0: number) => Promise<void>,
): Promise<void> {
  using namespace = freshNamespace();
  const rtnetlink = openRtnetlink(namespace.path);
  try {
    expect(await rtnetlink.send([request.addBridge('br0')])).toEqual([undefined]);
    await work(rtnetlink, namespace, indexOf(namespace, 'br0'));
  } finally {
    rtnetlink.close();
  }
}

const indexOf = (namespace: FreshNamespace, name: string): number =>
  (JSON.parse(namespace.run('ip', '-j', 'link', 'show', name)) as { ifindex: number }[])[0]!.ifindex;

describe('rtnetlink', () => {
  test('carries out a batch around its bad requests, each of which gets its own answer', () =>
    withBridge(async (rtnetlink, namespace, br0) => {
      const outcomes = await rtnetlink.send([
        request.addNeighbour(br0, 1),
        request.addNeighbour(br0, 1),
        request.addBridge('x0', 'nonsense'),
        request.addNeighbour(4711, 2),
        { type: 16, flags: 0, body: new Uint8Array(3) },
        request.addNeighbour(br0, 3),
      ]);
      expect(outcomes).toEqual([
        undefined,
        { errno: 'EEXIST', text: '' },
        { errno: 'EOPNOTSUPP', text: 'Unknown device type' },
        { errno: 'ENODEV', text: '' },
        { errno: 'EINVAL', text: expect.any(String) },
        undefined,
      ]);
      const lines = namespace.run('ip', 'neigh', 'show').split('\n');
      expect(lines.map((line) => line.trim()).sort()).toEqual([
        '',
        '10.0.0.2 dev br0 lladdr 02:00:00:00:00:01 PERMANENT',
        '10.0.0.4 dev br0 lladdr 02:00:00:00:00:03 PERMANENT',
      ]);
    }));

  test('ten thousand neighbours go in, and come out of one dump', () =>
    withBridge(async (rtnetlink, _namespace, br0) => {
      const wished = Array.from({ length: 10_000 }, (_, i) => request.addNeighbour(br0, i));
      const outcomes = await rtnetlink.send(wished);
      expect([outcomes.length, outcomes.filter((o) => o !== undefined)]).toEqual([10_000, []]);
      const found = await rtnetlink.dump(request.dumpNeighbours);
      const addresses = new Set(found.map(({ body }) => Buffer.from(body).readUInt32BE(16)));
      expect([found.length, addresses.size]).toEqual([10_000, 10_000]);
    }));

  test('ten thousand refusals are ten thousand answers', () =>
    withBridge(async (rtnetlink) => {
      const wished = Array.from({ length: 10_000 }, (_, i) => request.addNeighbour(4711, i));
      const outcomes = await rtnetlink.send(wished);
      expect(outcomes.filter((o) => o?.errno === 'ENODEV').length).toBe(10_000);
    }));

  test('a series over several batches goes in, and its refusals are known by their numbers', () =>
    withBridge(async (rtnetlink, namespace, br0) => {
      const { scope, dev } = lab.fdb;
      const ip = (i: number): Ip => ipFromBigint(4, 0x0a000000n + BigInt(i));
      const bad = new Set([0, 63, 64, 150, 299]);
      const refusals = await rtnetlink.sendSeries({
        count: 300,
        write(i, room, at) {
          const entry = { kind: 'neighbour', scope, dev, ip: ip(i), mac: lab.fdb.mac } as const;
          return writeEntry(entry, bad.has(i) ? 4711 : br0, 'put', room, at);
        },
      });
      expect([...refusals]).toEqual([...bad].map((i) => [i, { errno: 'ENODEV', text: '' }]));
      const shown = namespace.run('ip', 'neigh', 'show').trim().split('\n');
      const wished = Array.from({ length: 300 }, (_, i) => i).filter((i) => !bad.has(i));
      expect(shown.map((line) => line.split(' ')[0]).sort()).toEqual(wished.map(ip).sort());
    }));

  test('dumps and sends side by side do not mix, even when a dump takes several turns', () =>
    withBridge(async (rtnetlink, _namespace, br0) => {
      await rtnetlink.send(Array.from({ length: 10_000 }, (_, i) => request.addNeighbour(br0, i)));
      const more = Array.from({ length: 500 }, (_, i) => request.addNeighbour(br0, 10_000 + i));
      const [first, outcomes, second] = await Promise.all([
        rtnetlink.dump(request.dumpNeighbours),
        rtnetlink.send(more),
        rtnetlink.dump(request.dumpNeighbours),
      ]);
      expect(outcomes.filter((o) => o !== undefined)).toEqual([]);
      expect([first.length >= 10_000, second.length >= 10_000]).toEqual([true, true]);
      expect(new Set([...first, ...second].map(({ type }) => type))).toEqual(new Set([28]));
      expect((await rtnetlink.dump(request.dumpNeighbours)).length).toBe(10_500);
    }));

  test('reads one thing, or says in the kernel’s words why not', () =>
    withBridge(async (rtnetlink, _namespace, br0) => {
      const [message, ...others] = await rtnetlink.dump(request.getLink(br0));
      expect([message!.type, Buffer.from(message!.body).readInt32LE(4), others]).toEqual([16, br0, []]);
      await expect(rtnetlink.dump(request.getLink(4711))).rejects.toMatchObject({
        code: 'KERNEL_REFUSED',
        details: { errno: 'ENODEV' },
      });
    }));

  test('that is closed refuses, and may be closed again', async () => {
    using namespace = freshNamespace();
    const rtnetlink = openRtnetlink(namespace.path);
    rtnetlink.close();
    rtnetlink.close();
    const refused = { code: 'KERNEL_REFUSED' };
    await expect(rtnetlink.send([request.addBridge('br0')])).rejects.toMatchObject(refused);
    await expect(rtnetlink.dump(request.dumpLinks)).rejects.toMatchObject(refused);
  });
});

test('a dump of links during which links change is repeated until it was true at one moment', async () => {
  using namespace = freshNamespace();
  const writer = openRtnetlink(namespace.path);
  const reader = inNamespace(namespace.path, () => new NetlinkSocket());
  try {
    // More than sixteen parts of 32 KiB, after which the dump lets others have their turn.
    const bridges = Array.from({ length: 600 }, (_, i) => request.addBridge(`b${i}`));
    expect((await writer.send(bridges)).filter((o) => o !== undefined)).toEqual([]);
    let [sends, changes] = [0, 0];
    const found = await dumpRows(request.dumpLinks, wholeMessage, {
      socket: reader,
      nextSequence: () => (sends += 1),
      turn: async () => {
        // Once during the first dump, and once during the second.
        if (changes === sends || sends > 2) return;
        changes += 1;
        await writer.send([request.addBridge(`late${changes}`)]);
      },
    });
    expect([changes, sends]).toEqual([2, 3]);
    expect(found.length).toBe(1 + 600 + 2);
  } finally {
    reader.close();
    writer.close();
  }
});
