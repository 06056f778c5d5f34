import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { storeContract } from '../contract.ts';
import { eventually, Follower, type StoreUnderTest } from '../contract-subject.ts';
import { putText } from '../contract-write.ts';
import type { StoreCredentials } from '../credentials.ts';
import { fileCredentials } from '../file-credentials.ts';
import { Certificates } from '../testing/certificates.ts';
import { openClient } from '../testing/etcd-client.ts';
import { EtcdServer } from '../testing/etcd-server.ts';

let certificates: Certificates;
let server: EtcdServer;
let credentials: StoreCredentials;
let round = 0;

// The tokens are simple ones.
beforeAll(async () => {
  certificates = new Certificates();
  const ca = certificates.authority('ca');
  const certificate = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  const admin = { ...certificates.issue(ca, 'admin'), ca: ca.cert };
  server = await EtcdServer.start({ certificate, clientCa: ca.cert, admin });
  await server.enableLogin('node', 'a password', 'weft/');
  const own = certificates.issue(ca, 'own');
  const login = { user: 'node', password: 'a password' };
  const files = { caFile: ca.cert, certFile: own.cert, keyFile: own.key };
  credentials = fileCredentials({ ...files, ...login }, silentLogger);
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});

async function setup(): Promise<StoreUnderTest> {
  round += 1;
  const prefix = `weft/${round}/`;
  const clients = [await openClient([server.port], prefix, { credentials })];
  return {
    store: clients[0]!,
    another: async () => {
      const client = await openClient([server.port], prefix, { credentials });
      clients.push(client);
      return client;
    },
    expireLeases: () => server.revokeLeases(),
    dispose: async () => {
      for (const client of clients) await client.close();
    },
  };
}

storeContract('etcd over mutual TLS, with a login,', setup);

test('simple tokens die with the server: calls, watches and leases go on', async () => {
  const { store, dispose } = await setup();
  try {
    const follower = new Follower();
    store.watch('net/', follower.sink);
    const lease = await store.lease(30_000);
    await store.txn([], [{ kind: 'put', key: 'net/a', value: Buffer.from('1'), lease }]);
    await eventually('the key', () => follower.texts['net/a'] === '1');
    await server.kill();
    await eventually('stale', () => follower.kinds.at(-1) === 'stale');
    await server.resume();
    await eventually('a read', () => store.get('net/a'), 20_000);
    await putText(store, 'net/b', '2');
    await eventually('the new key', () => follower.texts['net/b'] === '2', 20_000);
    await lease.revoke();
    await eventually('the end of the lease', () => follower.texts['net/a'] === undefined);
    expect(follower.broken).toEqual([]);
    expect(follower.kinds.filter((kind) => kind === 'snapshot')).toHaveLength(1);
  } finally {
    await dispose();
  }
}, 60_000);
