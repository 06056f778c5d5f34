import { describe, expect, test } from '@jest/globals';
import { attachTxn, endpointClaims } from '../../ipam/claims.ts';
import { FakeStore } from '../../kvstore/fake-store.ts';
import { keys } from '../../kvstore/keys.ts';
import { encodeClaim } from '../../kvstore/records/claim.ts';
import { encodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { encodeNetworkState } from '../../kvstore/records/network-json.ts';
import { encodeText } from '../../kvstore/store.ts';
import type { Ip } from '../../model/ip.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { World } from '../testing/world.ts';
import { checkAddresses, fixAddresses, type CheckPorts } from './check.ts';
import {
  belowNetworks,
  blue,
  endpointIn,
  ghostClaim,
  red,
  reservationIn,
  wholeStore,
} from './testing/content.ts';

const { signal } = new AbortController();
const one = endpointIn(blue, 12);
const other = endpointIn(blue, 15);
const content = { networks: [blue, red], endpoints: [one], reservations: [reservationIn(blue, 20)] };

/** A store with this content, and what was done to it. */
async function storeWith(done: Readonly<Record<string, Uint8Array | undefined>>): Promise<FakeStore> {
  const store = new FakeStore({ clock: new FakeClock() });
  for (const [key, value] of wholeStore(content)) await store.txn([], [{ kind: 'put', key, value }]);
  for (const [key, value] of Object.entries(done))
    await store.txn([], [value === undefined ? { kind: 'delete', key } : { kind: 'put', key, value }]);
  return store;
}

const kindsIn = async (store: FakeStore): Promise<readonly (readonly string[])[]> =>
  (await fixAddresses({ store, signal, guards: [] })).findings.map(({ kind, mend }) => [kind, mend]);

const claimOf = (of: typeof one, n = 0) => endpointClaims(of)[n]!;

test.each([
  [
    'an address that two endpoints have',
    {
      [keys.endpoint(blue.id, other.id)]: encodeEndpoint({ ...other, addresses: one.addresses.slice(0, 1) }),
    },
    // What nobody else has of it is claimed all the same.
    [
      ['contested', 'undecided'],
      ['claim-missing', 'mended'],
      ['claim-missing', 'mended'],
    ],
  ],
  [
    'an address that two have and a third claims',
    {
      [keys.endpoint(blue.id, other.id)]: encodeEndpoint({ ...other, addresses: one.addresses.slice(0, 1) }),
      [claimOf(one).key]: ghostClaim(),
      [claimOf(other, 2).key]: claimOf(other, 2).value,
      [claimOf(other, 3).key]: claimOf(other, 3).value,
    },
    [['contested', 'undecided']],
  ],
  ['a claim that cannot be read', { [claimOf(one).key]: encodeText('?') }, [['unreadable', 'undecided']]],
  [
    'an endpoint that cannot be read: its claims may be right',
    { [keys.endpoint(blue.id, one.id)]: encodeText('?') },
    [['unreadable', 'undecided']],
  ],
  [
    'a network that cannot be read: what is below it stays',
    { [keys.networkState(red.name)]: encodeText('?') },
    [
      ['claim-without-holder', 'undecided'],
      ['unknown-network', 'undecided'],
      ['unreadable', 'undecided'],
    ],
  ],
])('%s is for somebody to decide', async (_, done, findings) => {
  const store = await storeWith(done);
  const before = await store.list('');
  expect((await kindsIn(store)).toSorted()).toEqual(findings.toSorted());
  const after = new Map((await store.list('')).entries.map((e) => [e.key, e.revision]));
  for (const { key, revision } of before.entries) expect([key, after.get(key)]).toEqual([key, revision]);
});

test('an address outside every subnet is told of as long as somebody has it, and deleted otherwise', async () => {
  const outside = { ...one, addresses: ['10.99.0.1' as Ip] };
  const key = keys.addressClaim(blue.id, '10.99.0.1' as Ip);
  const had = await storeWith({
    [keys.endpoint(blue.id, one.id)]: encodeEndpoint(outside),
    [key]: claimOf(one).value,
  });
  expect(await kindsIn(had)).toContainEqual(['outside', 'undecided']);
  // Nor is it claimed for him.
  const bare = await storeWith({ [keys.endpoint(blue.id, one.id)]: encodeEndpoint(outside) });
  expect(await kindsIn(bare)).toContainEqual(['outside', 'undecided']);
  expect(await bare.get(key)).toBeUndefined();
  const free = await storeWith({ [key]: ghostClaim() });
  expect(await kindsIn(free)).toEqual([['claim-without-holder', 'mended']]);
  expect(await free.get(key)).toBeUndefined();
});

describe('a VNI', () => {
  const own = encodeText(blue.id);
  const ghost = encodeText('dead000000000009');
  const spare = keys.vni(4711);

  test.each([
    ['that nobody claims', keys.vni(blue.vni), undefined, 'claim-missing', own],
    ['that is claimed by a network that is not there', keys.vni(blue.vni), ghost, 'claim-of-another', own],
    [
      'that is claimed by one that has another',
      keys.vni(blue.vni),
      encodeText(red.id),
      'claim-of-another',
      own,
    ],
    ['of a network that is not there', spare, ghost, 'claim-without-holder', undefined],
    ['too many', spare, own, 'claim-without-holder', undefined],
  ] as const)('%s is mended', async (_, key, value, kind, after) => {
    const store = await storeWith({ [key]: value });
    expect(await kindsIn(store)).toEqual([[kind, 'mended']]);
    expect((await store.get(key))?.value).toEqual(after);
    expect((await checkAddresses({ store, signal })).findings).toEqual([]);
  });

  test.each([
    ['one of them', own],
    ['nobody', undefined],
    ['somebody else', ghost],
  ] as const)('of two networks, claimed by %s, is for somebody to decide', async (_, value) => {
    const store = await storeWith({
      [keys.networkState(red.name)]: encodeNetworkState({ ...red, vni: blue.vni }),
      [keys.vni(red.vni)]: undefined,
      [keys.vni(blue.vni)]: value,
    });
    const before = await store.get(keys.vni(blue.vni));
    expect(await kindsIn(store)).toEqual([['contested', 'undecided']]);
    expect(await store.get(keys.vni(blue.vni))).toEqual(before);
  });

  test('of a network whose record cannot be read stays, and so does one of a network that was accepted meanwhile', async () => {
    const unreadable = await storeWith({ [keys.networkState(red.name)]: encodeText('?') });
    await kindsIn(unreadable);
    expect((await unreadable.get(keys.vni(red.vni)))?.value).toEqual(encodeText(red.id));

    const store = await storeWith({ [spare]: ghost });
    const accept = (): Promise<unknown> =>
      store.txn([], [{ kind: 'put', key: keys.networkAccept, value: encodeText('8') }]);
    const noted = beforeRepair(store, accept);
    const { findings } = await fixAddresses({
      store: { ...noted, list: listOnce(noted) },
      signal,
      guards: [],
    });
    expect(findings).toMatchObject([{ kind: 'claim-without-holder' }]);
    expect(await store.get(spare)).toBeDefined();
  });
});

/** Whoever looks again sees what he saw first. */
function listOnce({ list }: CheckPorts['store']): CheckPorts['store']['list'] {
  let seen: ReturnType<typeof list> | undefined;
  return (...args) => (seen ??= list(...args));
}

test('an endpoint in conflict keeps the claims that it still has, and gets no others', async () => {
  const loser = { ...one, state: { kind: 'conflict', holder: 'somebody' } } as const;
  const { key } = claimOf(one);
  const store = await storeWith({
    [keys.endpoint(blue.id, one.id)]: encodeEndpoint(loser),
    [key]: undefined,
  });
  expect(await kindsIn(store)).toEqual([]);
  expect(await store.get(key)).toBeUndefined();
});

test('a reservation whose name is gone goes as a whole; a claim by one that never was goes as well', async () => {
  const lone = encodeClaim({ kind: 'reservation', holder: 'no name', owner: '', expiresAt: 0 });
  const stray = keys.addressClaim(blue.id, '10.7.0.99' as Ip);
  const store = await storeWith({
    [keys.nameClaim(blue.id, reservationIn(blue, 20).name)]: undefined,
    [stray]: lone,
  });
  expect(await kindsIn(store)).toEqual(Array(3).fill(['claim-without-holder', 'mended']));
  const right = belowNetworks({ ...content, reservations: [] });
  expect((await store.list('net/')).entries.map(({ key }) => key)).toEqual([...right.keys()].toSorted());
});

/** Somebody acts after the store was read, and before the first repair. */
function beforeRepair(store: FakeStore, act: () => Promise<unknown>): CheckPorts['store'] {
  let acted: Promise<unknown> | undefined;
  return {
    get: (...args) => store.get(...args),
    list: (...args) => store.list(...args),
    txn: async (...args) => {
      acted ??= act();
      await acted;
      return store.txn(...args);
    },
  };
}

test('a claim that somebody got meanwhile, and one whose holder came back, stay', async () => {
  const stray = endpointIn(blue, 30);
  const { key } = claimOf(stray);
  const store = await storeWith({
    [key]: encodeClaim({ kind: 'endpoint', holder: stray.id, owner: stray.node, expiresAt: 0 }),
  });
  const comeBack = async (): Promise<void> => {
    const state = await store.get(keys.networkState(blue.name));
    const { ops } = attachTxn(stray, { key: keys.networkState(blue.name), revision: state!.revision });
    // With the claim as it is: the repair must see its holder.
    await store.txn(
      [],
      ops.filter((op) => op.key !== key),
    );
  };
  const fixed = await fixAddresses({ store: beforeRepair(store, comeBack), signal, guards: [] });
  expect(fixed.findings.map(({ mend }) => mend)).toEqual(['mended']);
  expect(await store.get(key)).toBeDefined();
  expect((await checkAddresses({ store, signal })).findings).toEqual([]);

  const taker = endpointIn(blue, 31);
  const again = await storeWith({ [claimOf(taker).key]: ghostClaim() });
  const take = (): Promise<unknown> =>
    again.txn(
      [],
      [
        { kind: 'put', key: keys.endpoint(blue.id, taker.id), value: encodeEndpoint(taker) },
        ...endpointClaims(taker).map((claim) => ({ kind: 'put', ...claim }) as const),
      ],
    );
  await fixAddresses({ store: beforeRepair(again, take), signal, guards: [] });
  expect((await again.get(claimOf(taker).key))?.value).toEqual(claimOf(taker).value);
});

test('what was detached meanwhile is not claimed', async () => {
  const { key } = claimOf(one);
  const store = await storeWith({ [key]: undefined });
  const detach = (): Promise<unknown> =>
    store.txn(
      [],
      [
        { kind: 'delete', key: keys.endpoint(blue.id, one.id) },
        ...endpointClaims(one).map((claim) => ({ kind: 'delete', key: claim.key }) as const),
      ],
    );
  await fixAddresses({ store: beforeRepair(store, detach), signal, guards: [] });
  expect(await store.get(key)).toBeUndefined();
});

test('keys of an unknown network stay when a network is accepted meanwhile', async () => {
  const store = await storeWith({ [keys.networkState(red.name)]: undefined });
  const accept = (): Promise<unknown> => {
    const state: Network = { ...red, acceptance: 8 };
    return store.txn(
      [],
      [
        { kind: 'put', key: keys.networkState(red.name), value: encodeNetworkState(state) },
        { kind: 'put', key: keys.networkAccept, value: encodeText('8') },
      ],
    );
  };
  const before = (await store.list(`net/${red.id}/`)).entries;
  await fixAddresses({ store: beforeRepair(store, accept), signal, guards: [] });
  expect((await store.list(`net/${red.id}/`)).entries).toEqual(before);
});

test('a guard that does not hold, or a store that is being filled, is no time to mend anything', async () => {
  const store = await storeWith({ [claimOf(one).key]: undefined });
  const guards = [{ kind: 'absent', key: 'somebody/else' }] as const;
  expect((await fixAddresses({ store, signal, guards })).findings).toMatchObject([{ mend: 'possible' }]);
  await store.txn([], [{ kind: 'put', key: keys.restoring, value: encodeText('h1') }]);
  await expect(fixAddresses({ store, signal, guards: [] })).rejects.toMatchObject({
    code: 'STORE_UNAVAILABLE',
  });
  expect(await store.get(claimOf(one).key)).toBeUndefined();
});

test('an agent mends the store of its cluster, and nothing is found after its own work', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24', 'fd00:7::/64');
  const { networkId } = await h1.attach('blue', 'c1', { name: 'web' });
  expect(await h1.service.checkAddresses({ fix: false })).toMatchObject({
    networks: 1,
    endpoints: 1,
    findings: [],
  });
  await world.delete(keys.addressClaim(networkId as NetworkId, '10.7.0.1' as Ip));
  expect((await h1.service.checkAddresses({ fix: false })).findings).toMatchObject(
    [
      {
        kind: 'claim-missing',
        mend: 'possible',
        what: /^address 10\.7\.0\.1 of network blue is claimed by nobody; the network itself has it$/,
      },
    ].map((f) => ({ ...f, what: expect.stringMatching(f.what) })),
  );
  expect((await h1.service.checkAddresses({ fix: true })).findings).toMatchObject([{ mend: 'mended' }]);
  expect((await h1.service.checkAddresses({ fix: true })).findings).toEqual([]);
});
