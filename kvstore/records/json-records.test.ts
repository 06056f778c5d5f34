import { expect, test } from '@jest/globals';
import type { RefusedNetwork } from '../../model/network.ts';
import type { Cluster } from '../../model/node.ts';
import type { Prefix } from '../../model/prefix.ts';
import { decodeText, encodeText } from '../store.ts';
import { decodeCluster, encodeCluster, poolsOf } from './cluster-json.ts';
import { decodeNetworkState, encodeNetworkState } from './network-json.ts';
import { network } from './testing/values.ts';

const key = 'network-state/blue';
const refused: RefusedNetwork = {
  name: network.name,
  wishHash: network.wishHash,
  why: 'mtu: must be a whole number',
};
const cluster: Cluster = {
  id: 'c0ffee',
  epoch: 1,
  underlay: 6,
  port: 4789,
  vniFirst: 1048576,
  vniLast: 16777214,
  pools: [
    { base: '10.64.0.0/11' as Prefix, size: 24 },
    { base: 'fd00:7::/48' as Prefix, size: 64 },
  ],
  minimumVersion: '0.1.0',
};

const jsonOf = (value: Uint8Array) => JSON.parse(decodeText(value)) as Record<string, unknown>;
const bytesOf = (json: unknown): Uint8Array => encodeText(JSON.stringify(json));
const invalid = (message: RegExp) =>
  expect.objectContaining({ code: 'RECORD_INVALID', message: expect.stringMatching(message) });

test('an accepted network is readable in the store', () => {
  expect(jsonOf(encodeNetworkState(network))).toEqual({
    name: 'blue',
    id: '0123456789abcdef',
    driver: 'overlay',
    vni: 1048577,
    subnets: [
      { cidr: '10.7.0.0/24', gateway: '10.7.0.1', auxiliary: {} },
      {
        cidr: 'fd00:7::/64',
        gateway: 'fd00:7::1',
        range: 'fd00:7::100/120',
        auxiliary: { router: 'fd00:7::2' },
      },
    ],
    mtu: 1450,
    internal: false,
    allowOverlap: true,
    labels: { team: 'a' },
    phase: { kind: 'active' },
    wishHash: 'ab'.repeat(32),
    acceptance: 7,
    creator: 'n1',
    createdAt: '2026-11-25T15:00:00.000Z',
    changed: { by: 'n2', at: '2026-11-25T16:00:00.000Z' },
  });
});

const { mtu: _mtu, ...withoutMtu } = network;

test.each([
  ['active', network],
  ['without an MTU of its own', withoutMtu],
  [
    'with a refused edit',
    { ...network, phase: { kind: 'active', refused: { wishHash: '00'.repeat(32), why: 'no' } } } as const,
  ],
  ['being removed', { ...network, phase: { kind: 'removing', force: true, by: 'n2' } } as const],
  ['refused', refused],
])('a network %s reads back', (_, state) => {
  expect(decodeNetworkState(key, encodeNetworkState(state))).toEqual(state);
});

test('fields of a later version are passed over', () => {
  const later = { ...jsonOf(encodeNetworkState(network)), encryption: { kind: 'wireguard' } };
  expect(decodeNetworkState(key, bytesOf(later))).toEqual(network);
});

test('a long reason is cut, not refused', () => {
  const why = 'x'.repeat(10_000);
  const states = [
    { ...refused, why },
    { ...network, phase: { kind: 'active', refused: { wishHash: refused.wishHash, why } } },
  ] as const;
  for (const state of states) {
    expect(decodeText(encodeNetworkState(state)).length).toBeLessThan(6000);
  }
});

test('what would be too large to read is not written', () => {
  const labels = new Map([['art', 'x'.repeat(70_000)]]);
  expect(() => encodeNetworkState({ ...network, labels })).toThrow(
    expect.objectContaining({
      code: 'INPUT_INVALID',
      message: expect.stringContaining('network-state/blue'),
    }),
  );
});

test.each<[string, unknown, RegExp]>([
  ['the name of another network', { name: 'red' }, /belongs to the key network-state\/red/],
  ['a name that is none', { name: '../red' }, /name: /],
  ['an id that is none', { id: 'x' }, /id: /],
  ['another driver', { driver: 'bridge' }, /driver: /],
  ['an impossible VNI', { vni: 0 }, /VNI 0/],
  ['no subnet', { subnets: [] }, /subnets: /],
  ['a bad prefix', { subnets: [{ cidr: '10.7.0.1/24', gateway: '10.7.0.1' }] }, /host bits/],
  [
    'a gateway elsewhere',
    { subnets: [{ cidr: '10.7.0.0/24', gateway: '10.8.0.1' }] },
    /10\.8\.0\.1 lies outside/,
  ],
  [
    'a range elsewhere',
    { subnets: [{ cidr: '10.7.0.0/24', gateway: '10.7.0.1', range: '10.8.0.0/24' }] },
    /range/,
  ],
  [
    'a bad auxiliary name',
    { subnets: [{ cidr: '10.7.0.0/24', gateway: '10.7.0.1', auxiliary: { '/': '10.7.0.2' } }] },
    /no name/,
  ],
  ['a phase that nobody knows', { phase: { kind: 'frozen' } }, /phase/],
  ['a tiny MTU', { mtu: 10 }, /mtu: /],
  ['a control character', { creator: '\u001b[2J' }, /creator: /],
])('an accepted network with %s is refused with its key', (_, part, why) => {
  const value = bytesOf({ ...jsonOf(encodeNetworkState(network)), ...(part as object) });
  expect(() => decodeNetworkState(key, value)).toThrow(invalid(why));
  expect(() => decodeNetworkState(key, value)).toThrow(
    invalid(/^record "network-state\/blue" cannot be used: /),
  );
});

test('a refused network has the name of its key, too', () => {
  expect(() => decodeNetworkState('network-state/red', encodeNetworkState(refused))).toThrow(
    invalid(/network-state\/blue/),
  );
});

test('the facts of the cluster are readable and read back', () => {
  expect(jsonOf(encodeCluster(cluster))).toEqual(cluster);
  expect(decodeCluster('cluster', encodeCluster(cluster))).toEqual(cluster);
});

test.each<[string, unknown, RegExp]>([
  ['port', 0, /port/],
  ['underlay', 5, /underlay/],
  ['id', '', /id/],
  ['vniFirst', 16777215, /vniFirst/],
  ['vniLast', 7, /vniFirst is greater than vniLast/],
  ['epoch', undefined, /epoch/],
  ['pools', [{ base: '10.0.0.1/8', size: 24 }], /host bits/],
  ['pools', [{ base: '10.0.0.0/8', size: 31 }], /size that is not from 8/],
  ['pools', [{ base: '10.0.0.0/8' }], /size/],
])('a cluster whose %s is %j is refused', (field, wrong, why) => {
  expect(() => decodeCluster('cluster', bytesOf({ ...cluster, [field]: wrong }))).toThrow(invalid(why));
});

test('a cluster that names no address pools has those of its id', () => {
  const { pools: _, ...older } = cluster;
  const read = decodeCluster('cluster', bytesOf(older));
  expect(read).toEqual({ ...older, pools: poolsOf('c0ffee') });
  expect(read.pools.map(({ base }) => base)).toEqual(['10.64.0.0/11', expect.stringMatching(/^fd.*::\/48$/)]);
  expect(poolsOf('c0ffef')).not.toEqual(poolsOf('c0ffee'));
});

test('what is no JSON is refused with its key', () => {
  for (const decode of [decodeNetworkState, decodeCluster]) {
    expect(() => decode('some/key', encodeText('{'))).toThrow(
      invalid(/^record "some\/key" cannot be used: it is not JSON/),
    );
  }
});
