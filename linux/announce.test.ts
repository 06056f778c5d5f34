import { expect, test } from '@jest/globals';
import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import { announcementFrame } from './announce.ts';
import { bytes, hex } from './netlink/codec/testing/dump.ts';

const mac = '02:57:0a:07:00:09' as Mac;

test('an IPv4 address is announced by an ARP reply to all', () => {
  expect(hex(announcementFrame({ ip: '10.7.0.9' as Ip, mac }))).toBe(
    hex(
      bytes(`
        ffffffffffff           to all
        02570a070009           from the holder
        0806                   ARP
        0001 0800 06 04 0002   Ethernet, IPv4, 6 and 4 bytes, reply
        02570a070009 0a070009  sender: the holder has 10.7.0.9
        02570a070009 0a070009  target: the same, which makes it gratuitous
      `),
    ),
  );
});

test('an IPv6 address is announced by an unsolicited neighbour advertisement to all nodes', () => {
  expect(hex(announcementFrame({ ip: 'fd00:7::9' as Ip, mac }))).toBe(
    hex(
      bytes(`
        333300000001                      to all nodes
        02570a070009                      from the holder
        86dd                              IPv6
        60000000 0020 3a ff               version 6, 32 bytes, ICMPv6, hop limit 255
        fd000007000000000000000000000009  source: the address itself
        ff020000000000000000000000000001  destination: all nodes
        88 00 5017                        neighbour advertisement, checksum
        20000000                          override; neither router nor solicited
        fd000007000000000000000000000009  target
        02 01 02570a070009                option: the target's MAC
      `),
    ),
  );
});
