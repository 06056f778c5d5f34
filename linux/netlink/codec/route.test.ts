import { expect, test } from '@jest/globals';
import type { Ip } from '../../../model/ip.ts';
import type { Prefix } from '../../../model/prefix.ts';
import type { Route } from '../../objects/route.ts';
import { sandboxScope } from '../../objects/scope.ts';
import { deleteRoute, dumpRoutes, putRoute, readRoute } from './route.ts';
import { bytes, hex } from './testing/dump.ts';
import { BodyWriter } from './writer.ts';

const w = new BodyWriter();
const v4: Route = {
  kind: 'route',
  scope: sandboxScope('/c1'),
  dev: 'eth0',
  prefix: '10.8.0.0/24' as Prefix,
  via: '10.7.0.1' as Ip,
  metric: 100,
};
const v6: Route = { ...v4, prefix: 'fd00:8::/64' as Prefix, via: 'fd00:7::1' as Ip };

const attributes4 = `
  08000100 0a080000    RTA_DST
  08000500 0a070001    RTA_GATEWAY
  08000400 02000000    RTA_OIF 2
  08000600 64000000    RTA_PRIORITY 100
`;

test('an IPv4 route in the main table, by our protocol', () => {
  const request = putRoute(w, v4, 2, 'add');
  expect([request.type, request.flags]).toEqual([24, 0x605]);
  const dump = `
    02 18 00 00 fe 57 00 01 00000000    rtmsg: AF_INET, /24, main, protocol 87, universe, unicast
    ${attributes4}`;
  expect(hex(request.body)).toBe(hex(bytes(dump)));
  expect(putRoute(w, v4, 2, 'replace').flags).toBe(0x505);
});

test('an IPv6 route', () => {
  expect(hex(putRoute(w, v6, 2, 'add').body)).toBe(
    hex(
      bytes(`
        0a 40 00 00 fe 57 00 01 00000000             rtmsg: AF_INET6, /64
        14000100 fd000008000000000000000000000000    RTA_DST
        14000500 fd000007000000000000000000000001    RTA_GATEWAY
        08000400 02000000                            RTA_OIF
        08000600 64000000                            RTA_PRIORITY
      `),
    ),
  );
});

test('a default route has no destination', () => {
  const body = putRoute(w, { ...v4, prefix: '0.0.0.0/0' as Prefix }, 2, 'add').body;
  expect(hex(body)).toBe(
    hex(bytes('02000000 fe570001 00000000 080005000a070001 0800040002000000 0800060064000000')),
  );
});

test('a deletion takes ours only, or anybody’s', () => {
  const dump = (protocol: string, type: string): string =>
    hex(
      bytes(`02 18 00 00 fe ${protocol} ff ${type} 00000000  rtmsg: RT_SCOPE_NOWHERE is any\n${attributes4}`),
    );
  const request = deleteRoute(w, v4, 2, 'ours');
  expect([request.type, request.flags]).toEqual([25, 0x005]);
  expect(hex(request.body)).toBe(dump('57', '01'));
  expect(hex(deleteRoute(w, v4, 2, 'any').body)).toBe(dump('00', '00'));
});

test('one that leads nowhere is deleted by its prefix and metric', () => {
  const { via: _, ...nowhere } = { ...v4, dev: '' };
  const dump = '02180000fe00ff0000000000 080001000a080000 0800060064000000';
  expect(hex(deleteRoute(w, nowhere, 0, 'any').body)).toBe(hex(bytes(dump)));
});

test('the route to the subnet of an address is as the kernel makes it', () => {
  const { via: _, ...connected } = { ...v4, src: '10.8.0.1' as Ip, metric: 0 };
  const dump = `
    02 18 00 00 fe 02 fd 01 00000000    rtmsg: protocol kernel, scope link
    08000100 0a080000                   RTA_DST
    08000700 0a080001                   RTA_PREFSRC
    08000400 02000000                   RTA_OIF
    08000600 00000000                   RTA_PRIORITY
  `;
  expect(hex(putRoute(w, connected, 2, 'add').body)).toBe(hex(bytes(dump)));
  expect(readRoute(bytes(dump))).toMatchObject({ via: undefined, src: '10.8.0.1', dev: 2, type: 1 });
});

test('a dump asks for the main table', () => {
  const request = dumpRoutes(w);
  expect([request.type, request.flags, hex(request.body)]).toEqual([26, 0x301, '00000000fe00000000000000']);
});

test('routes as kernel 6.18 shows them', () => {
  const ours = bytes(`
    02 18 00 00 fe 57 00 01 00000000    rtmsg
    08000f00 fe000000                   RTA_TABLE main
    08000100 0a080000                   RTA_DST
    08000600 64000000                   RTA_PRIORITY
    08000500 0a070001                   RTA_GATEWAY
    08000400 02000000                   RTA_OIF
  `);
  expect(readRoute(ours)).toEqual({
    prefix: '10.8.0.0/24',
    via: '10.7.0.1',
    dev: 2,
    metric: 100,
    table: 254,
    protocol: 0x57,
    type: 1,
  });
  const onLink = bytes(`
    0a 40 00 00 fe 02 00 01 00000000             rtmsg: protocol kernel
    14000100 fd000007000000000000000000000000    RTA_DST
    08000600 00010000                            RTA_PRIORITY 256
    08000400 02000000                            RTA_OIF
  `);
  expect(readRoute(onLink)).toMatchObject({ prefix: 'fd00:7::/64', via: undefined, protocol: 2, table: 254 });
  const anywhere = bytes('0a000000 fe 09 00 01 00000000 14000500 fe800000000000000000000000000001');
  expect(readRoute(anywhere)).toMatchObject({ prefix: '::/0', via: 'fe80::1' });
  expect(readRoute(bytes('1c000000 fe 09 00 01 00000000'))).toBeUndefined();
});
