import { copyFileSync, writeFileSync } from 'node:fs';
import { connect as connectTls } from 'node:tls';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { eventually, Follower } from '../contract-subject.ts';
import { putText } from '../contract-write.ts';
import type { StoreCredentials } from '../credentials.ts';
import { fileCredentials } from '../file-credentials.ts';
import type { Store } from '../store.ts';
import { Certificates, type CertificateWish, type Pair } from './certificates.ts';
import { TcpProxy } from './tcp-proxy.ts';

/** What a server shows, whose clients it lets in, and a client that it lets in. */
export interface TrustFiles {
  readonly certificate: Pair;
  readonly clientCa: string;
  readonly client: Pair;
  readonly ca: string;
}

/** A real server that speaks TLS on loopback, on IPv4 and IPv6. */
export interface TrustServer extends AsyncDisposable {
  readonly tlsPort: number;
  kill(): Promise<void>;
  resume(): Promise<void>;
  /** Looks at its certificate anew. */
  reload(): void;
}

export interface TrustSubject<S extends TrustServer> {
  start(files: TrustFiles): Promise<S>;
  open(
    ports: readonly number[],
    prefix: string,
    wish: { readonly host: string; readonly credentials: StoreCredentials },
  ): Promise<Store>;
  /** A port on which somebody takes connections and does not speak TLS, until the end of the test. */
  plainPort(server: S, atEnd: (close: () => Promise<void>) => void): Promise<number>;
}

export interface Trust {
  readonly ca?: string;
  readonly own?: Pair;
}

/** For further cases of one back end. */
export interface TrustScene<S> {
  readonly server: S;
  readonly certificates: Certificates;
  /** The authority of the server and of its clients, and another one. */
  readonly ca: Pair;
  readonly other: Pair;
  readonly client: Pair;
  /** In this trust, as it should be. */
  both(): Trust;
  connect(trust: Trust, host?: string, ports?: readonly number[]): Promise<Store>;
  atEnd(close: () => Promise<void>): void;
}

export const loopback: CertificateWish = { names: ['IP:127.0.0.1', 'IP:::1'] };
const patience = 20_000;

function replace(pair: Pair, by: Pair): void {
  copyFileSync(by.cert, pair.cert);
  copyFileSync(by.key, pair.key);
}

/** Says why a read is refused; a write is refused in the same way, and surely not applied. */
export async function refusal(store: Store): Promise<string> {
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

/** Which servers a client trusts, and what becomes of what changes, for every back end that has TLS. */
export function trustCases<S extends TrustServer>(subject: TrustSubject<S>): TrustScene<S> {
  let certificates: Certificates;
  let server: S;
  let ca: Pair;
  let other: Pair;
  let client: Pair;
  let stranger: Pair;
  let shown: Pair;
  let issued = 0;
  let round = 0;
  const open: (() => Promise<void>)[] = [];

  beforeAll(async () => {
    certificates = new Certificates();
    ca = certificates.authority('first-ca');
    other = certificates.authority('second-ca');
    shown = certificates.issue(ca, 'shown', loopback);
    client = certificates.issue(ca, 'client');
    stranger = certificates.issue(other, 'stranger');
    const clientCa = certificates.path('client-ca.pem');
    copyFileSync(ca.cert, clientCa);
    server = await subject.start({ certificate: shown, clientCa, client, ca: ca.cert });
  }, 30_000);
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
    certificates[Symbol.dispose]();
  });
  beforeEach(() => {
    round += 1;
  });
  afterEach(async () => {
    for (const close of open.splice(0).toReversed()) await close();
    await show(ca, loopback);
  });

  const next = (by: Pair, wish: CertificateWish): { readonly name: string; readonly pair: Pair } => {
    issued += 1;
    const name = `server-${issued}`;
    return { name, pair: certificates.issue(by, name, wish) };
  };
  const nameShown = (): Promise<string | undefined> =>
    new Promise((resolve, reject) => {
      const at = { host: '127.0.0.1', port: server.tlsPort, rejectUnauthorized: false };
      const socket = connectTls(at, () => {
        const { CN } = socket.getPeerCertificate().subject;
        resolve(Array.isArray(CN) ? CN[0] : CN);
        socket.destroy();
      });
      socket.on('error', reject);
    });
  /** From now on the server shows another certificate to new connections. */
  const show = async (by: Pair, wish: CertificateWish): Promise<void> => {
    const { name, pair } = next(by, wish);
    replace(shown, pair);
    server.reload();
    await eventually('the certificate', async () => (await nameShown()) === name);
  };
  const atEnd = (close: () => Promise<void>): void => void open.push(close);
  const connect: TrustScene<S>['connect'] = async (
    { ca: trusted, own },
    host = '127.0.0.1',
    ports = [server.tlsPort],
  ) => {
    const files = own === undefined ? {} : { certFile: own.cert, keyFile: own.key };
    const sources = { ...files, ...(trusted === undefined ? {} : { caFile: trusted }) };
    const credentials = fileCredentials(sources, silentLogger);
    const store = await subject.open(ports, `trust/${round}/`, { host, credentials });
    atEnd(() => store.close());
    return store;
  };
  const both = (): Trust => ({ ca: ca.cert, own: client });

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
      const port = await subject.plainPort(server, atEnd);
      expect(await refusal(await connect(both(), '127.0.0.1', [port]))).toContain('does not speak TLS');
      const store = await connect(both(), '127.0.0.1', [port, server.tlsPort]);
      await putText(store, 'k', 'x');
    });
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
    // Where the cut is noticed before the certificate, that is the reason that comes first.
    const code: unknown = expect.stringMatching(/^STORE_(DENIED|UNAVAILABLE)$/);
    expect(follower.updates.at(-1)).toMatchObject({ cause: { code } });
    const [before, end] = [proxy.attempts, performance.now() + 3000];
    await eventually('some seconds', () => performance.now() > end);
    const attempts = proxy.attempts - before;
    expect(await refusal(store)).toContain('issued by CN=second-ca');
    const fresh = new Follower();
    (await connect(both(), '127.0.0.1', [proxy.port])).watch('net/', fresh.sink);
    await eventually('the reason', () => fresh.kinds.at(-1) === 'stale');
    expect(fresh.updates.at(-1)).toMatchObject({ cause: { code: 'STORE_DENIED' } });
    expect([follower.kinds.at(-1), follower.texts]).toEqual(['stale', { 'net/a': '1' }]);
    await show(ca, loopback);
    await eventually('contact', () => follower.kinds.at(-1) === 'changes', patience);
    expect([follower.broken, follower.kinds.filter((kind) => kind === 'snapshot').length]).toEqual([[], 1]);
    expect(attempts).toBeGreaterThan(0);
    expect(attempts).toBeLessThan(15);
  }, 30_000);

  test('new authorities and a new client certificate are used by the next connection, without a restart', async () => {
    const [trusted, clientCa] = [certificates.path('trusted.pem'), certificates.path('client-ca.pem')];
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
    replace(shown, next(other, loopback).pair);
    copyFileSync(other.cert, clientCa);
    copyFileSync(other.cert, trusted);
    replace(own, stranger);
    await server.resume();
    await eventually('a write', () => putText(store, 'net/a', '2').then(() => true), patience);
    await eventually('the watch', () => follower.texts['net/a'] === '2', patience);
    expect(follower.broken).toEqual([]);
    await expect((await connect(both())).get('net/a')).rejects.toMatchObject({ code: 'STORE_DENIED' });
    await server.kill();
    copyFileSync(ca.cert, clientCa);
    replace(shown, next(ca, loopback).pair);
    await server.resume();
  }, 40_000);

  return {
    get server() {
      return server;
    },
    get certificates() {
      return certificates;
    },
    get ca() {
      return ca;
    },
    get other() {
      return other;
    },
    get client() {
      return client;
    },
    both,
    connect,
    atEnd,
  };
}
