import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { eventually, Follower } from '../contract-subject.ts';
import { putText } from '../contract-write.ts';
import { fileCredentials } from '../file-credentials.ts';
import type { Store } from '../store.ts';
import { Certificates, type CertificateWish, type Pair } from '../testing/certificates.ts';
import { openClient } from '../testing/etcd-client.ts';
import { EtcdServer } from '../testing/etcd-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

const patience = 20_000;
let certificates: Certificates;
let server: EtcdServer;
let ca: Pair;
let other: Pair;
let client: Pair;
let stranger: Pair;
/** What the server shows; etcd reads it again for each connection. */
let shown: Pair;
let round = 0;
const open: { close(): Promise<void> }[] = [];

beforeAll(async () => {
  certificates = new Certificates();
  ca = certificates.authority('first-ca');
  other = certificates.authority('second-ca');
  shown = certificates.issue(ca, 'shown', loopback);
  client = certificates.issue(ca, 'client');
  stranger = certificates.issue(other, 'stranger');
  const clientCa = certificates.path('client-ca.pem');
  copyFileSync(ca.cert, clientCa);
  server = await EtcdServer.start({ certificate: shown, clientCa, admin: { ...client, ca: ca.cert } });
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
  show(ca, loopback);
});

const loopback: CertificateWish = { names: ['IP:127.0.0.1', 'IP:::1'] };

/** From now on the server shows another certificate. */
function show(by: Pair, wish: CertificateWish): void {
  replace(shown, certificates.issue(by, `server-${round}`, wish));
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
  ports: readonly number[] = [server.port],
): Promise<Store> {
  const files = own === undefined ? {} : { certFile: own.cert, keyFile: own.key };
  const credentials = fileCredentials({ ...files, ...(trusted ? { caFile: trusted } : {}) }, silentLogger);
  const store = await openClient(ports, `trust/${round}/`, { host, credentials });
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
    show(ca, { names: ['DNS:localhost'] });
    const store = await connect(both(), 'localhost');
    await putText(store, 'k', 'x');
  });

  test('not another name, nor an address that is only the name of its machine', async () => {
    const told = await refusal(await connect(both(), 'localhost'));
    expect(told).toContain("the server's certificate is not for localhost: CN=server-");
    expect(told).toContain('issued by CN=first-ca, for IP Address:127.0.0.1');
    show(ca, { names: ['DNS:localhost', 'DNS:127.0.0.1'] });
    expect(await refusal(await connect(both()))).toContain('is not for 127.0.0.1');
  });
});

test('without authorities of our own those of the system are asked', () => {
  const at = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href);
  const script = `
    import { silentLogger } from ${at('../../model/logger.ts')};
    import { fileCredentials } from ${at('../file-credentials.ts')};
    import { openClient } from ${at('../testing/etcd-client.ts')};
    const [port, certFile, keyFile] = process.argv.slice(1);
    const store = await openClient([port], 'trust/', {
      credentials: fileCredentials({ certFile, keyFile }, silentLogger),
    });
    console.log(await store.get('k').then(() => 'trusted', (error) => error.code));
    await store.close();
  `;
  const none = certificates.path('none');
  mkdirSync(none);
  const trusting = (file: string): string => {
    const env = { ...process.env, SSL_CERT_FILE: file, SSL_CERT_DIR: none };
    const argv = ['--input-type=module', '-e', script, String(server.port), client.cert, client.key];
    return execFileSync(process.execPath, argv, { encoding: 'utf8', env }).trim();
  };
  expect([trusting(ca.cert), trusting(other.cert)]).toEqual(['trusted', 'STORE_DENIED']);
});

describe('no trust is STORE_DENIED, with the reason:', () => {
  test('another authority', async () => {
    const told = await refusal(await connect({ ca: other.cert, own: client }));
    expect(told).toContain('the authorities in storeCaFile do not vouch for');
    expect(told).toContain('issued by CN=first-ca');
    expect(told).toContain(`127.0.0.1:${server.port}`);
  });

  test('no authority is named, and the system knows none for this server', async () => {
    const told = await refusal(await connect({ own: client }));
    expect(told).toContain('the authorities that this system trusts do not vouch for');
  });

  test('a certificate that has expired', async () => {
    show(ca, { ...loopback, days: -1 });
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
    const plain = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    open.push({ close: () => new Promise((resolve) => plain.close(() => resolve())) });
    const { port } = plain.address() as AddressInfo;
    expect(await refusal(await connect(both(), '127.0.0.1', [port]))).toContain('does not speak TLS');
    const store = await connect(both(), '127.0.0.1', [port, server.port]);
    await putText(store, 'k', 'x');
  });

  test('without TLS to a server that wants it there is no contact', async () => {
    const store = await openClient([server.port], 'trust/');
    open.push(store);
    await expect(store.get('k')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  });
});

test('a watch that meets a wrong certificate is stale and tries again, not often, until it is right', async () => {
  await using proxy = await TcpProxy.start(server.port);
  const store = await connect(both(), '127.0.0.1', [proxy.port]);
  const follower = new Follower();
  store.watch('net/', follower.sink);
  await putText(store, 'net/a', '1');
  await eventually('the key', () => follower.texts['net/a'] === '1');
  show(other, loopback);
  proxy.cut();
  await eventually('stale', () => follower.kinds.at(-1) === 'stale');
  const [before, end] = [proxy.attempts, performance.now() + 3000];
  await eventually('some seconds', () => performance.now() > end);
  const attempts = proxy.attempts - before;
  expect(await refusal(store)).toContain('issued by CN=second-ca');
  expect([follower.kinds.at(-1), follower.texts]).toEqual(['stale', { 'net/a': '1' }]);
  show(ca, loopback);
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
  show(other, loopback);
  copyFileSync(other.cert, certificates.path('client-ca.pem'));
  copyFileSync(other.cert, trusted);
  replace(own, stranger);
  await server.resume();
  await eventually('a write', () => putText(store, 'net/a', '2').then(() => true), patience);
  await eventually('the watch', () => follower.texts['net/a'] === '2', patience);
  expect(follower.broken).toEqual([]);
  await expect((await connect(both())).get('net/a')).rejects.toMatchObject({ code: 'STORE_DENIED' });
  await server.kill();
  copyFileSync(ca.cert, certificates.path('client-ca.pem'));
  show(ca, loopback);
  await server.resume();
}, 40_000);
