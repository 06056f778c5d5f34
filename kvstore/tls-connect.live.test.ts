import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer } from 'node:tls';
import { expect, test } from '@jest/globals';
import { Certificates } from './testing/certificates.ts';
import { connectTls } from './tls-connect.ts';

test('what lies below a secured connection can be reset: it ends at once, on both sides', async () => {
  using certificates = new Certificates();
  const ca = certificates.authority('ca');
  const own = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  const server = createServer({ cert: readFileSync(own.cert), key: readFileSync(own.key) });
  const served = once(server, 'secureConnection');
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const wire = connect({ host: '127.0.0.1', port: (server.address() as AddressInfo).port });
    const secrets = { ca: readFileSync(ca.cert, 'utf8') };
    const failures: unknown[] = [];
    const secured = connectTls(wire, { host: '127.0.0.1', secrets, protocol: 'http/1.1' }, (why) => {
      failures.push(why);
    });
    const [there] = (await served) as [Duplex];
    there.on('data', (bytes) => there.write(bytes));
    const ended = once(there, 'error');
    secured.write('hello');
    await once(secured, 'data');
    secured.write('a request that somebody has given up');
    wire.resetAndDestroy();
    await once(secured, 'close');
    expect(await ended).toEqual([expect.objectContaining({ code: 'ECONNRESET' })]);
    expect(failures).toEqual([]);
  } finally {
    server.close();
  }
}, 20_000);
