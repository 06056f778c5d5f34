import { expect, test } from '@jest/globals';
import { nameServersOf } from './name-servers.ts';

const own = '/etc/resolv.conf';
const behind = '/run/systemd/resolve/resolv.conf';

test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
  ['no file', {}, []],
  ['an empty one', { [own]: '' }, []],
  [
    'both families, with comments and other lines',
    {
      [own]:
        '# nameserver 1.1.1.1\nsearch example.org\nnameserver 192.0.2.53\n\tnameserver  2001:DB8::53 # x\nnameserver\n',
    },
    ['192.0.2.53', '2001:db8::53'],
  ],
  ['one twice', { [own]: 'nameserver 192.0.2.53\nnameserver 192.0.2.53\n' }, ['192.0.2.53']],
  [
    'those of one link, and no address',
    { [own]: 'nameserver fe80::1%eth0\nnameserver fe80::1\nnameserver x\n' },
    [],
  ],
  [
    'systemd-resolved on this host',
    { [own]: 'nameserver 127.0.0.53\n', [behind]: 'nameserver 192.0.2.54\nnameserver ::1\n' },
    ['192.0.2.54'],
  ],
  ['a server on this host and nothing else', { [own]: 'nameserver ::1\n' }, []],
  [
    'one on this host and one that is not',
    { [own]: 'nameserver 127.0.0.1\nnameserver 192.0.2.53\n', [behind]: 'nameserver 192.0.2.54\n' },
    ['192.0.2.53'],
  ],
])('of %s', (_, files, expected) => {
  expect(nameServersOf((path) => files[path])()).toEqual(expected);
});
