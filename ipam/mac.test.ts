import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { ipFromBigint, type Ip } from '../model/ip.ts';
import { parseMac, type Mac } from '../model/mac.ts';
import { gatewayMac } from '../model/network.ts';
import { macForAddresses } from './mac.ts';

const none = new Set<Mac>();
const four = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n }).map((v) => ipFromBigint(4, v));
const six = fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }).map((v) => ipFromBigint(6, v));

test('the IPv4 address can be read off the MAC, in whatever order the addresses are', () => {
  const [a, b] = ['10.7.0.2' as Ip, 'fd00:7::9' as Ip];
  expect(macForAddresses([a], none)).toBe('02:57:0a:07:00:02');
  expect(macForAddresses([b, a], none)).toBe('02:57:0a:07:00:02');
});

test('IPv6 addresses in one subnet get different MACs', () => {
  const macs = Array.from({ length: 2000 }, (_, i) =>
    macForAddresses([ipFromBigint(6, (0xfd00n << 112n) + BigInt(i))], none),
  );
  expect(new Set(macs).size).toBe(2000);
});

test('an avoided one is never chosen, nor that of the gateway; the choice is the same each time', () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(four, six), { maxLength: 3 }), fc.nat(5), (addresses, times) => {
      const avoid = new Set<Mac>();
      for (let n = 0; n <= times; n += 1) {
        const mac = macForAddresses(addresses, avoid);
        expect(parseMac(mac)).toBe(mac);
        expect(mac.startsWith('02:57:')).toBe(true);
        expect(mac).not.toBe(gatewayMac);
        expect(avoid.has(mac)).toBe(false);
        expect(macForAddresses(addresses, avoid)).toBe(mac);
        avoid.add(mac);
      }
    }),
  );
  expect(macForAddresses(['0.0.0.1' as Ip], none)).not.toBe(gatewayMac);
});
