import { readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { expect, test } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { eventually } from '../contract-subject.ts';
import { putText } from '../contract-write.ts';
import { fileCredentials } from '../file-credentials.ts';
import { openClient } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';
import { loopback, refusal, trustCases } from '../testing/trust-cases.ts';

const scene = trustCases({
  start: ({ certificate, clientCa }) => ConsulServer.start({ tls: { certificate, clientCa } }),
  open: (ports, prefix, wish) => openClient(ports, prefix, { ...wish, secure: true }),
  plainPort: async (server) => server.port,
});

test('a refusal says between whom there is no trust', async () => {
  const { other, client, connect } = scene;
  expect(await refusal(await connect({ ca: other.cert, own: client }))).toContain(
    'no trust between Consul and us',
  );
});

test('clear text to a server that wants TLS is STORE_DENIED, with the reason', async () => {
  const store = await openClient([scene.server.tlsPort], 'trust/');
  scene.atEnd(() => store.close());
  expect(await refusal(store)).toContain('the server wants TLS on this port: write consuls://');
});

test('a server that has not proved who it is learns nothing: no token, no key', async () => {
  const { certificates, ca, other, atEnd } = scene;
  const token = 'b1a5e7c0-9d5e-4d0c-8d7a-1f2e3d4c5b6a';
  const heard: string[] = [];
  const pair = certificates.issue(other, 'impostor', loopback);
  const impostor = createTlsServer(
    { cert: readFileSync(pair.cert), key: readFileSync(pair.key) },
    (socket) => {
      socket.on('error', () => undefined).on('data', (bytes: Buffer) => heard.push(bytes.toString('latin1')));
    },
  );
  let attempts = 0;
  impostor.on('connection', () => (attempts += 1));
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
  atEnd(() => new Promise((resolve) => impostor.close(() => resolve())));
  const credentials = fileCredentials({ caFile: ca.cert, token }, silentLogger);
  const { port } = impostor.address() as AddressInfo;
  const store = await openClient([port], 'trust/', { credentials, secure: true });
  atEnd(() => store.close());
  const told = await refusal(store);
  expect(told).toContain('issued by CN=second-ca');
  expect(told).not.toContain(token);
  expect([heard, attempts > 1]).toEqual([[], true]);
});

test('a server that takes connections and says nothing: calls end in time, nothing is left behind', async () => {
  const { server, atEnd, both, connect } = scene;
  const connections = new Set<unknown>();
  const mute = createServer((socket) => {
    connections.add(socket);
    socket.on('error', () => undefined).resume();
    socket.on('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  atEnd(() => new Promise((resolve) => mute.close(() => resolve())));
  const { port } = mute.address() as AddressInfo;
  const store = await connect(both(), '127.0.0.1', [port, server.tlsPort]);
  await putText(store, 'k', 'x');
  await eventually('no connection', () => connections.size === 0);
});
