import { expect, test } from '@jest/globals';
import { endpointClaims } from '../../ipam/claims.ts';
import { StoreFile } from '../../kvstore/file/testing/store-file.ts';
import { keys } from '../../kvstore/keys.ts';
import type { Op, Store } from '../../kvstore/store.ts';
import * as consul from '../../kvstore/testing/consul-client.ts';
import { ConsulServer } from '../../kvstore/testing/consul-server.ts';
import * as etcd from '../../kvstore/testing/etcd-client.ts';
import { EtcdServer } from '../../kvstore/testing/etcd-server.ts';
import { checkAddresses, fixAddresses } from './check.ts';
import {
  belowNetworks,
  blue,
  endpointIn,
  ghostClaim,
  red,
  reservationIn,
  wholeStore,
} from './testing/content.ts';

const numbers = Array.from({ length: 40 }, (_, n) => n + 10);
const content = {
  networks: [blue, red],
  endpoints: [...numbers.map((n) => endpointIn(blue, n)), ...numbers.map((n) => endpointIn(red, n))],
  reservations: [reservationIn(blue, 60)],
};

/** The store of a test, opened on a server of its own. */
const stores: Readonly<Record<string, (stack: AsyncDisposableStack) => Promise<Store>>> = {
  etcd: async (stack) => {
    const server = stack.use(await EtcdServer.start());
    const store = await etcd.openClient([server.port], 'weft/v1/');
    stack.defer(() => store.close());
    return store;
  },
  Consul: async (stack) => {
    const server = stack.use(await ConsulServer.start());
    const store = await consul.openClient([server.port], 'weft/v1/');
    stack.defer(() => store.close());
    return store;
  },
  'a file': (stack) => stack.use(new StoreFile()).open(),
};

test.each(Object.keys(stores))(
  'on %s damage of every kind is found and mended, and the rest is left alone',
  async (kind) => {
    await using stack = new AsyncDisposableStack();
    const store = await stores[kind]!(stack);
    const { signal } = new AbortController();
    const held = wholeStore(content);
    // A network without its record, claims without a holder, claims of somebody else, endpoints and reservations without claims.
    held.delete(keys.networkState(red.name));
    for (const { key } of endpointClaims(endpointIn(blue, 90))) held.set(key, ghostClaim());
    held.set(endpointClaims(endpointIn(blue, 11))[0]!.key, ghostClaim());
    held.delete(endpointClaims(endpointIn(blue, 12))[1]!.key);
    held.delete(keys.addressClaim(blue.id, reservationIn(blue, 60).addresses[0]!));
    for (const [key, value] of held) {
      const put: Op = { kind: 'put', key, value };
      await store.txn([], [put]);
    }
    const seen = await checkAddresses({ store, signal });
    expect(seen.findings.map((finding) => finding.kind).toSorted()).toEqual(
      [
        ...Array<string>(endpointClaims(endpointIn(blue, 90)).length).fill('claim-without-holder'),
        // The VNI of the network without its record.
        'claim-without-holder',
        'claim-of-another',
        'claim-missing',
        'claim-missing',
        'unknown-network',
      ].toSorted(),
    );
    const fixed = await fixAddresses({ store, signal, guards: [] });
    expect(fixed.findings.map(({ mend }) => mend)).toEqual(seen.findings.map(() => 'mended'));
    const right = belowNetworks({ ...content, networks: [blue] });
    const { entries } = await store.list('net/');
    expect(entries.map(({ key }) => key)).toEqual([...right.keys()].toSorted());
    for (const { key, value } of entries) expect(Buffer.compare(value, right.get(key)!)).toBe(0);
    expect((await store.list('vnis/')).entries.map(({ key }) => key)).toEqual([keys.vni(blue.vni)]);
    expect((await store.get('somebody/else'))?.value).toEqual(held.get('somebody/else'));
  },
  60_000,
);
