import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ipFromBigint, type Ip } from '../../../model/ip.ts';
import { macFromBytes } from '../../../model/mac.ts';
import * as lab from '../../kernel-contract-objects.ts';
import { ownEntry } from '../../objects/forwarding.ts';
import { batchesOf, batchesOfSeries } from '../batch.ts';
import { headerBytes, roomOf } from '../wire.ts';
import { writeEntry, type Entry } from './entry.ts';
import { bytes, hex } from './testing/dump.ts';
import { entryRequest } from './testing/entry-request.ts';

/** Into memory that is not clean, as that of an earlier batch. */
function written(o: Entry, dev: number, op: 'put' | 'delete'): string {
  const room = roomOf(1024);
  room.words.fill(0xffffffff);
  const at = 3;
  const end = writeEntry(o, dev, op, room, at);
  room.words.fill(0, at + 2, at + 4);
  return hex(room.bytes.subarray(at * 4, end * 4));
}

test('an FDB entry of the tunnel device', () => {
  const body = `
    07 000000 03000000 8000 02 00    ndmsg: AF_BRIDGE, index 3, permanent, NTF_SELF
    0a000200 02570a070009 0000       NDA_LLADDR
    08000100 c0000202                NDA_DST 192.0.2.2
  `;
  const put = bytes(`30000000 1c00 0105 0000000000000000    RTM_NEWNEIGH, REQUEST CREATE REPLACE ${body}`);
  expect(written(lab.fdb, 3, 'put')).toBe(hex(put));
  const remove = bytes(`30000000 1d00 0100 0000000000000000    RTM_DELNEIGH, REQUEST ${body}`);
  expect(written(lab.fdb, 3, 'delete')).toBe(hex(remove));
});

test('a static FDB entry of a port', () => {
  const put = bytes(`
    28000000 1c00 0105 0000000000000000
    07 000000 04000000 4000 04 00    ndmsg: AF_BRIDGE, index 4, static (NUD_NOARP), NTF_MASTER
    0a000200 02570a070005 0000       NDA_LLADDR
  `);
  expect(written(lab.portFdb, 4, 'put')).toBe(hex(put));
});

test('neighbour entries of both families', () => {
  const put = bytes(`
    30000000 1c00 0105 0000000000000000
    02 000000 03000000 8000 00 00    ndmsg: AF_INET, index 3, permanent
    08000100 0a070009                NDA_DST 10.7.0.9
    0a000200 02570a070009 0000       NDA_LLADDR
  `);
  expect(written(lab.neighbour, 3, 'put')).toBe(hex(put));
  const remove = bytes(`
    3c000000 1d00 0100 0000000000000000
    0a 000000 03000000 8000 00 00                ndmsg: AF_INET6
    14000100 fd000007000000000000000000000009    NDA_DST
    0a000200 02570a070009 0000                   NDA_LLADDR
  `);
  expect(written(lab.neighbour6, 3, 'delete')).toBe(hex(remove));
});

const ip = fc.oneof(
  fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((n) => ipFromBigint(4, n)),
  fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((n) => ipFromBigint(6, n)),
  fc.constant('::' as Ip),
);
const mac = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((six) => macFromBytes(six));
const { scope } = lab.fdb;
const entry: fc.Arbitrary<Entry> = fc.oneof(
  fc.record({
    kind: fc.constant('fdb'),
    scope: fc.constant(scope),
    dev: fc.constant('vxlan0'),
    mac,
    dst: ip,
  }),
  fc.record({ kind: fc.constant('port-fdb'), scope: fc.constant(scope), dev: fc.constant('v1'), mac }),
  mac.map((its) => ownEntry({ scope, name: 'br0', mac: its })),
  fc.record({
    kind: fc.constant('neighbour'),
    scope: fc.constant(scope),
    dev: fc.constant('vxlan0'),
    mac,
    ip,
  }),
);
const request = fc.record({ o: entry, dev: fc.nat(0x7fffffff), op: fc.constantFrom('put', 'delete') });

test('batches of entries are what the writer for all kinds of messages makes of them', () => {
  fc.assert(
    fc.property(fc.array(request, { minLength: 1, maxLength: 64 }), fc.nat(2 ** 31), (all, sequence) => {
      const series = batchesOfSeries({
        count: all.length,
        write: (i, room, at) => writeEntry(all[i]!.o, all[i]!.dev, all[i]!.op, room, at),
      });
      const batch = { sequence, from: 0, end: all.length };
      const general = batchesOf(all.map(({ o, dev, op }) => entryRequest(o, dev, op)));
      expect(hex(series.encode(batch))).toBe(hex(general.encode(batch)));
    }),
  );
});

test('the longest entry fits into what a series may take', () => {
  const longest = { ...lab.neighbour6, ip: ipFromBigint(6, 2n ** 128n - 1n) };
  expect(headerBytes + entryRequest(longest, 3, 'put').body.length).toBeLessThan(1024);
});
