import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { openClient } from '../testing/etcd-client.ts';
import { EtcdServer } from '../testing/etcd-server.ts';
import { trustCases, type TrustFiles, type TrustServer } from '../testing/trust-cases.ts';

async function start({ ca, client, ...protection }: TrustFiles): Promise<TrustServer> {
  const server = await EtcdServer.start({ ...protection, admin: { ...client, ca } });
  return {
    tlsPort: server.port,
    kill: () => server.kill(),
    resume: () => server.resume(),
    // It looks at each connection.
    reload: () => undefined,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const scene = trustCases({
  start,
  open: openClient,
  async plainPort(_, atEnd) {
    const plain = createServer((socket) => {
      socket.on('error', () => undefined).resume();
      socket.end('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    atEnd(() => new Promise((resolve) => plain.close(() => resolve())));
    return (plain.address() as AddressInfo).port;
  },
});

test('without authorities of our own those of the system are asked', () => {
  const { certificates, server, ca, other, client } = scene;
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
    const argv = ['--input-type=module', '-e', script, String(server.tlsPort), client.cert, client.key];
    return execFileSync(process.execPath, argv, { encoding: 'utf8', env }).trim();
  };
  expect([trusting(ca.cert), trusting(other.cert)]).toEqual(['trusted', 'STORE_DENIED']);
});

test('without TLS to a server that wants it there is no contact', async () => {
  const store = await openClient([scene.server.tlsPort], 'trust/');
  scene.atEnd(() => store.close());
  await expect(store.get('k')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});
