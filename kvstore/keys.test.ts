import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { EndpointId } from '../model/endpoint.ts';
import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import type { Name } from '../model/name.ts';
import type { NetworkId } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import { keys, parseKey, prefixes, type ParsedKey } from './keys.ts';

const name = 'blue' as Name;
const network = '0123456789abcdef' as NetworkId;
const node = 'fedcba9876543210' as NodeId;
const endpoint = '00112233445566778899aabbccddeeff' as EndpointId;
const mac = '02:57:0a:07:00:02' as Mac;
const four = '10.7.0.2' as Ip;
const six = 'fd00:7::2' as Ip;

test.each<[string, string, ParsedKey]>([
  [keys.cluster, 'cluster', { kind: 'cluster' }],
  [keys.networkAccept, 'network-accept', { kind: 'network-accept' }],
  [keys.restoring, 'restoring', { kind: 'restoring' }],
  [keys.network(name), 'networks/blue', { kind: 'network', name }],
  [keys.networkState(name), 'network-state/blue', { kind: 'network-state', name }],
  [keys.vni(1048577), 'vnis/1048577', { kind: 'vni', vni: 1048577 }],
  [keys.node(node), `nodes/${node}`, { kind: 'node', node }],
  [keys.alive(node), `alive/${node}`, { kind: 'alive', node }],
  [keys.fence(node), `fences/${node}`, { kind: 'fence', node }],
  [keys.nodeNameClaim(name), 'node-claims/name/blue', { kind: 'node-name-claim', name }],
  [keys.nodeVtepClaim(six), 'node-claims/vtep/fd00:7::2', { kind: 'node-vtep-claim', vtep: six }],
  [
    keys.endpoint(network, endpoint),
    `net/${network}/endpoint/${endpoint}`,
    { kind: 'endpoint', network, endpoint },
  ],
  [
    keys.addressClaim(network, four),
    `net/${network}/claim/address/10.7.0.2`,
    { kind: 'address-claim', network, address: four },
  ],
  [
    keys.addressClaim(network, six),
    `net/${network}/claim/address/fd00:7::2`,
    { kind: 'address-claim', network, address: six },
  ],
  [keys.macClaim(network, mac), `net/${network}/claim/mac/${mac}`, { kind: 'mac-claim', network, mac }],
  [keys.nameClaim(network, name), `net/${network}/claim/name/blue`, { kind: 'name-claim', network, name }],
])('%s is %s, and is taken apart again', (built, text, parsed) => {
  expect(built).toBe(text);
  expect(parseKey(built)).toEqual(parsed);
});

test('probes are nobody’s records', () => {
  expect(keys.probe('p1')).toBe('probes/p1');
  expect(parseKey(keys.probe('p1'))).toEqual({ kind: 'unknown' });
});

test('questions and answers are not records of anybody who takes keys apart', () => {
  expect(parseKey(keys.wait(network, 'q1'))).toEqual({ kind: 'unknown' });
  expect(parseKey(keys.waitAnswer(network, 'q1', node))).toEqual({ kind: 'unknown' });
});

test.each([
  '',
  '/',
  'networks',
  'networks/',
  'networks/..',
  'networks/a/b',
  'networks/__proto__',
  'network-state/a b',
  'vnis/0',
  'vnis/007',
  'vnis/16777215',
  'nodes/FEDCBA9876543210',
  'nodes/fedcba987654321',
  'node-claims/vtep/10.7.0.02',
  'node-claims/vtep/FD00::1',
  'node-claims/colour/blue',
  `net/x/endpoint/${endpoint}`,
  `net/${network}/endpoint/${endpoint}/more`,
  `net/${network}/claim/address/fd00:7:0::2`,
  `net/${network}/claim/address/10.7.0.2/24`,
  `net/${network}/claim/mac/02-57-0a-07-00-02`,
  `net/${network}/claim/mac/02:57:0A:07:00:02`,
  `net/${network}/claim/name/a/b`,
])('%j is unknown', (key) => {
  expect(parseKey(key)).toEqual({ kind: 'unknown' });
});

test('no key makes it throw', () => {
  const room = fc.constantFrom(
    'networks',
    'vnis',
    'nodes',
    'net',
    'claim',
    network,
    'node-claims',
    '__proto__',
  );
  fc.assert(
    fc.property(fc.array(fc.oneof(room, fc.string())), (parts) => {
      expect(typeof parseKey(parts.join('/')).kind).toBe('string');
    }),
  );
});

test('prefixes hold the keys that they are for, and those of no other network', () => {
  const other = 'aaaaaaaaaaaaaaaa' as NetworkId;
  expect(keys.endpoint(network, endpoint).startsWith(prefixes.endpoints(network))).toBe(true);
  expect(keys.addressClaim(network, four).startsWith(prefixes.addressClaims(network))).toBe(true);
  expect(prefixes.addressClaims(network).startsWith(prefixes.claims(network))).toBe(true);
  expect(keys.wait(network, 'q1').startsWith(prefixes.waits)).toBe(true);
  expect(keys.endpoint(network, endpoint).startsWith(prefixes.net(other))).toBe(false);
});
