import { expect, test } from '@jest/globals';
import { parseStoreUrl } from './url.ts';

type Pairs = readonly (readonly [string, number])[];
const servers = (kind: string, endpoints: Pairs) => ({
  kind,
  endpoints: endpoints.map(([host, port]) => ({ host, port })),
  secure: false,
  prefix: 'weft/v1/',
});
const etcd = (...endpoints: Pairs) => servers('etcd', endpoints);
const consul = (...endpoints: Pairs) => servers('consul', endpoints);

test.each([
  ['file:///var/lib/weft/store.db', { kind: 'file', path: '/var/lib/weft/store.db', prefix: 'weft/v1/' }],
  ['file:///a%20b/c', { kind: 'file', path: '/a b/c', prefix: 'weft/v1/' }],
  ['etcd://h1', etcd(['h1', 2379])],
  ['etcd://h1/', etcd(['h1', 2379])],
  ['ETCD://10.0.0.1:4001', etcd(['10.0.0.1', 4001])],
  [
    'etcd://h1:2379,h2,[::1]:2380,[fd00::2]',
    etcd(['h1', 2379], ['h2', 2379], ['::1', 2380], ['fd00::2', 2379]),
  ],
  ['etcd://[fe80::1%eth0]:2379', etcd(['fe80::1%eth0', 2379])],
  ['etcds://h1', { ...etcd(['h1', 2379]), secure: true }],
  ['ETCDS://[fd00::2]:4001/a', { ...etcd(['fd00::2', 4001]), secure: true, prefix: 'a/' }],
  ['etcd://h1/team/a', { ...etcd(['h1', 2379]), prefix: 'team/a/' }],
  ['etcd://h1/team/a/', { ...etcd(['h1', 2379]), prefix: 'team/a/' }],
  ['consul://h1', consul(['h1', 8500])],
  ['Consul://10.0.0.1,[fd00::2]:8501', consul(['10.0.0.1', 8500], ['fd00::2', 8501])],
  ['consuls://h1,h2:8500', { ...consul(['h1', 8501], ['h2', 8500]), secure: true }],
  ['CONSULS://[fd00::2]/a', { ...consul(['fd00::2', 8501]), secure: true, prefix: 'a/' }],
  ['consul://h1/team/a', { ...consul(['h1', 8500]), prefix: 'team/a/' }],
])('%s', (url, expected) => {
  expect(parseStoreUrl(url)).toEqual(expected);
});

test.each([
  ['', 'is no URL of a store'],
  ['/var/lib/weft/store.db', 'expected file:///ABSOLUTE/PATH'],
  ['file:store.db', 'is no URL of a store'],
  ['file://store.db', 'names the host "store.db"'],
  ['file://', 'names no file'],
  ['file:///', 'names no file'],
  ['file:///a/', 'names no file'],
  ['file:///a%2', 'two hexadecimal digits'],
  ['file:///a%00b', 'names no file'],
  ['file:///a?mode=ro', '%3F'],
  ['etcd://', 'names no server'],
  ['etcd:///prefix', 'names no server'],
  ['etcd://h1,,h2', 'has "", which is not HOST'],
  ['etcd://h1:0', 'has "h1:0"'],
  ['etcd://h1:65536', 'has "h1:65536"'],
  ['etcd://h1:x', 'has "h1:x"'],
  ['etcd://fd00::1', 'needs brackets'],
  ['etcd://h1/a?b', 'without ? and #'],
  ['etcd://h1/ä', 'printable ASCII'],
  ['consul://', 'names no server'],
  ['consul://h1:x', 'expected consul://HOST'],
  ['consuls://h1:x', '(consuls:// with TLS)'],
  ['consul://h1/a#b', 'without ? and #'],
  ['redis://h1', 'unknown scheme redis: file, etcd, etcds, consul and consuls are known'],
])('%j is refused: %s', (url, why) => {
  const parse = (): unknown => parseStoreUrl(url);
  expect(parse).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', details: { url } }));
  expect(parse).toThrow(why);
  expect(parse).toThrow(JSON.stringify(url));
});

test('credentials are refused with the reason, and not repeated', () => {
  const parse = (): unknown => parseStoreUrl('etcd://root:secret@h1:2379/x');
  expect(parse).toThrow('seen in process lists');
  expect(parse).not.toThrow('secret');
  expect(parse).toThrow(expect.objectContaining({ details: { url: 'etcd://...@h1:2379/x' } }));
});
