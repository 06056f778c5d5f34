import { expect, test } from '@jest/globals';
import * as lab from '../../kernel-contract-objects.ts';
import { sandboxScope } from '../../objects/scope.ts';
import {
  createBridge,
  createVeth,
  createVxlan,
  deleteLink,
  dumpLinks,
  setBridge,
  setLink,
  setPort,
} from './link.ts';
import { bridgeOptions, portOptions, vxlanOptions, type DeviceOption } from './device-options.ts';
import { setVxlan } from './link.ts';
import { bytes, hex } from './testing/dump.ts';
import { BodyWriter } from './writer.ts';

const w = new BodyWriter();
const create = 0x605; // REQUEST ACK CREATE EXCL
const change = 0x005; // REQUEST ACK

test('a bridge is born with its MAC, without snooping, and with another MTU than it shall have', () => {
  const request = createBridge(w, lab.br0);
  expect([request.type, request.flags]).toEqual([16, create]);
  expect(hex(request.body)).toBe(
    hex(
      bytes(`
        00000000 00000000 00000000 00000000  ifinfomsg: no flags
        08000300 62723000                    IFLA_IFNAME br0
        08000400 a9050000                    IFLA_MTU 1449
        0a000100 025700000001 0000           IFLA_ADDRESS 02:57:00:00:00:01
        1c001200                             IFLA_LINKINFO
        0b000100 62726964676500 00             IFLA_INFO_KIND bridge
        0c000200                               IFLA_INFO_DATA
        05001700 00 000000                       IFLA_BR_MCAST_SNOOPING 0
      `),
    ),
  );
});

test('a bridge that is set is up, and is given a MAC only when it gets another one', () => {
  const request = setBridge(w, lab.br0);
  expect([request.type, request.flags]).toEqual([16, change]);
  expect(hex(request.body)).toBe(
    hex(
      bytes(`
        00000000 00000000 01000000 01000000  ifinfomsg: IFF_UP, mask IFF_UP
        08000300 62723000                    IFLA_IFNAME br0
        08000400 aa050000                    IFLA_MTU 1450
        1c001200                             IFLA_LINKINFO
        0b000100 62726964676500 00             IFLA_INFO_KIND bridge
        0c000200                               IFLA_INFO_DATA
        05001700 00 000000                       IFLA_BR_MCAST_SNOOPING 0
      `),
    ),
  );
  expect(hex(setBridge(w, lab.br0, lab.br0.mac).body)).toContain('0a000100025700000001');
});

test('a tunnel device is born in the namespace of the descriptor, as a port of the bridge there', () => {
  const request = createVxlan(w, lab.vxlan, 9, 2);
  expect([request.type, request.flags]).toEqual([16, create]);
  expect(hex(request.body)).toBe(
    hex(
      bytes(`
        00000000 00000000 00000000 00000000  ifinfomsg: not up
        0b000300 76786c616e3000 00           IFLA_IFNAME vxlan0
        08000400 aa050000                    IFLA_MTU 1450
        08001c00 09000000                    IFLA_NET_NS_FD 9
        08000a00 02000000                    IFLA_MASTER 2
        3c001200                             IFLA_LINKINFO
        0a000100 76786c616e00 0000             IFLA_INFO_KIND vxlan
        2c000200                               IFLA_INFO_DATA
        08000100 01001000                        IFLA_VXLAN_ID 0x100001
        08000400 c0000201                        IFLA_VXLAN_LOCAL 192.0.2.1
        05000700 00 000000                       IFLA_VXLAN_LEARNING 0
        05000b00 01 000000                       IFLA_VXLAN_PROXY 1
        06000f00 12b5 0000                       IFLA_VXLAN_PORT 4789, in network order
      `),
    ),
  );
});

test('a tunnel device over IPv6 says so by its local address, when it is born and when that changes', () => {
  const local = 'fd000099000000000000000000000001';
  expect(hex(createVxlan(w, lab.vxlan6, 9, 2).body)).toContain(`14001100${local}`);
  expect(hex(setVxlan(w, lab.vxlan6).body)).toBe(
    hex(
      bytes(`
        00000000 00000000 00000000 00000000  ifinfomsg
        0b000300 76786c616e3000 00           IFLA_IFNAME vxlan0
        30001200                             IFLA_LINKINFO
        0a000100 76786c616e00 0000             IFLA_INFO_KIND vxlan
        20000200                               IFLA_INFO_DATA
        08000100 01001000                        IFLA_VXLAN_ID
        14001100 ${local}                        IFLA_VXLAN_LOCAL6
      `),
    ),
  );
});

test('of a port, the peer is born in the sandbox, down', () => {
  const request = createVeth(w, lab.veth(sandboxScope('/c1')), 7, 2);
  expect([request.type, request.flags]).toEqual([16, create]);
  expect(hex(request.body)).toBe(
    hex(
      bytes(`
        00000000 00000000 00000000 00000000  ifinfomsg
        12000300 76303030303030303030303031 00 0000  IFLA_IFNAME v000000000001
        08000400 aa050000                    IFLA_MTU 1450
        08000a00 02000000                    IFLA_MASTER 2
        50001200                             IFLA_LINKINFO
        09000100 7665746800 000000             IFLA_INFO_KIND veth
        40000200                               IFLA_INFO_DATA
        3c000100                                 VETH_INFO_PEER
        00000000 00000000 00000000 00000000        ifinfomsg: no IFF_UP
        09000300 6574683000 000000                 IFLA_IFNAME eth0
        0a000100 02570a070005 0000                 IFLA_ADDRESS 02:57:0a:07:00:05
        08000400 aa050000                          IFLA_MTU 1450
        08001c00 07000000                          IFLA_NET_NS_FD 7
      `),
    ),
  );
});

test('the flags of a port and its going up are one request', () => {
  const port = (flood: boolean, up: boolean): string => hex(setPort(w, 'v1', { flood }, up).body);
  const dump = (up: string, flood: string): string =>
    hex(
      bytes(`
        00000000 00000000 ${up} ${up}  ifinfomsg: flags and mask
        07000300 763100 00             IFLA_IFNAME v1
        24001200                       IFLA_LINKINFO
        0b000400 62726964676500 00       IFLA_INFO_SLAVE_KIND bridge
        14000500                         IFLA_INFO_SLAVE_DATA
        05000800 00 000000                 IFLA_BRPORT_LEARNING 0
        05000900 ${flood} 000000           IFLA_BRPORT_UNICAST_FLOOD
      `),
    );
  expect(port(false, true)).toBe(dump('01000000', '00'));
  expect(port(true, false)).toBe(dump('00000000', '01'));
});

test('options that are not as they should be are set, those that can be, and no others', () => {
  const odd = (options: readonly DeviceOption[], ...names: readonly string[]) =>
    options.filter(({ name }) => names.includes(name));
  const bridge = setBridge(w, lab.br0, undefined, odd(bridgeOptions, 'mcast_snooping', 'stp_state'));
  expect(hex(bridge.body)).toMatch(
    /14000200051700000000000800050000000000$|140002000500170000000000080005000000000 ?0$/,
  );
  const vxlan = hex(setVxlan(w, lab.vxlan, odd(vxlanOptions, 'ttl', 'ageing', 'proxy')).body);
  expect(vxlan).toMatch(/0500050000000000080008002c010000$/);
  const port = hex(
    setPort(w, 'v1', { flood: false }, false, odd(portOptions, 'isolated', 'bcast_flood')).body,
  );
  expect(port).toMatch(/05001e000100000005002100000000 ?00$/);
});

test('only what is said is changed', () => {
  expect(hex(setLink(w, 'v1', { mtu: 1400 }).body)).toBe(
    hex(
      bytes(`
        00000000 00000000 00000000 00000000  ifinfomsg: mask 0, up or down stays
        07000300 763100 00                   IFLA_IFNAME v1
        08000400 78050000                    IFLA_MTU 1400
      `),
    ),
  );
  const all = setLink(w, 'lo', { up: false, mac: lab.br0.mac, alias: 'weft a', master: 2 });
  expect([all.type, all.flags]).toEqual([16, change]);
  expect(hex(all.body)).toBe(
    hex(
      bytes(`
        00000000 00000000 00000000 01000000  ifinfomsg: not IFF_UP, mask IFF_UP
        07000300 6c6f00 00                   IFLA_IFNAME lo
        0a000100 025700000001 0000           IFLA_ADDRESS
        0b001400 77656674206100 00           IFLA_IFALIAS weft a
        08000a00 02000000                    IFLA_MASTER 2
      `),
    ),
  );
});

test('a link goes by its name, and a dump leaves out what it can', () => {
  const gone = deleteLink(w, 'v1');
  expect([gone.type, gone.flags, hex(gone.body)]).toEqual([17, change, `${'00'.repeat(16)}0700030076310000`]);
  const all = dumpLinks(w);
  expect([all.type, all.flags, hex(all.body)]).toEqual([18, 0x301, `${'00'.repeat(16)}08001d0008000000`]);
});
