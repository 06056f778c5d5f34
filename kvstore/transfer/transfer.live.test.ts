import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { eventually } from '../contract-subject.ts';
import { StoreFile } from '../file/testing/store-file.ts';
import type { Store } from '../store.ts';
import { openClient as openConsul } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';
import { openClient as openEtcd } from '../testing/etcd-client.ts';
import { EtcdServer } from '../testing/etcd-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';
import { decodeDump, encodeDump } from './dump-format.ts';
import { restore } from './restore.ts';
import { changedSince, takeAll } from './take.ts';
import { aliveKey, clusterKeys, contentIn, contentOf, putAll, stayingKeys } from './testing/cluster-keys.ts';

const servers = new AsyncDisposableStack();
let etcd: EtcdServer;
let consul: ConsulServer;
let round = 0;
beforeAll(async () => {
  etcd = servers.use(await EtcdServer.start());
  consul = servers.use(await ConsulServer.start());
}, 30_000);
afterAll(async () => {
  await servers.disposeAsync();
});

const context = { prefix: 'x/', now: '2026-11-25T15:00:00.000Z' };
const from = 'a test';

/** Empty stores of every kind; disposing of them closes them. */
class Stores implements AsyncDisposable {
  readonly #file = new StoreFile();
  readonly #prefix = `transfer/${(round += 1)}/`;
  readonly #clients: Store[] = [];

  readonly open = {
    file: () => this.#file.open(),
    etcd: async (port = etcd.port) => this.#keep(await openEtcd([port], this.#prefix)),
    consul: async () => this.#keep(await openConsul([consul.port], this.#prefix)),
  };

  #keep(client: Store): Store {
    this.#clients.push(client);
    return client;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.#file[Symbol.asyncDispose]();
  }
}

const ways = [
  ['file', 'etcd'],
  ['etcd', 'consul'],
  ['consul', 'file'],
] as const;

describe.each(ways)('from %s to %s', (source, target) => {
  test('a dump that was restored is equal, and what stays behind stays', async () => {
    await using stores = new Stores();
    const [old, fresh] = [await stores.open[source](), await stores.open[target]()];
    const items = clusterKeys(50);
    await putAll(old, [...items, aliveKey, ...stayingKeys]);
    const taken = await takeAll(old, context);
    const text = [...encodeDump(taken)].join('');
    const { items: read, header } = decodeDump(text, 'x');
    expect(header).toMatchObject({ identity: await old.identity(), store: old.description });
    expect(await restore(fresh, read, { from })).toEqual({ written: items.length, present: 0 });
    expect(await contentIn(fresh)).toEqual(contentOf(items));
    expect(await changedSince(old, taken)).toEqual([]);
  });

  test('5,000 endpoints go over', async () => {
    await using stores = new Stores();
    const [old, fresh] = [await stores.open[source](), await stores.open[target]()];
    const items = clusterKeys(5000);
    await putAll(old, items);
    const taken = await takeAll(old, context);
    await restore(fresh, taken.items, { from });
    expect(await contentIn(fresh)).toEqual(contentOf(items));
  }, 120_000);
});

test('etcd that is cut off in the middle: the same call goes on, again and again', async () => {
  await using stores = new Stores();
  await using proxy = await TcpProxy.start(etcd.port);
  const [shaky, witness] = [await stores.open.etcd(proxy.port), await stores.open.etcd()];
  const items = clusterKeys(400);
  let interruptions = 0;
  let present = 0;
  for (let limit = 1; ; limit += 1) {
    await eventually('contact', async () => (await shaky.identity()) !== '');
    let transactions = 0;
    // The answer to a transaction is lost, and nobody answers after that.
    const progress = (): void => {
      transactions += 1;
      if (transactions === limit) proxy.onAnswer = () => (proxy.mode = 'refuse');
    };
    const outcome = await restore(shaky, items, { from, progress }).catch((error: unknown) => error as Error);
    proxy.onAnswer = () => undefined;
    proxy.mode = 'pass';
    if (!(outcome instanceof Error)) break;
    interruptions += 1;
    expect(outcome).toMatchObject({
      retry: 'transient',
      message: expect.stringContaining('goes on from there'),
    });
    const held = Object.keys(await contentIn(witness)).filter((key) => key !== 'restoring');
    expect(held.length).toBeGreaterThan(present);
    expect(held.length).toBeLessThanOrEqual(items.length);
    present = held.length;
  }
  expect(interruptions).toBeGreaterThan(3);
  expect(await contentIn(witness)).toEqual(contentOf(items));
}, 60_000);
