import { expect, test } from '@jest/globals';
import { FakeStore } from '../../kvstore/fake-store.ts';
import { encodeNetworkState } from '../../kvstore/records/network-json.ts';
import type { Name } from '../../model/name.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { network } from '../../vxlan/testing/builders.ts';
import { View } from '../view/view.ts';
import { acceptedNetwork, activeNetwork } from './lookup.ts';

const blue = network({ wishHash: '0'.repeat(64) });
const signal = new AbortController().signal;

async function storeWith(...states: readonly Parameters<typeof encodeNetworkState>[0][]) {
  const clock = new FakeClock();
  const store = new FakeStore({ clock });
  for (const state of states) {
    const key = `network-state/${state.name}`;
    await store.txn([], [{ kind: 'put', key, value: encodeNetworkState(state) }]);
  }
  return { store, view: new View(store, clock) };
}

test('a network that the view does not know yet is found in the store, and known from then on', async () => {
  const ports = await storeWith(blue);
  expect((await acceptedNetwork(blue.name, ports, signal)).value).toEqual(blue);
  expect(ports.view.networkById(blue.id)).toEqual(blue);
  ports.store.goAway();
  expect((await acceptedNetwork(blue.name, ports, signal)).value).toEqual(blue);
});

test('why there is nothing to attach to', async () => {
  const removing = network({
    ...blue,
    name: 'old' as Name,
    phase: { kind: 'removing', force: true, by: 'h3' },
  });
  const refused = { name: 'red' as Name, wishHash: blue.wishHash, why: 'it overlaps blue' };
  const ports = await storeWith(removing, refused);
  await expect(activeNetwork('none' as Name, ports, signal)).rejects.toMatchObject({
    code: 'NETWORK_NOT_FOUND',
    message: 'there is no network none',
  });
  await expect(activeNetwork('red' as Name, ports, signal)).rejects.toMatchObject({
    code: 'NETWORK_NOT_FOUND',
    message: expect.stringContaining('it overlaps blue'),
  });
  await expect(activeNetwork('old' as Name, ports, signal)).rejects.toMatchObject({
    code: 'NETWORK_REMOVING',
    message: expect.stringContaining('h3'),
  });
  expect((await acceptedNetwork('old' as Name, ports, signal)).value).toEqual(removing);
});
