import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as plainServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { createServer as tlsServer } from 'node:tls';
import { expect, test } from '@jest/globals';
import { eventually } from '../contract-subject.ts';
import { noCredentials, type StoreCredentials } from '../credentials.ts';
import { Certificates } from '../testing/certificates.ts';
import { realClock } from '../testing/clock.ts';
import { Channel } from './channel.ts';

/** A server that takes requests and answers none. */
interface Mute {
  readonly server: Server;
  readonly credentials: StoreCredentials;
  readonly secure: boolean;
}

function plain(): Mute {
  return { server: plainServer(), credentials: noCredentials, secure: false };
}

function secured(certificates: Certificates): Mute {
  const ca = certificates.authority('ca');
  const { cert, key } = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  const server = tlsServer({ cert: readFileSync(cert), key: readFileSync(key) });
  const secrets = { ca: readFileSync(ca.cert, 'utf8') };
  return { server, credentials: { read: async () => secrets }, secure: true };
}

test.each(['plain', 'TLS'])(
  'a request that its caller has given up cannot arrive any more: its connection is reset, %s',
  async (kind) => {
    using certificates = new Certificates();
    const { server, credentials, secure } = kind === 'plain' ? plain() : secured(certificates);
    const wires: Socket[] = [];
    const ends: string[] = [];
    let asked = 0;
    server.on('connection', (wire: Socket) => wires.push(wire));
    server.on(secure ? 'secureConnection' : 'connection', (socket: Socket) => {
      socket.on('error', (error: NodeJS.ErrnoException) => ends.push(error.code ?? error.message));
      socket.on('end', () => ends.push('a polite end'));
      socket.on('data', () => (asked += 1));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const channel = new Channel({ host: '127.0.0.1', port }, { clock: realClock, credentials, secure });
    try {
      const given = new AbortController();
      const answer = channel.get('key', { within: 5000, signal: given.signal });
      answer.catch(() => undefined);
      await eventually('the request to arrive', () => asked > 0);
      given.abort(new Error('nobody waits any more'));
      await expect(answer).rejects.toThrow('nobody waits any more');
      await eventually('the connection to end', () => ends.length > 0);
      expect(ends).toEqual(['ECONNRESET']);
    } finally {
      channel.close();
      for (const wire of wires) wire.destroy();
      server.close();
    }
  },
);
