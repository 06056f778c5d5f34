import { expect, test } from '@jest/globals';
import { dumpFdb, dumpNeighbours, readFdb, readNeighbour } from './neighbour.ts';
import { bytes, hex } from './testing/dump.ts';
import { BodyWriter } from './writer.ts';

const w = new BodyWriter();

test('what was finished is not written again, however much follows', () => {
  const writer = new BodyWriter();
  const { body } = dumpFdb(writer);
  const before = hex(body);
  for (let i = 0; i < 10_000; i += 1) dumpNeighbours(writer);
  expect(hex(body)).toBe(before);
  expect(hex(dumpFdb(writer).body)).toBe(before);
});

test('dumps ask for the FDBs, or for the neighbours of both families', () => {
  expect([dumpFdb(w).type, dumpFdb(w).flags, hex(dumpFdb(w).body)]).toEqual([
    30,
    0x301,
    '070000000000000000000000',
  ]);
  expect([dumpNeighbours(w).type, hex(dumpNeighbours(w).body)]).toEqual([30, '00'.repeat(12)]);
});

test('FDB entries as kernel 6.18 shows them', () => {
  const tunnel = bytes(`
    07 000000 03000000 8000 02 01    ndmsg: permanent, NTF_SELF, RTN_UNICAST
    08000a00 00000000                NDA_LINK_NETNSID
    0a000200 02570a070009 0000       NDA_LLADDR
    08000100 c0000202                NDA_DST
  `);
  const mac = '02:57:0a:07:00:09';
  expect(readFdb(tunnel)).toEqual({ dev: 3, mac, dst: '192.0.2.2', state: 0x80, where: 'device' });
  const overIp6 = bytes(`
    07 000000 03000000 8000 02 01
    0a000200 02570a070009 0000
    14000100 fd000099000000000000000000000002
  `);
  expect(readFdb(overIp6)).toMatchObject({ dst: 'fd00:99::2' });
  const port = bytes(`
    07 000000 04000000 4000 00 00    ndmsg: static; no NTF_MASTER in answers
    0a000200 02570a070005 0000       NDA_LLADDR
    08000900 02000000                NDA_MASTER 2
  `);
  expect(readFdb(port)).toEqual({
    dev: 4,
    mac: '02:57:0a:07:00:05',
    dst: undefined,
    state: 0x40,
    where: 'bridge',
  });
  expect(readFdb(bytes('07000000 04000000 40000000'))).toBeUndefined();
});

test('neighbour entries as kernel 6.18 shows them', () => {
  const body = bytes(`
    0a 000000 03000000 8000 00 01                ndmsg: AF_INET6, permanent, RTN_UNICAST
    14000100 fd000007000000000000000000000009    NDA_DST
    0a000200 02570a070009 0000                   NDA_LLADDR
    08000400 00000000                            NDA_PROBES
  `);
  expect(readNeighbour(body)).toEqual({ dev: 3, ip: 'fd00:7::9', mac: '02:57:0a:07:00:09', state: 0x80 });
  const asked = bytes('02000000 02000000 0100 00 01 08000100 0a070063');
  expect(readNeighbour(asked)).toBeUndefined();
});
