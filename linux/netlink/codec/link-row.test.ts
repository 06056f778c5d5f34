import { expect, test } from '@jest/globals';
import { readLink } from './link-row.ts';
import { bytes } from './testing/dump.ts';

// As kernel 6.18 answered; counters and the like are left out.

test('a bridge', () => {
  const row = readLink(
    bytes(`
      00000100 02000000 43100100 00000000  ifinfomsg: Ethernet, index 2, up and running
      08000300 62723000                    IFLA_IFNAME br0
      05001000 06 000000                   IFLA_OPERSTATE
      08000400 aa050000                    IFLA_MTU 1450
      0a000100 025700000001 0000           IFLA_ADDRESS
      28001200                             IFLA_LINKINFO
      0b000100 62726964676500 00             IFLA_INFO_KIND bridge
      18000280                               IFLA_INFO_DATA, with NLA_F_NESTED
      08000100 dc050000                        IFLA_BR_FORWARD_DELAY
      0a001400 0180c2000000 0000               IFLA_BR_GROUP_ADDR
    `),
  );
  expect(row).toEqual({
    index: 2,
    name: 'br0',
    up: true,
    loopback: false,
    mac: '02:57:00:00:00:01',
    mtu: 1450,
    alias: '',
    master: 0,
    details: { kind: 'bridge', odd: [] },
    port: undefined,
  });
});

const vxlan = (local: string, lengths = { info: '6c00', data: '3400' }): Uint8Array =>
  bytes(`
  00000100 03000000 42100000 00000000  ifinfomsg: index 3, down
  0b000300 76786c616e3000 00           IFLA_IFNAME vxlan0
  08000400 aa050000                    IFLA_MTU
  08000a00 02000000                    IFLA_MASTER 2
  0a000100 d643e58e370f 0000           IFLA_ADDRESS
  ${lengths.info}1200                  IFLA_LINKINFO
  0a000100 76786c616e00 0000             IFLA_INFO_KIND vxlan
  ${lengths.data}0200                    IFLA_INFO_DATA
  08000100 01001000                        IFLA_VXLAN_ID 0x100001
  ${local}
  05000700 00 000000                       IFLA_VXLAN_LEARNING
  05000b00 01 000000                       IFLA_VXLAN_PROXY
  06000f00 12b5 0000                       IFLA_VXLAN_PORT 4789
  08000a00 00000000                        IFLA_VXLAN_PORT_RANGE
  0b000400 62726964676500 00             IFLA_INFO_SLAVE_KIND bridge
  1c000500                               IFLA_INFO_SLAVE_DATA
  05000100 03 000000                       IFLA_BRPORT_STATE forwarding
  05000800 00 000000                       IFLA_BRPORT_LEARNING
  05000900 01 000000                       IFLA_BRPORT_UNICAST_FLOOD
`);

test('a tunnel device that is a port', () => {
  const row = readLink(vxlan('08000400 c0000201'));
  expect([row.index, row.up, row.master]).toEqual([3, false, 2]);
  expect(row.details).toEqual({
    kind: 'vxlan',
    vni: 0x100001,
    local: '192.0.2.1',
    port: 4789,
    odd: [],
  });
  expect(row.port).toEqual({ learning: false, flood: true, odd: [] });
});

test('a tunnel device over IPv6, and one without a local address', () => {
  const v6 = vxlan('14001100 fd000099000000000000000000000001', { info: '7800', data: '4000' });
  expect(readLink(v6)).toMatchObject({ details: { local: 'fd00:99::1' }, port: { flood: true } });
  expect(readLink(vxlan('08000900 00000000')).details).toMatchObject({ local: undefined });
});

const veth = (where: string): Uint8Array =>
  bytes(`
  00000100 04000000 43100100 00000000  ifinfomsg: index 4
  12000300 76303030303030303030303031 00 0000  IFLA_IFNAME v000000000001
  10001200                             IFLA_LINKINFO
  09000100 7665746800 000000             IFLA_INFO_KIND veth
  08000500 02000000                    IFLA_LINK 2
  ${where}
`);

test('a port tells where its other end is', () => {
  expect(readLink(veth('08002500 01000000')).details).toEqual({ kind: 'veth', peer: 2, peerNsid: 1 });
  expect(readLink(veth('')).details).toEqual({ kind: 'veth', peer: 2, peerNsid: undefined });
});

test('lo, with a mark', () => {
  const row = readLink(
    bytes(`
      00000403 01000000 49000100 00000000  ifinfomsg: IFF_LOOPBACK
      07000300 6c6f00 00                   IFLA_IFNAME lo
      08000400 00000100                    IFLA_MTU 65536
      0b001400 77656674206100 00           IFLA_IFALIAS weft a
      0a000100 000000000000 0000           IFLA_ADDRESS
    `),
  );
  expect(row).toMatchObject({ loopback: true, alias: 'weft a', mtu: 65536, details: { kind: 'other' } });
});
