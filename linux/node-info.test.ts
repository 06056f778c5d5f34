import { describe, expect, test } from '@jest/globals';
import type { Ip } from '../model/ip.ts';
import type { NodeAddress, NodeLink } from './node-info-codec.ts';
import { chooseUnderlay } from './node-info.ts';

const link = (index: number, name: string, rest: Partial<NodeLink> = {}): NodeLink => ({
  index,
  name,
  mtu: 1500,
  up: true,
  loopback: false,
  ...rest,
});
const lo = link(1, 'lo', { loopback: true, mtu: 65_536 });
const address = (index: number, ip: string, rest: Partial<NodeAddress> = {}): NodeAddress => ({
  index,
  ip: ip as Ip,
  global: true,
  passing: false,
  ...rest,
});
const host = [address(1, '127.0.0.1', { global: false }), address(1, '::1', { global: false })];

describe('without a wish', () => {
  test('it is the one interface that is up and has a global address', () => {
    const links = [lo, link(2, 'eth0', { mtu: 9000 }), link(3, 'eth1'), link(4, 'old', { up: false })];
    const addresses = [
      ...host,
      address(2, 'fd00::2'),
      address(2, '192.0.2.2'),
      address(3, 'fe80::1', { global: false }),
      address(4, '192.0.2.4'),
    ];
    expect(chooseUnderlay(links, addresses, '')).toEqual({
      interfaceName: 'eth0',
      addresses: ['192.0.2.2', 'fd00::2'],
      mtu: 9000,
    });
  });

  test('an address of the world on lo does not count', () => {
    const addresses = [...host, address(1, '203.0.113.1'), address(2, '192.0.2.2')];
    expect(chooseUnderlay([lo, link(2, 'eth0')], addresses, '').interfaceName).toBe('eth0');
  });

  test('several are a question to the operator, who gets their names', () => {
    const links = [lo, link(2, 'eth0'), link(3, 'eth1'), link(4, 'eth2')];
    const addresses = [...host, address(2, '192.0.2.2'), address(3, 'fd00::3')];
    expect(() => chooseUnderlay(links, addresses, '')).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message:
          'cannot choose the interface of the tunnels without --advertise: several interfaces have a global address; ' +
          'name one of them; there is: eth0 (192.0.2.2), eth1 (fd00::3)',
      }),
    );
  });

  test('none is refused with what there is', () => {
    const links = [lo, link(2, 'eth0', { up: false })];
    expect(() => chooseUnderlay(links, [...host, address(2, '192.0.2.2')], '')).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringMatching(/there is: lo \(no global address\), eth0 \(192\.0\.2\.2, down\)$/),
      }),
    );
    expect(() => chooseUnderlay([], [], '')).toThrow(/there is: nothing$/);
  });
});

describe('with a wish', () => {
  const links = [lo, link(2, 'eth0'), link(3, 'eth1', { mtu: 1400, up: false }), link(4, 'eth2')];
  const addresses = [
    ...host,
    address(2, '192.0.2.2'),
    address(3, '198.51.100.3'),
    address(3, '198.51.100.4'),
    address(3, 'fd00::3'),
    address(3, 'fd00::4', { passing: true }),
    address(1, '203.0.113.1'),
  ];

  test('an interface is found by its name, up or down, with the addresses that stay', () => {
    expect(chooseUnderlay(links, addresses, 'eth1')).toEqual({
      interfaceName: 'eth1',
      addresses: ['198.51.100.3', '198.51.100.4', 'fd00::3'],
      mtu: 1400,
    });
  });

  test('an address is first in its family, however it was spelt', () => {
    expect(chooseUnderlay(links, addresses, '198.51.100.4').addresses).toEqual([
      '198.51.100.4',
      '198.51.100.3',
      'fd00::3',
    ]);
    expect(chooseUnderlay(links, addresses, 'FD00:0::3').interfaceName).toBe('eth1');
    expect(chooseUnderlay(links, addresses, '203.0.113.1').interfaceName).toBe('lo');
  });

  test.each([
    ['eth9', 'there is no such interface'],
    ['192.0.2.99', 'no interface has this address'],
    ['127.0.0.1', 'no interface has this address'],
    ['fd00::4', 'no interface has this address'],
    ['eth2', 'the interface has no global address'],
  ])('%s: %s', (advertise, why) => {
    expect(() => chooseUnderlay(links, addresses, advertise)).toThrow(
      expect.objectContaining({
        code: 'INPUT_INVALID',
        message: expect.stringContaining(`${why}; there is: lo`),
      }),
    );
  });
});
