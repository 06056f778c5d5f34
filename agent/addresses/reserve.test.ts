import { describe, expect, test } from '@jest/globals';
import { reserveBody, type ReleaseBody, type ReserveBody } from '../../api/schemas/address.ts';
import { releaseBody } from '../../api/schemas/address.ts';
import type { ReleasedJson, ReservedJson } from '../../api/schemas/address.ts';
import type { Name } from '../../model/name.ts';
import { blueOn } from '../operations/testing/blue.ts';
import { World, type TestNode } from '../testing/world.ts';

const reserve = (node: TestNode, body: Partial<ReserveBody> = {}): Promise<ReservedJson> =>
  node.service.reserveAddress(reserveBody.parse({ network: 'blue', ...body }));

const release = (node: TestNode, body: Partial<ReleaseBody>): Promise<ReleasedJson> =>
  node.service.releaseAddress(releaseBody.parse({ network: 'blue', ...body }));

/** Nothing may ever be wrong with the claims. */
async function checked(node: TestNode): Promise<readonly unknown[]> {
  return (await node.service.checkAddresses({ fix: false })).findings;
}

const claimed = async (world: World): Promise<readonly string[]> =>
  (await world.keys('net/')).map((key) => key.split('/').slice(2).join('/'));

const gateways = ['claim/address/10.7.0.1', 'claim/address/fd00:7::1'];

describe('reserve', () => {
  test('keeps one address of each family from everybody, under a name; the same again is the same', async () => {
    await using world = new World();
    const [h1, h2] = await blueOn(world, 1, 2);
    const first = await reserve(h1!, { name: 'printer', owner: 'alice' });
    const { addresses } = first.reservation;
    expect(first.outcome).toBe('reserved');
    expect(addresses).toEqual([expect.stringMatching(/^10\.7\.0\./), expect.stringMatching(/^fd00:7:/)]);
    expect(await claimed(world)).toEqual(
      [...gateways, ...addresses.map((ip) => `claim/address/${ip}`), 'claim/name/printer'].toSorted(),
    );
    expect(await reserve(h2!, { name: 'printer', owner: 'alice' })).toEqual({
      ...first,
      outcome: 'unchanged',
    });
    const taken = h2!.attach('blue', 'c1', { addresses: [addresses[0]!] });
    await expect(taken).rejects.toMatchObject({
      code: 'ADDRESS_TAKEN',
      message: `in network blue address ${addresses[0]} is held by reservation printer of alice`,
    });
    await expect(h2!.attach('blue', 'c2', { name: 'printer' })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    expect(await checked(h1!)).toEqual([]);
  });

  test('of an address is the same when it is asked for again, and keeps that address alone', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const wish = { addresses: ['fd00:7::9'] };
    expect(await reserve(h1!, wish)).toMatchObject({
      outcome: 'reserved',
      reservation: { name: 'ip-fd00-7--9', addresses: ['fd00:7::9'], owner: '' },
    });
    expect((await reserve(h1!, wish)).outcome).toBe('unchanged');
    expect((await reserve(h1!, { ...wish, expires: 60_000 })).outcome).toBe('extended');
    expect((await reserve(h1!, wish)).reservation).not.toHaveProperty('expiresAt');
  });

  test.each([
    ['the gateway', { addresses: ['10.7.0.1'] }, 'ADDRESS_TAKEN'],
    ['an address outside', { addresses: ['10.8.0.1'] }, 'ADDRESS_OUTSIDE'],
    ['two of one subnet', { addresses: ['10.7.0.8', '10.7.0.9'] }, 'INPUT_INVALID'],
    ['an address of an endpoint', { addresses: ['10.7.0.50'] }, 'ADDRESS_TAKEN'],
    ['the name of an endpoint', { name: 'web' }, 'NAME_TAKEN'],
    ["somebody else's name", { name: 'printer', owner: 'bob' }, 'NAME_TAKEN'],
    [
      'a name with other addresses',
      { name: 'printer', owner: 'alice', addresses: ['10.7.0.61'] },
      'NAME_TAKEN',
    ],
    ['an unknown network', { network: 'red' }, 'NETWORK_NOT_FOUND'],
  ])('of %s is refused, and leaves nothing', async (_, wish, code) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await h1!.attach('blue', 'c1', { name: 'web', addresses: ['10.7.0.50'] });
    await reserve(h1!, { name: 'printer', owner: 'alice', addresses: ['10.7.0.60'] });
    const before = await claimed(world);
    await expect(reserve(h1!, wish)).rejects.toMatchObject({ code });
    expect(await claimed(world)).toEqual(before);
  });

  test.each(['applied', 'not applied'] as const)('whose reply was lost, %s, is done once', async (fate) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    h1!.store.loseNextReply(fate);
    const { reservation } = await reserve(h1!, { name: 'printer' });
    expect(await claimed(world)).toHaveLength(2 + 3);
    expect(await release(h1!, { name: 'printer' })).toEqual({
      released: true,
      addresses: reservation.addresses,
    });
    expect(await claimed(world)).toEqual(gateways);
  });

  test('two nodes that reserve at once never get the same', async () => {
    await using world = new World();
    const [h1, h2] = await blueOn(world, 1, 2);
    await h1!.create('tiny', '10.9.0.0/29');
    const all = await Promise.allSettled(
      Array.from({ length: 6 }, (_, n) =>
        reserve(n % 2 === 0 ? h1! : h2!, { network: 'tiny', name: `r${n}` }),
      ),
    );
    const got = all.flatMap((one) => (one.status === 'fulfilled' ? one.value.reservation.addresses : []));
    expect(got.toSorted()).toEqual(['10.9.0.2', '10.9.0.3', '10.9.0.4', '10.9.0.5', '10.9.0.6']);
    const refused = all.flatMap((one) => (one.status === 'rejected' ? [one.reason as unknown] : []));
    expect(refused).toEqual([expect.objectContaining({ code: 'POOL_EXHAUSTED' })]);
  });
});

describe('an attach', () => {
  test.each([
    ['by its name', 'web', { reservation: 'web', owner: 'alice' }],
    ['by one of its addresses', undefined, { addresses: ['10.7.0.50'], owner: 'alice' }],
    ['under another name', 'db', { reservation: 'web', owner: 'alice', name: 'db' }],
  ])('takes a reservation %s in one step, whole; again it is the same endpoint', async (_, name, wish) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const addresses = ['10.7.0.50', 'fd00:7::50'];
    await reserve(h1!, { name: 'web', owner: 'alice', addresses });
    const { revision } = await world.store.list('net/');
    const attached = await h1!.attach('blue', 'c1', wish);
    expect(attached.addresses).toEqual(['10.7.0.50/24', 'fd00:7::50/64']);
    expect(attached.name).toBe(name);
    const now = await world.store.list('net/');
    expect(now.revision).toBe(revision + 1);
    const names = name === undefined ? [] : [`claim/name/${name}`];
    expect(await claimed(world)).toEqual(
      [
        ...gateways,
        ...addresses.map((ip) => `claim/address/${ip}`),
        `claim/mac/${attached.mac}`,
        ...names,
        `endpoint/${attached.id}`,
      ].toSorted(),
    );
    expect(await checked(h1!)).toEqual([]);
    expect((await h1!.attachAgain('blue', '/run/netns/c1', wish)).id).toBe(attached.id);
    expect(await h1!.detach({ network: 'blue', sandbox: '/run/netns/c1' })).toBe(true);
    expect(await claimed(world)).toEqual(gateways);
  });

  test.each([
    [
      'that is not there',
      { reservation: 'nobody' },
      'RESERVATION_NOT_FOUND',
      /network blue has no reservation nobody/,
    ],
    [
      "of somebody else's",
      { reservation: 'web', owner: 'bob' },
      'NAME_TAKEN',
      /it is of alice, and bob was given/,
    ],
    ['with an owner, without one', { reservation: 'web' }, 'NAME_TAKEN', /no owner was given/],
    [
      "by an address of somebody else's",
      { addresses: ['10.7.0.50'] },
      'ADDRESS_TAKEN',
      /reservation web of alice/,
    ],
  ])('with a reservation %s is refused, and changes nothing', async (_, wish, code, message) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await reserve(h1!, { name: 'web', owner: 'alice', addresses: ['10.7.0.50'] });
    const before = await claimed(world);
    await expect(h1!.attach('blue', 'c1', wish)).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
    });
    expect(await claimed(world)).toEqual(before);
    expect(h1!.kernel.writes).toBe(0);
  });

  test('of two at once for one reservation one gets it', async () => {
    await using world = new World();
    const [h1, h2] = await blueOn(world, 1, 2);
    await reserve(h1!, { name: 'web', addresses: ['10.7.0.50'] });
    const both = await Promise.allSettled([
      h1!.attach('blue', 'c1', { reservation: 'web' }),
      h2!.attach('blue', 'c2', { reservation: 'web' }),
    ]);
    expect(both.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
    expect(await checked(h1!)).toEqual([]);
  });

  test.each(['applied', 'not applied'] as const)(
    'whose reply was lost, %s, has it all the same',
    async (fate) => {
      await using world = new World();
      const [h1] = await blueOn(world, 1);
      await reserve(h1!, { name: 'web', addresses: ['10.7.0.50'] });
      h1!.store.loseNextReply(fate);
      const { addresses } = await h1!.attach('blue', 'c1', { reservation: 'web' });
      expect(addresses[0]).toBe('10.7.0.50/24');
      expect(await checked(h1!)).toEqual([]);
    },
  );
});

describe('one that has expired', () => {
  test.each([
    ['asks for its address', { addresses: ['10.7.0.50'] }],
    ['asks for its name', { name: 'web', addresses: ['10.7.0.50'] }],
  ])('counts as free for whoever %s; nothing of it stays', async (_, wish) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await reserve(h1!, {
      name: 'web',
      owner: 'alice',
      addresses: ['10.7.0.50', 'fd00:7::50'],
      expires: 5000,
    });
    await expect(h1!.attach('blue', 'c1', wish)).rejects.toMatchObject({ code: 'ADDRESS_TAKEN' });
    await world.clock.advance(5000);
    expect((await h1!.attach('blue', 'c1', wish)).addresses[0]).toBe('10.7.0.50/24');
    expect(await checked(h1!)).toEqual([]);
    expect(await claimed(world)).not.toContain('claim/address/fd00:7::50');
  });

  test('is what the last address of a pool comes from', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.create('tiny', '10.9.0.0/30');
    await reserve(h1, { network: 'tiny', name: 'a', expires: 5000 });
    await expect(h1.attach('tiny', 'c1')).rejects.toMatchObject({ code: 'POOL_EXHAUSTED' });
    await world.clock.advance(5000);
    expect((await h1.attachAgain('tiny', '/run/netns/c1')).addresses).toEqual(['10.9.0.2/30']);
  });

  test.each(['alice', 'bob', undefined])('is over for everybody: %s cannot attach with it', async (owner) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const addresses = ['10.7.0.50', 'fd00:7::50'];
    await reserve(h1!, { name: 'web', owner: 'alice', addresses, expires: 5000 });
    await world.clock.advance(5000);
    const before = await claimed(world);
    const wish = { reservation: 'web', ...(owner === undefined ? {} : { owner }) };
    const then = new Date(world.clock.wall()).toISOString();
    await expect(h1!.attach('blue', 'c1', wish)).rejects.toMatchObject({
      code: 'RESERVATION_NOT_FOUND',
      message:
        `reservation web of network blue (10.7.0.50, fd00:7::50) cannot be taken: it has expired at ${then}; ` +
        'attach with --ip 10.7.0.50 --ip fd00:7::50, which are free unless somebody has them by now, or `weft ip reserve` it again',
      details: { network: 'blue', reservation: 'web', addresses, expiresAt: then },
    });
    expect(await claimed(world)).toEqual(before);
    expect(h1!.kernel.writes).toBe(0);
  });

  test.each(['alice', 'bob', ''])('can be released by everybody (%s), since it is over', async (owner) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    for (const which of [{ name: 'web' }, { address: '10.7.0.50' }]) {
      await reserve(h1!, { name: 'web', owner: 'alice', addresses: ['10.7.0.50'], expires: 5000 });
      await world.clock.advance(5000);
      expect(await release(h1!, { ...which, owner })).toEqual({ released: true, addresses: ['10.7.0.50'] });
    }
    expect(await claimed(world)).toEqual(gateways);
  });

  test('can be reserved by others, and what was renewed meanwhile stays', async () => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    const wish = { name: 'web', addresses: ['10.7.0.50'] };
    await reserve(h1!, { ...wish, owner: 'alice', expires: 5000 });
    await world.clock.advance(4000);
    await reserve(h1!, { ...wish, owner: 'alice', expires: 5000 });
    await world.clock.advance(4000);
    await expect(reserve(h1!, { ...wish, owner: 'bob' })).rejects.toMatchObject({ code: 'NAME_TAKEN' });
    await world.clock.advance(1000);
    expect((await reserve(h1!, { ...wish, owner: 'bob' })).reservation.owner).toBe('bob');
    expect(await checked(h1!)).toEqual([]);
  });
});

describe('release', () => {
  test('gives all of it up, by name or by address; what is not there is success', async () => {
    await using world = new World();
    const [h1, h2] = await blueOn(world, 1, 2);
    for (const which of [{ name: 'web' }, { address: 'fd00:7::50' }]) {
      await reserve(h1!, { name: 'web', owner: 'alice', addresses: ['10.7.0.50', 'fd00:7::50'] });
      expect(await release(h2!, { ...which, owner: 'alice' })).toEqual({
        released: true,
        addresses: ['10.7.0.50', 'fd00:7::50'],
      });
      expect(await release(h1!, { ...which, owner: 'alice' })).toEqual({ released: false, addresses: [] });
    }
    expect(await claimed(world)).toEqual(gateways);
  });

  test.each([
    [
      "somebody else's",
      { name: 'web', owner: 'bob' },
      'NAME_TAKEN',
      /reservation web is of alice, and bob was given/,
    ],
    [
      'an address of an endpoint',
      { address: '10.7.0.60' },
      'ADDRESS_TAKEN',
      /endpoint netns:c1 on node h1; `weft detach`/,
    ],
    ['the gateway', { address: '10.7.0.1' }, 'ADDRESS_TAKEN', /it is held by the gateway/],
  ])('of %s is refused', async (_, wish, code, message) => {
    await using world = new World();
    const [h1] = await blueOn(world, 1);
    await reserve(h1!, { name: 'web', owner: 'alice', addresses: ['10.7.0.50'] });
    await h1!.attach('blue', 'c1', { addresses: ['10.7.0.60'] });
    const before = await claimed(world);
    await expect(release(h1!, wish)).rejects.toMatchObject({ code, message: expect.stringMatching(message) });
    expect(await claimed(world)).toEqual(before);
  });
});

test('a network goes with its reservations, and leaves no key', async () => {
  await using world = new World();
  const [h1] = await blueOn(world, 1);
  for (let n = 0; n < 40; n += 1) await reserve(h1!, { name: `r${n}` });
  expect(await h1!.service.removeNetwork({ name: 'blue' as Name, force: false })).toMatchObject({
    state: 'removed',
  });
  expect(await world.keys('net/')).toEqual([]);
  expect(await world.keys('vnis/')).toEqual([]);
});
