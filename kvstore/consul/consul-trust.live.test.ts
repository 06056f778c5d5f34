import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { eventually, Follower } from '../contract-subject.ts';
import { putText } from '../contract-write.ts';
import { fileCredentials } from '../file-credentials.ts';
import type { Store } from '../store.ts';
import { Certificates, type CertificateWish, type Pair } from '../testing/certificates.ts';
import { openClient } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

const patience = 20_000;
let certificates: Certificates;
let server: ConsulServer;
let ca: Pair;
let other: Pair;
let client: Pair;
let stranger: Pair;
/** What the server shows, once it has been told to look. */
let shown: Pair;
let round = 0;
let issued = 0;
const open: { close(): Promise<void> }[] = [];

const loopback: CertificateWish = { names: ['IP:127.0.0.1', 'IP:::1'] };

beforeAll(async () => {
  certificates = new Certificates();
  ca = certificates.authority('first-ca');
  other = certificates.authority('second-ca');
  shown = certificates.issue(ca, 'shown', loopback);
  client = certificates.issue(ca, 'client');
  stranger = certificates.issue(other, 'stranger');
  const clientCa = certificates.path('client-ca.pem');
  copyFileSync(ca.cert, clientCa);
  server = await ConsulServer.start({ tls: { certificate: shown, clientCa } });
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});
beforeEach(() => {
  round += 1;
});
afterEach(async () => {
  for (const each of open.splice(0).toReversed()) await each.close();
  await show(ca, loopback);
});

/** From now on the server shows another certificate to new connections. */
async function show(by: Pair, wish: CertificateWish): Promise<void> {
  issued += 1;
  const name = `server-${issued}`;
  replace(shown, certificates.issue(by, name, wish));
  server.reload();
  await eventually('the certificate', async () => (await nameShown()) === name);
}

function nameShown(): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const socket = connectTls({ host: '127.0.0.1', port: server.tlsPort, rejectUnauthorized: false }, () => {
      const { CN } = socket.getPeerCertificate().subject;
      resolve(Array.isArray(CN) ? CN[0] : CN);
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

function replace(pair: Pair, by: Pair): void {
  copyFileSync(by.cert, pair.cert);
  copyFileSync(by.key, pair.key);
}

interface Trust {
  readonly ca?: string;
  readonly own?: Pair;
}

async function connect(
  { ca: trusted, own }: Trust,
  host = '127.0.0.1',
  ports: readonly number[] = [server.tlsPort],
): Promise<Store> {
  const files = own === undefined ? {} : { certFile: own.cert, keyFile: own.key };
  const credentials = fileCredentials({ ...files, ...(trusted ? { caFile: trusted } : {}) }, silentLogger);
  const store = await openClient(ports, `trust/${round}/`, { host, credentials, secure: true });
  open.push(store);
  return store;
}

const both = (): Trust => ({ ca: ca.cert, own: client });

/** Says why a read is refused; a write is refused in the same way, and surely not applied. */
async function refusal(store: Store): Promise<string> {
  const error = await eventually('a refusal', async () => {
    const read: unknown = await store.get('k').catch((reason: unknown) => reason);
    return (read as { code?: string } | undefined)?.code === 'STORE_DENIED' ? (read as Error) : undefined;
  });
  await eventually('the same of a write', async () => {
    const write: unknown = await putText(store, 'k', 'x').catch((reason: unknown) => reason);
    return (write as { code?: string } | undefined)?.code === 'STORE_DENIED';
  });
  return error.message;
}

describe('a server is trusted when its certificate is for what the URL says:', () => {
  test.each(['127.0.0.1', '::1'])('the address %s, by a certificate for addresses alone', async (host) => {
    const store = await connect(both(), host);
    await putText(store, 'k', 'x');
    expect(await store.get('k')).toBeDefined();
  });

  test('a name', async () => {
    await show(ca, { names: ['DNS:localhost'] });
    const store = await connect(both(), 'localhost');
    await putText(store, 'k', 'x');
  });

  test('not another name, nor an address that is only the name of its machine', async () => {
    const told = await refusal(await connect(both(), 'localhost'));
    expect(told).toContain('cannot read trust/');
    expect(told).toContain("the server's certificate is not for localhost: CN=");
    expect(told).toContain('issued by CN=first-ca, for IP Address:127.0.0.1');
    await show(ca, { names: ['DNS:localhost', 'DNS:127.0.0.1'] });
    expect(await refusal(await connect(both()))).toContain('is not for 127.0.0.1');
  });
});

describe('no trust is STORE_DENIED, with the reason:', () => {
  test('another authority', async () => {
    const told = await refusal(await connect({ ca: other.cert, own: client }));
    expect(told).toContain('no trust between Consul and us');
    expect(told).toContain('the authorities in storeCaFile do not vouch for');
    expect(told).toContain('issued by CN=first-ca');
    expect(told).toContain(`127.0.0.1:${server.tlsPort}`);
  });

  test('no authority is named, and the system knows none for this server', async () => {
    const told = await refusal(await connect({ own: client }));
    expect(told).toContain('the authorities that this system trusts do not vouch for');
  });

  test('a certificate that has expired', async () => {
    await show(ca, { ...loopback, days: -1 });
    expect(await refusal(await connect(both()))).toMatch(/has expired: CN=.*, valid from .* to .* GMT$/);
  });

  test('no client certificate where the server wants one', async () => {
    expect(await refusal(await connect({ ca: ca.cert }))).toContain('none is set in storeCertFile');
  });

  test('a client certificate of another authority', async () => {
    const store = await connect({ ca: ca.cert, own: stranger });
    expect(await refusal(store)).toContain('does not accept our client certificate');
  });

  test('a server that does not speak TLS; with one that does beside it nothing is refused', async () => {
    expect(await refusal(await connect(both(), '127.0.0.1', [server.port]))).toContain('does not speak TLS');
    const store = await connect(both(), '127.0.0.1', [server.port, server.tlsPort]);
    await putText(store, 'k', 'x');
  });

  test('clear text to a server that wants TLS', async () => {
    const store = await openClient([server.tlsPort], 'trust/');
    open.push(store);
    expect(await refusal(store)).toContain('the server wants TLS on this port: write consuls://');
  });
});

test('a server that has not proved who it is learns nothing: no token, no key', async () => {
  const token = 'b1a5e7c0-9d5e-4d0c-8d7a-1f2e3d4c5b6a';
  const heard: string[] = [];
  const { createServer: createTlsServer } = await import('node:tls');
  const pair = certificates.issue(other, `impostor-${round}`, loopback);
  const impostor = createTlsServer(
    { cert: readFileSync(pair.cert), key: readFileSync(pair.key) },
    (socket) => {
      socket.on('error', () => undefined).on('data', (bytes: Buffer) => heard.push(bytes.toString('latin1')));
    },
  );
  let attempts = 0;
  impostor.on('connection', () => (attempts += 1));
  await new Promise<void>((resolve) => impostor.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => new Promise((resolve) => impostor.close(() => resolve())) });
  const credentials = fileCredentials({ caFile: ca.cert, token }, silentLogger);
  const { port } = impostor.address() as AddressInfo;
  const store = await openClient([port], 'trust/', { credentials, secure: true });
  open.push(store);
  const told = await refusal(store);
  expect(told).toContain('issued by CN=second-ca');
  expect(told).not.toContain(token);
  expect([heard, attempts > 1]).toEqual([[], true]);
});

test('a server that takes connections and says nothing: calls end in time, nothing is left behind', async () => {
  const connections = new Set<unknown>();
  const mute = createServer((socket) => {
    connections.add(socket);
    socket.on('error', () => undefined).resume();
    socket.on('close', () => connections.delete(socket));
  });
  await new Promise<void>((resolve) => mute.listen(0, '127.0.0.1', resolve));
  open.push({ close: () => new Promise((resolve) => mute.close(() => resolve())) });
  const { port } = mute.address() as AddressInfo;
  const store = await connect(both(), '127.0.0.1', [port, server.tlsPort]);
  await putText(store, 'k', 'x');
  await eventually('no connection', () => connections.size === 0);
});

test('a watch that meets a wrong certificate is stale and tries again, not often, until it is right', async () => {
  await using proxy = await TcpProxy.start(server.tlsPort);
  const store = await connect(both(), '127.0.0.1', [proxy.port]);
  const follower = new Follower();
  store.watch('net/', follower.sink);
  await putText(store, 'net/a', '1');
  await eventually('the key', () => follower.texts['net/a'] === '1');
  await show(other, loopback);
  proxy.cut();
  await eventually('stale', () => follower.kinds.at(-1) === 'stale');
  expect(follower.updates.at(-1)).toMatchObject({ cause: { code: 'STORE_DENIED' } });
  const [before, end] = [proxy.attempts, performance.now() + 3000];
  await eventually('some seconds', () => performance.now() > end);
  const attempts = proxy.attempts - before;
  expect(await refusal(store)).toContain('issued by CN=second-ca');
  expect([follower.kinds.at(-1), follower.texts]).toEqual(['stale', { 'net/a': '1' }]);
  await show(ca, loopback);
  await eventually('contact', () => follower.kinds.at(-1) === 'changes', patience);
  expect([follower.broken, follower.kinds.filter((kind) => kind === 'snapshot').length]).toEqual([[], 1]);
  expect(attempts).toBeGreaterThan(0);
  expect(attempts).toBeLessThan(15);
}, 30_000);

test('new authorities and a new client certificate are used by the next connection, without a restart', async () => {
  const trusted = certificates.path('trusted.pem');
  copyFileSync(ca.cert, trusted);
  const own = { cert: certificates.path('own.pem'), key: certificates.path('own.key') };
  replace(own, client);
  const store = await connect({ ca: trusted, own });
  const follower = new Follower();
  store.watch('net/', follower.sink);
  await putText(store, 'net/a', '1');
  // Half-written: neither the connection nor the next one is harmed.
  writeFileSync(trusted, '-----BEGIN CERTIFICATE-----\nMIIB');
  await server.kill();
  await server.resume();
  await eventually('an answer', () => store.get('net/a'), patience);
  // Everything of the first authority goes, at the server as well.
  await server.kill();
  replace(shown, certificates.issue(other, `renewed-${round}`, loopback));
  copyFileSync(other.cert, certificates.path('client-ca.pem'));
  copyFileSync(other.cert, trusted);
  replace(own, stranger);
  await server.resume();
  await eventually('a write', () => putText(store, 'net/a', '2').then(() => true), patience);
  await eventually('the watch', () => follower.texts['net/a'] === '2', patience);
  expect(follower.broken).toEqual([]);
  await expect((await connect(both())).get('net/a')).rejects.toMatchObject({ code: 'STORE_DENIED' });
  copyFileSync(ca.cert, certificates.path('client-ca.pem'));
}, 40_000);
