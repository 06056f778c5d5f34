import { describe, expect, test } from '@jest/globals';
import { keys } from '../kvstore/keys.ts';
import { decodeClaim, encodeClaim } from '../kvstore/records/claim.ts';
import { decodeEndpoint } from '../kvstore/records/endpoint.ts';
import { endpoint, endpointId, network, networkId, nodeId } from '../kvstore/records/testing/values.ts';
import { FakeStore } from '../kvstore/fake-store.ts';
import type { Entry, Store, TxnResult } from '../kvstore/store.ts';
import type { Endpoint, EndpointId } from '../model/endpoint.ts';
import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import type { Name } from '../model/name.ts';
import { networkLimits, type Network } from '../model/network.ts';
import { FakeClock } from '../model/testing/fake-clock.ts';
import { attachTxn, conflictTxn, detachTxn, networkClaims, putBackTxn, readConflicts } from './claims.ts';

const stateKey = keys.networkState(network.name);
const net = (rest: string): string => `net/${networkId}/${rest}`;
const other: Endpoint = {
  ...endpoint,
  id: 'ff'.repeat(16) as EndpointId,
  name: 'db' as Name,
  mac: '02:57:0a:07:00:03' as Mac,
  addresses: ['10.7.0.3' as Ip],
};

/** A store with the network's state, at the revision that is returned. */
async function setUp(): Promise<{ readonly store: Store; readonly revision: number }> {
  const store = new FakeStore({ clock: new FakeClock() });
  const result = await store.txn([], [{ kind: 'put', key: stateKey, value: Uint8Array.of(1) }]);
  if (!result.ok) throw new Error('an unconditional write was refused');
  return { store, revision: result.revision };
}

function attach(store: Store, value: Endpoint, revision: number): Promise<TxnResult> {
  const { conditions, ops } = attachTxn(value, { key: stateKey, revision });
  return store.txn(conditions, ops);
}

async function detach(store: Store, value: Endpoint): Promise<TxnResult> {
  const entry = (await store.get(keys.endpoint(value.network, value.id)))!;
  const { conditions, ops } = await detachTxn(value, entry.revision, (key) => store.get(key));
  return store.txn(conditions, ops);
}

const keysOf = async (store: Store): Promise<readonly string[]> =>
  (await store.list(net(''))).entries.map((e) => e.key);
const everyKey = [
  net('claim/address/10.7.0.2'),
  net('claim/address/fd00:7::2'),
  net('claim/mac/02:57:0a:07:00:02'),
  net('claim/name/web'),
  net(`endpoint/${endpointId}`),
];

test('a network claims its gateways and auxiliary addresses', () => {
  expect(networkClaims(network).map(({ key, value }) => [key, decodeClaim(key, value)])).toEqual([
    [net('claim/address/10.7.0.1'), { kind: 'gateway', holder: 'gateway', owner: 'n1', expiresAt: 0 }],
    [net('claim/address/fd00:7::1'), { kind: 'gateway', holder: 'gateway', owner: 'n1', expiresAt: 0 }],
    [net('claim/address/fd00:7::2'), { kind: 'auxiliary', holder: 'router', owner: 'n1', expiresAt: 0 }],
  ]);
});

test('attach writes the endpoint and a claim on each address, the MAC and the name; aliases claim nothing', async () => {
  const { store, revision } = await setUp();
  expect(await attach(store, endpoint, revision)).toMatchObject({ ok: true });
  const { entries } = await store.list(net(''));
  expect(entries.map((e) => e.key)).toEqual(everyKey);
  const claims = entries.slice(0, 4).map((e) => decodeClaim(e.key, e.value));
  expect(claims).toEqual(
    Array(4).fill({ kind: 'endpoint', holder: endpointId, owner: nodeId, expiresAt: 0 }),
  );
  expect(decodeEndpoint(entries[4]!.key, entries[4]!.value)).toEqual(endpoint);
});

test('attach fails when the network is not as it was seen', async () => {
  const { store, revision } = await setUp();
  const result = await attach(store, endpoint, revision - 1);
  if (result.ok) throw new Error('attached to an unknown network');
  expect(readConflicts(endpoint, result.current)).toEqual([]);
  expect(await keysOf(store)).toEqual([]);
});

test.each<[string, Partial<Endpoint>, object]>([
  ['address', { addresses: ['fd00:7::2' as Ip] }, { what: 'address', address: 'fd00:7::2' }],
  ['MAC', { mac: endpoint.mac }, { what: 'mac', mac: endpoint.mac }],
  ['name', { name: endpoint.name! }, { what: 'name', name: 'web' }],
])('a second endpoint with the same %s is refused and learns who holds it', async (_, part, conflict) => {
  const { store, revision } = await setUp();
  await attach(store, endpoint, revision);
  const before = await keysOf(store);
  const wish = { ...other, ...part };
  const result = await attach(store, wish, revision);
  if (result.ok) throw new Error('two endpoints hold one thing');
  const claim = { kind: 'endpoint', holder: endpointId, owner: nodeId, expiresAt: 0 };
  expect(readConflicts(wish, result.current)).toEqual([{ ...conflict, claim }]);
  expect(await keysOf(store)).toEqual(before);
});

test('a repeated attach is refused, but its own claims are no conflict', async () => {
  const { store, revision } = await setUp();
  await attach(store, endpoint, revision);
  const result = await attach(store, endpoint, revision);
  if (result.ok) throw new Error('attached twice');
  expect(readConflicts(endpoint, result.current)).toEqual([]);
});

test('an endpoint that is there already is not written over, whatever it holds', async () => {
  const { store, revision } = await setUp();
  await attach(store, endpoint, revision);
  const result = await attach(store, { ...other, id: endpoint.id }, revision);
  expect(result).toMatchObject({ ok: false });
  expect(await keysOf(store)).toEqual(everyKey);
});

test('a claim that nobody can read keeps others away', () => {
  const key = net('claim/name/web');
  const entry: Entry = { key, value: Uint8Array.of(0xff), revision: 1, created: 1 };
  expect(readConflicts(endpoint, new Map([[key, entry]]))).toEqual([
    { what: 'name', name: 'web', claim: expect.objectContaining({ holder: 'with an unreadable record' }) },
  ]);
});

test('detach removes all of it and nothing of others', async () => {
  const { store, revision } = await setUp();
  await attach(store, other, revision);
  const before = await keysOf(store);
  await attach(store, endpoint, revision);
  expect(await detach(store, endpoint)).toMatchObject({ ok: true });
  expect(await keysOf(store)).toEqual(before);
});

test('detach leaves a claim that somebody else holds by now, or that cannot be read', async () => {
  const { store, revision } = await setUp();
  await attach(store, endpoint, revision);
  const theirs = encodeClaim({ kind: 'reservation', holder: 'r1', owner: 'ops', expiresAt: 0 });
  await store.txn(
    [],
    [
      { kind: 'put', key: net('claim/address/10.7.0.2'), value: theirs },
      { kind: 'put', key: net('claim/name/web'), value: Uint8Array.of(0xff) },
      { kind: 'delete', key: net('claim/mac/02:57:0a:07:00:02') },
    ],
  );
  expect(await detach(store, endpoint)).toMatchObject({ ok: true });
  expect(await keysOf(store)).toEqual([net('claim/address/10.7.0.2'), net('claim/name/web')]);
});

test.each([
  ['the endpoint', keys.endpoint(networkId, endpointId)],
  ['a claim', net('claim/address/10.7.0.2')],
])('detach fails when %s changes under its hands', async (_, key) => {
  const { store, revision } = await setUp();
  await attach(store, endpoint, revision);
  const entry = (await store.get(keys.endpoint(networkId, endpointId)))!;
  const { conditions, ops } = await detachTxn(endpoint, entry.revision, (k) => store.get(k));
  const { value } = (await store.get(key))!;
  await store.txn([], [{ kind: 'put', key, value }]);
  expect(await store.txn(conditions, ops)).toMatchObject({ ok: false });
  expect(await keysOf(store)).toEqual(everyKey);
});

const fence = keys.fence(nodeId);
const drop = (store: Store, ...gone: readonly string[]) =>
  store.txn(
    [],
    gone.map((key) => ({ kind: 'delete', key })),
  );

test('nothing is attached to a node that is fenced', async () => {
  const { store, revision } = await setUp();
  await store.txn([], [{ kind: 'put', key: fence, value: Uint8Array.of(1) }]);
  const result = await attach(store, endpoint, revision);
  expect(result).toMatchObject({ ok: false });
  expect(!result.ok && result.current.get(fence)).toBeTruthy();
  await drop(store, fence);
  expect(await attach(store, endpoint, revision)).toMatchObject({ ok: true });
});

test('an endpoint is put back with what is left of its claims', async () => {
  const { store, revision } = await setUp();
  await attach(store, endpoint, revision);
  await drop(store, everyKey[0]!, everyKey[3]!, everyKey[4]!);
  const state = { key: stateKey, revision };
  const refused = await attach(store, endpoint, revision);
  if (refused.ok) throw new Error('attached over its own claims');
  const { conditions, ops } = putBackTxn(endpoint, state, refused.current);
  expect(await store.txn(conditions, ops)).toMatchObject({ ok: true });
  expect(await keysOf(store)).toEqual(everyKey);
});

describe('an endpoint whose address another has', () => {
  const heir: Endpoint = { ...other, addresses: [endpoint.addresses[0]!] };
  const loser = { ...endpoint, state: { kind: 'conflict', holder: 'endpoint db on node n2' } } as const;

  async function contested() {
    const { store, revision } = await setUp();
    await attach(store, heir, revision);
    const refused = await attach(store, endpoint, revision);
    if (refused.ok) throw new Error('an address was given twice');
    expect(readConflicts(endpoint, refused.current)).toMatchObject([{ what: 'address' }]);
    const txn = conflictTxn(loser, { key: stateKey, revision }, refused.current);
    return { store, put: () => store.txn(txn.conditions, txn.ops) };
  }

  test('is put without a claim, and gives none away when it goes', async () => {
    const { store, put } = await contested();
    const before = await keysOf(store);
    expect(await put()).toMatchObject({ ok: true });
    expect(await keysOf(store)).toEqual([...before, net(`endpoint/${endpointId}`)].toSorted());
    await detach(store, loser);
    expect(await keysOf(store)).toEqual(before);
  });

  test('is not in conflict when the other has let go meanwhile, nor when its node is fenced', async () => {
    const { store, put } = await contested();
    await store.txn([], [{ kind: 'put', key: fence, value: Uint8Array.of(1) }]);
    expect(await put()).toMatchObject({ ok: false });
    await drop(store, fence);
    await detach(store, heir);
    expect(await put()).toMatchObject({ ok: false });
  });
});

test('the largest endpoint and the largest network fit a transaction of Consul', async () => {
  const addresses = Array.from({ length: networkLimits.subnets }, (_, i) => `10.${i}.0.2` as Ip);
  const large = { ...endpoint, addresses };
  const attaching = attachTxn(large, { key: stateKey, revision: 1 });
  const claim = encodeClaim({ kind: 'endpoint', holder: endpointId, owner: nodeId, expiresAt: 0 });
  const detaching = await detachTxn(large, 1, async (key) => ({
    key,
    value: claim,
    revision: 1,
    created: 1,
  }));
  for (const { conditions, ops } of [attaching, detaching])
    expect(conditions.length + ops.length).toBeLessThanOrEqual(64);

  const subnets = Array.from({ length: networkLimits.subnets }, (_, i) => ({
    ...network.subnets[0]!,
    auxiliary: new Map(
      Array.from({ length: networkLimits.auxiliary / networkLimits.subnets }, (__, j) => [
        `a${j}` as Name,
        `10.${i}.0.${j + 2}` as Ip,
      ]),
    ),
  }));
  const largest: Network = { ...network, subnets };
  // Beside them acceptance has at most 4 conditions and 4 operations.
  expect(networkClaims(largest).length).toBeLessThanOrEqual(64 - 8);
});
