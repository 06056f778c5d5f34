import { expect, test } from '@jest/globals';
import { parseSocketAddress, showSocketAddress } from './socket-address.ts';

test.each(['127.0.0.1:9479', '0.0.0.0:1', '[::1]:9479', '[fe80::1]:65535'])(
  '%s is read and shown',
  (text) => {
    expect(showSocketAddress(parseSocketAddress(text))).toBe(text);
  },
);

test.each([
  ['no port', '127.0.0.1'],
  ['nothing before the port', ':9479'],
  ['no number', '127.0.0.1:http'],
  ['port 0', '127.0.0.1:0'],
  ['a port beyond the last', '127.0.0.1:65536'],
  ['a name', 'localhost:9479'],
  ['IPv6 without brackets', '::1:9479'],
  ['IPv4 in brackets', '[127.0.0.1]:9479'],
  ['a zone', '[fe80::1%eth0]:9479'],
  ['an URL', 'http://127.0.0.1:9479'],
])('%s is refused', (_, text) => {
  expect(() => parseSocketAddress(text)).toThrow(/must be an address and a port/);
});
