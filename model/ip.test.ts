import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Address6 } from 'ip-address';
import {
  familyOf,
  ipFromBigint,
  ipFromBytes,
  ipToBigint,
  parseIp,
  tryParseIp,
  writeIp,
  type Ip,
} from './ip.ts';

const four = fc.bigInt({ min: 0n, max: 2n ** 32n - 1n });
/** Addresses with runs of zeros, where the text form is difficult. */
const six = fc
  .array(fc.oneof(fc.constant(0), fc.nat(0xffff)), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.reduce((sum, g) => (sum << 16n) | BigInt(g), 0n));

test.each([
  ['10.7.0.1', '10.7.0.1'],
  ['FD00:7:0:0:0:0:0:1', 'fd00:7::1'],
  ['::', '::'],
  ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1'],
  ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1'],
])('%s is read as %s', (text, canonical) => {
  expect(parseIp(text)).toBe(canonical);
});

test.each([
  '',
  '10.7.0',
  '10.7.0.256',
  '10.7.0.1/24',
  'fe80::1%eth0',
  '::ffff:10.7.0.1',
  '[::1]',
  '1::2::3',
  ' 10.7.0.1',
  'blue',
  '1'.repeat(1000),
])('%j is refused', (text) => {
  expect(tryParseIp(text)).toBeUndefined();
  expect(() => parseIp(text)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});

test('IPv6 text is that of ip-address (RFC 5952), and reads back as the same number', () => {
  fc.assert(
    fc.property(six, (value) => {
      const ip = ipFromBigint(6, value);
      expect(ip).toBe(Address6.fromBigInt(value).correctForm());
      expect(ipToBigint(ip)).toBe(value);
      expect(parseIp(ip)).toBe(ip);
    }),
  );
});

test('IPv4 text reads back as the same number', () => {
  fc.assert(
    fc.property(four, (value) => {
      const ip = ipFromBigint(4, value);
      expect(ipToBigint(ip)).toBe(value);
      expect(parseIp(ip)).toBe(ip);
    }),
  );
});

test('bytes are in network order, at any offset', () => {
  const bytes = new Uint8Array(20);
  expect(writeIp('10.7.0.1' as Ip, bytes, 1)).toBe(4);
  expect([...bytes.subarray(0, 6)]).toEqual([0, 10, 7, 0, 1, 0]);
  expect(writeIp('fd00:7::1' as Ip, bytes, 2)).toBe(16);
  expect(Buffer.from(bytes.subarray(2, 18)).toString('hex')).toBe('fd000007000000000000000000000001');
});

test('bytes of either family read back', () => {
  const either = fc.oneof(
    four.map((v) => ipFromBigint(4, v)),
    six.map((v) => ipFromBigint(6, v)),
  );
  fc.assert(
    fc.property(either, fc.nat(4), (ip, offset) => {
      const bytes = new Uint8Array(24).fill(0xff);
      writeIp(ip, bytes, offset);
      expect(ipFromBytes(bytes, familyOf(ip), offset)).toBe(ip);
    }),
  );
});
