import { afterAll, beforeAll } from '@jest/globals';
import { storeContract, storeFaultContract } from '../contract.ts';
import type { FaultyStoreUnderTest } from '../contract-subject.ts';
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
async function setup(): Promise<FaultyStoreUnderTest> {
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
    goAway: () => server.kill(),
    comeBack: () => server.resume(),
    dispose: async () => {
      for (const client of clients) await client.close();
    },
  };
}

storeContract('etcd', setup);
storeFaultContract('etcd', setup);
