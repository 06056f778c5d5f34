import { expect, test } from '@jest/globals';
import { aliveKey, clusterKeys } from '../transfer/testing/cluster-keys.ts';
import { encodeText } from '../store.ts';
import { decodeAny } from './any.ts';

test('every kind of key is shown as plain JSON', () => {
  const shown = new Map([...clusterKeys(1), aliveKey].map(({ key, value }) => [key, decodeAny(key, value)]));
  for (const [key, json] of shown) expect([key, JSON.parse(JSON.stringify(json))]).toEqual([key, json]);
  const net = 'net/0123456789abcdef';
  const claim = { kind: 'endpoint', holder: '0'.repeat(32), owner: 'fedcba9876543210', expiresAt: 0 };
  const expected = {
    cluster: { id: 'c1', underlay: 4 },
    'network-accept': 7,
    'networks/blue': { subnets: ['10.7.0.0/16'] },
    'network-state/blue': {
      vni: 1_048_577,
      labels: { team: 'a' },
      subnets: [{}, { auxiliary: { router: 'fd00:7::2' } }],
    },
    'vnis/1048577': '0123456789abcdef',
    'nodes/fedcba9876543210': { name: 'n1', vteps: ['192.0.2.1', '2001:db8::1'] },
    'node-claims/name/n1': 'fedcba9876543210',
    'node-claims/vtep/2001:db8::1': 'fedcba9876543210',
    'alive/fedcba9876543210': { generation: { counter: 1 } },
    [`${net}/endpoint/${'0'.repeat(32)}`]: {
      name: 'web0',
      mac: '02:57:0a:07:00:00',
      addresses: ['10.7.0.0'],
    },
    [`${net}/claim/address/10.7.0.0`]: claim,
    [`${net}/claim/mac/02:57:0a:07:00:00`]: claim,
    [`${net}/claim/name/web0`]: claim,
  };
  for (const [key, part] of Object.entries(expected)) {
    if (typeof part === 'object') expect([key, shown.get(key)]).toMatchObject([key, part]);
    else expect([key, shown.get(key)]).toEqual([key, part]);
  }
});

test.each([
  ['cluster', '{}', 'RECORD_INVALID'],
  ['network-accept', 'many', 'RECORD_INVALID'],
  ['networks/blue', '{"subnets":["10.7.0.0/33"]}', 'INPUT_INVALID'],
  ['network-state/blue', 'x', 'RECORD_INVALID'],
  ['vnis/1048577', 'x', 'RECORD_INVALID'],
  ['nodes/fedcba9876543210', 'x', 'RECORD_INVALID'],
  ['fences/fedcba9876543210', 'x', 'RECORD_INVALID'],
  ['node-claims/name/n1', 'x', 'RECORD_INVALID'],
  ['net/0123456789abcdef/claim/name/web', '\xff', 'RECORD_INVALID'],
])('a broken value of %s is named', (key, text, code) => {
  const message = expect.stringContaining(key);
  expect(() => decodeAny(key, encodeText(text))).toThrow(expect.objectContaining({ code, message }));
});

test.each(['restoring', 'later/thing', 'networks/a b'])('what nobody decodes is undefined: %s', (key) => {
  expect(decodeAny(key, encodeText('x'))).toBeUndefined();
});
