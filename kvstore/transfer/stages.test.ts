import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { goesAlong, inOrder, isWritable } from './stages.ts';
import { aliveKey, clusterKeys, stayingKeys } from './testing/cluster-keys.ts';

describe('what goes along', () => {
  test('is all that a cluster keeps, and what nobody knows', () => {
    for (const { key } of [...clusterKeys(1), { key: 'later/thing' }])
      expect([key, goesAlong(key)]).toEqual([key, true]);
  });

  test('is nothing of the life in one store', () => {
    const staying = [aliveKey, ...stayingKeys, { key: 'probes/1' }, { key: 'restoring' }];
    for (const { key } of staying) expect([key, goesAlong(key)]).toEqual([key, false]);
  });
});

test('a key is writable when it is printable ASCII and its value is not empty', () => {
  const value = Uint8Array.of(0);
  const keys = ['k', 'a b', 'é', 'a\n', ''];
  expect(keys.map((key) => isWritable({ key, value }))).toEqual([true, false, false, false, false]);
  expect(isWritable({ key: 'k', value: new Uint8Array() })).toBe(false);
});

test('the order of writing does not depend on the order of reading', () => {
  const items = [...clusterKeys(2), { key: 'later/thing', value: Uint8Array.of(1) }];
  const expected = [
    'cluster',
    'network-accept',
    'network-state/blue',
    'networks/blue',
    'vnis/1048577',
    'node-claims/name/n1',
    'node-claims/vtep/192.0.2.1',
    'node-claims/vtep/2001:db8::1',
    'nodes/fedcba9876543210',
    'net/0123456789abcdef/claim/address/10.7.0.0',
    'net/0123456789abcdef/claim/address/10.7.0.1',
    'net/0123456789abcdef/claim/mac/02:57:0a:07:00:00',
    'net/0123456789abcdef/claim/mac/02:57:0a:07:00:01',
    'net/0123456789abcdef/claim/name/web0',
    'net/0123456789abcdef/claim/name/web1',
    'net/0123456789abcdef/endpoint/00000000000000000000000000000000',
    'net/0123456789abcdef/endpoint/00000000000000000000000000000001',
    'later/thing',
  ];
  fc.assert(
    fc.property(fc.shuffledSubarray(items, { minLength: items.length }), (shuffled) => {
      expect(inOrder(shuffled).map(({ key }) => key)).toEqual(expected);
    }),
  );
});
