import { afterAll, beforeAll } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { storeContract } from '../contract.ts';
import type { StoreUnderTest } from '../contract-subject.ts';
import type { StoreCredentials } from '../credentials.ts';
import { fileCredentials } from '../file-credentials.ts';
import { Certificates } from '../testing/certificates.ts';
import { ConsulAcl, nodeRules } from '../testing/consul-acl.ts';
import { openClient } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';

let certificates: Certificates;
let server: ConsulServer;
let credentials: StoreCredentials;
let round = 0;

beforeAll(async () => {
  certificates = new Certificates();
  const ca = certificates.authority('ca');
  const certificate = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  server = await ConsulServer.start({ acl: true, tls: { certificate, clientCa: ca.cert } });
  const acl = new ConsulAcl(server);
  await acl.policy('node', nodeRules('weft/'));
  const { secret: token } = await acl.token('node');
  const own = certificates.issue(ca, 'own');
  credentials = fileCredentials(
    { caFile: ca.cert, certFile: own.cert, keyFile: own.key, token },
    silentLogger,
  );
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});

async function setup(): Promise<StoreUnderTest> {
  round += 1;
  const prefix = `weft/${round}/`;
  const connect = () => openClient([server.tlsPort], prefix, { credentials, secure: true });
  const clients = [await connect()];
  return {
    store: clients[0]!,
    another: async () => {
      const client = await connect();
      clients.push(client);
      return client;
    },
    expireLeases: () => server.endSessions(),
    dispose: async () => {
      for (const client of clients) await client.close();
    },
  };
}

storeContract('Consul over mutual TLS, with the token of a node,', setup);
