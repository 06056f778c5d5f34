import { afterAll, beforeAll } from '@jest/globals';
import { storeContract } from '../contract.ts';
import type { StoreUnderTest } from '../contract-subject.ts';
import { EtcdServer } from '../testing/etcd-server.ts';
import { openClient } from '../testing/etcd-client.ts';

let server: EtcdServer;
beforeAll(async () => {
  server = await EtcdServer.start();
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

let round = 0;

/** A prefix of its own for each test. Leases of earlier ones have no keys left that anybody looks at. */
async function setup(): Promise<StoreUnderTest> {
  round += 1;
  const prefix = `test/${round}/`;
  const clients = [await openClient([server.port], prefix)];
  return {
    store: clients[0]!,
    another: async () => {
      const client = await openClient([server.port], prefix);
      clients.push(client);
      return client;
    },
    expireLeases: () => server.revokeLeases(),
    dispose: async () => {
      for (const client of clients) await client.close();
    },
  };
}

storeContract('etcd', setup);
