import { expect, test } from '@jest/globals';
import type { Ip } from '../../../model/ip.ts';
import type { Address } from '../../objects/ip-config.ts';
import { sandboxScope } from '../../objects/scope.ts';
import { deleteAddress, dumpAddresses, putAddress, readAddress } from './address.ts';
import { bytes, hex } from './testing/dump.ts';
import { BodyWriter } from './writer.ts';

const w = new BodyWriter();
const v4: Address = {
  kind: 'address',
  scope: sandboxScope('/c1'),
  dev: 'eth0',
  ip: '10.7.0.5' as Ip,
  length: 24,
};
const v6: Address = { ...v4, ip: 'fd00:7::5' as Ip, length: 64 };

test('an IPv4 address bears our protocol number', () => {
  const request = putAddress(w, v4, 2, 'add');
  expect([request.type, request.flags]).toEqual([20, 0x605]);
  expect(hex(request.body)).toBe(
    hex(
      bytes(`
        02 18 00 00 02000000    ifaddrmsg: AF_INET, /24, no flags, global, index 2
        08000200 0a070005       IFA_LOCAL 10.7.0.5
        08000100 0a070005       IFA_ADDRESS
        05000b00 57 000000      IFA_PROTO
      `),
    ),
  );
});

test('an IPv6 address is good at once: nobody asks whether it is taken', () => {
  expect(hex(putAddress(w, v6, 2, 'replace').body)).toBe(
    hex(
      bytes(`
        0a 40 02 00 02000000                         ifaddrmsg: AF_INET6, /64, IFA_F_NODAD
        14000200 fd000007000000000000000000000005    IFA_LOCAL
        14000100 fd000007000000000000000000000005    IFA_ADDRESS
        05000b00 57 000000                           IFA_PROTO
      `),
    ),
  );
});

test('a deletion names address, length and interface', () => {
  const request = deleteAddress(w, v4, 2);
  expect([request.type, request.flags]).toEqual([21, 0x005]);
  expect(hex(request.body)).toBe('0218000002000000080002000a070005080001000a070005');
});

test('a dump asks for both families', () => {
  const request = dumpAddresses(w);
  expect([request.type, request.flags, hex(request.body)]).toEqual([22, 0x301, '0000000000000000']);
});

test('addresses as kernel 6.18 shows them', () => {
  const ours = bytes(`
    02 18 80 00 02000000               ifaddrmsg: AF_INET, /24, IFA_F_PERMANENT, global, index 2
    08000100 0a070005                  IFA_ADDRESS
    08000200 0a070005                  IFA_LOCAL
    09000300 6574683000 000000         IFA_LABEL eth0
    05000b00 57 000000                 IFA_PROTO
    08000800 80000000                  IFA_FLAGS
  `);
  expect(readAddress(ours)).toEqual({ dev: 2, ip: '10.7.0.5', length: 24, scope: 0, protocol: 0x57 });
  const linkLocal = bytes(`
    0a 40 80 fd 02000000                         ifaddrmsg: AF_INET6, /64, RT_SCOPE_LINK
    14000100 fe8000000000000000570afffe070005    IFA_ADDRESS
    05000b00 03 000000                           IFA_PROTO: made by the kernel
  `);
  expect(readAddress(linkLocal)).toEqual({
    dev: 2,
    ip: 'fe80::57:aff:fe07:5',
    length: 64,
    scope: 253,
    protocol: 3,
  });
});

test('of a link with two ends the address is that of this end', () => {
  const body = bytes(`
    02 20 80 00 03000000     ifaddrmsg
    08000100 0a000002        IFA_ADDRESS: the other end
    08000200 0a000001        IFA_LOCAL
  `);
  expect(readAddress(body)).toMatchObject({ ip: '10.0.0.1', protocol: 0 });
});

test('what is no address of IPv4 or IPv6 is not read', () => {
  expect(readAddress(bytes('1c180000 02000000 08000100 0a070005'))).toBeUndefined();
  expect(readAddress(bytes('02180000 02000000'))).toBeUndefined();
});
