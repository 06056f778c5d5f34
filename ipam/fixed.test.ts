import { expect, test } from '@jest/globals';
import type { Ip } from '../model/ip.ts';
import type { Name } from '../model/name.ts';
import type { Subnet } from '../model/network.ts';
import type { Prefix } from '../model/prefix.ts';
import { network } from '../kvstore/records/testing/values.ts';
import { checkFixed } from './fixed.ts';

const subnet = (
  prefix: string,
  gateway: string,
  auxiliary: Readonly<Record<string, string>> = {},
): Subnet => ({
  prefix: prefix as Prefix,
  gateway: gateway as Ip,
  auxiliary: new Map(Object.entries(auxiliary) as [Name, Ip][]),
});
const four = subnet('10.7.0.0/24', '10.7.0.1', { router: '10.7.0.9' });
const six = subnet('fd00:7::/64', 'fd00:7::1', { router: 'fd00:7::9' });

test.each([
  [four, '10.7.0.2'],
  [four, '10.7.0.254'],
  [six, 'fd00:7::ffff:ffff:ffff:ffff'],
  [subnet('10.7.0.4/31', '10.7.0.4'), '10.7.0.5'],
  [subnet('fd00::4/127', 'fd00::5'), 'fd00::4'],
])('in %j an endpoint can have %s', (s, ip) => {
  expect(() => {
    checkFixed(network, s, ip as Ip);
  }).not.toThrow();
});

test.each([
  [four, '10.8.0.1', 'ADDRESS_OUTSIDE', 'outside subnet 10.7.0.0/24'],
  [four, 'fd00:7::2', 'ADDRESS_OUTSIDE', 'outside subnet 10.7.0.0/24'],
  [four, '10.7.0.0', 'ADDRESS_OUTSIDE', 'network address'],
  [four, '10.7.0.255', 'ADDRESS_OUTSIDE', 'broadcast address'],
  [six, 'fd00:7::', 'ADDRESS_OUTSIDE', 'anycast address'],
  [subnet('10.7.0.4/32', '10.7.0.4'), '10.7.0.4', 'ADDRESS_OUTSIDE', 'network address'],
  [four, '10.7.0.1', 'ADDRESS_TAKEN', 'is the gateway'],
  [four, '10.7.0.9', 'ADDRESS_TAKEN', 'auxiliary address router'],
  [six, 'fd00:7::1', 'ADDRESS_TAKEN', 'is the gateway'],
  [six, 'fd00:7::9', 'ADDRESS_TAKEN', 'auxiliary address router'],
] as const)('in %j not %s: %s, %s', (s, ip, code, why) => {
  expect(() => {
    checkFixed(network, s, ip as Ip);
  }).toThrow(
    expect.objectContaining({
      code,
      message: expect.stringMatching(new RegExp(`^address ${ip} of network blue .*${why}`)),
      details: { network: 'blue', address: ip, subnet: s.prefix },
    }),
  );
});
