import { expect, test } from '@jest/globals';
import { reserveBody } from '../../api/schemas/address.ts';
import { keys } from '../../kvstore/keys.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import { World } from '../testing/world.ts';

test('every address is listed with who has it, wherever that is, and pools are counted exactly', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  const h2 = await world.ready(2);
  const declaration = {
    subnets: [{ cidr: '10.7.0.0/29', auxiliary: { router: '10.7.0.6' } }, 'fd00:7::/64'],
  };
  await h1.service.createNetwork({ name: 'blue' as Name, declaration });
  await h1.create('red', '10.8.0.0/16');
  const { id, nodeId } = await h2.attach('blue', 'c1', { name: 'web', addresses: ['10.7.0.3', 'fd00:7::3'] });
  const wish = { network: 'blue', name: 'printer', owner: 'alice', addresses: ['10.7.0.5'], expires: 60_000 };
  await h1.service.reserveAddress(reserveBody.parse(wish));

  // This one takes no part in either.
  const all = await h1.service.listAddresses({});
  expect(all.pools).toEqual([
    { network: 'blue', subnet: '10.7.0.0/29', total: '4', used: '2', percent: 50 },
    { network: 'blue', subnet: 'fd00:7::/64', total: '18446744073709551614', used: '1', percent: 0 },
    { network: 'red', subnet: '10.8.0.0/16', total: '65533', used: '0', percent: 0 },
  ]);
  const endpoint = {
    kind: 'endpoint',
    holder: id,
    name: 'web',
    node: 'h2',
    owner: nodeId,
    sandbox: '/run/netns/c1',
  };
  const expiresAt = new Date(world.clock.wall() + 60_000).toISOString();
  expect(all.addresses).toMatchObject([
    { network: 'blue', address: '10.7.0.1', kind: 'gateway', holder: 'gateway' },
    { network: 'blue', address: '10.7.0.3', ...endpoint },
    {
      network: 'blue',
      address: '10.7.0.5',
      kind: 'reservation',
      holder: 'printer',
      owner: 'alice',
      expiresAt,
    },
    { network: 'blue', address: '10.7.0.6', kind: 'auxiliary', holder: 'router' },
    { network: 'blue', address: 'fd00:7::1', kind: 'gateway' },
    { network: 'blue', address: 'fd00:7::3', ...endpoint },
    { network: 'red', address: '10.8.0.1', kind: 'gateway' },
  ]);
  const red = await h1.service.listAddresses({ network: 'red' as Name });
  expect(red).toEqual({ pools: all.pools.slice(2), addresses: all.addresses.slice(6) });

  await world.clock.advance(60_000);
  const later = await h1.service.listAddresses({ network: 'blue' as Name });
  expect(later.pools[0]).toMatchObject({ used: '1' });
  expect(later.addresses[2]).toMatchObject({ holder: 'printer', expired: true });
});

test('who has an address is asked of every network; nobody is an error', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  for (const name of ['blue', 'red'])
    await h1.service.createNetwork({
      name: name as Name,
      declaration: { subnets: ['10.7.0.0/24'], allowOverlap: true },
    });
  const { id } = await h1.attach('red', 'c1', { addresses: ['10.7.0.9'] });
  const who = (address: string, network?: string) =>
    h1.service.findAddress({ address: address as Ip, network: network as Name | undefined });
  expect(await who('10.7.0.9')).toMatchObject([{ network: 'red', holder: id, node: 'h1' }]);
  expect((await who('10.7.0.1')).map(({ network }) => network)).toEqual(['blue', 'red']);
  await expect(who('10.7.0.8')).rejects.toMatchObject({
    code: 'ADDRESS_NOT_FOUND',
    message: /any of the 2 networks/,
  });
  await expect(who('10.7.0.9', 'blue')).rejects.toMatchObject({ code: 'ADDRESS_NOT_FOUND' });
  await expect(who('10.7.0.9', 'green')).rejects.toMatchObject({ code: 'NETWORK_NOT_FOUND' });
});

test('a claim that cannot be read is shown with its problem, and keeps its address', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24');
  const { id } = h1.agent.view.networks()[0]!;
  const key = keys.addressClaim(id, '10.7.0.9' as Ip);
  const value = new TextEncoder().encode('nobody can read this');
  await world.store.txn([], [{ kind: 'put', key, value }]);
  const { addresses, pools } = await h1.service.listAddresses({});
  const unreadable = {
    address: '10.7.0.9',
    network: 'blue',
    networkId: id,
    kind: 'unreadable',
    holder: '',
    owner: '',
    problem: `record ${key} cannot be read: who knows what it is repairs or deletes it by hand`,
  };
  expect(addresses).toEqual([expect.objectContaining({ kind: 'gateway' }), unreadable]);
  expect(pools).toMatchObject([{ used: '1' }]);
  expect(await h1.service.findAddress({ address: '10.7.0.9' as Ip, network: undefined })).toEqual([
    unreadable,
  ]);
  const checked = await h1.service.checkAddresses({ fix: false });
  expect(checked.findings.map(({ what }) => what)).toEqual([unreadable.problem]);
});

test('without the store there is no answer', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24');
  h1.store.goAway();
  await world.until('the loss to be noticed', () => h1.agent.view.state === 'stale');
  const listed = world.settled(h1.service.listAddresses({}));
  await expect(listed).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
