import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { expect, test } from '@jest/globals';
import { DropWatch, type Drop } from './drops.ts';
import { waitFor } from './wait.ts';

const left = (): readonly string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('weft-drops-'));

const canTell = await (async () => {
  await using watch = await DropWatch.start();
  return watch !== undefined;
})();

(canTell ? test : test.skip)(
  'a packet for a socket whose buffer is full is seen, with time and reason, and nothing is left behind [needs tracefs]',
  async () => {
    const before = left();
    {
      await using watch = await DropWatch.start();
      const begun = Date.now();
      const [full, sender] = [createSocket({ type: 'udp4', recvBufferSize: 1 }), createSocket('udp4')];
      try {
        full.bind(0, '127.0.0.1');
        await once(full, 'listening');
        sender.connect(full.address().port, '127.0.0.1');
        await once(sender, 'connect');
        // All of them before this process may read one.
        for (let sent = 0; sent < 50; sent++) sender.send(Buffer.alloc(1000));
        const look = (): readonly Drop[] | undefined => {
          const seen = watch
            ?.read()
            .filter(({ where, reason }) => where.startsWith('udp') && reason === 'SOCKET_RCVBUFF');
          return (seen?.length ?? 0) > 20 ? seen : undefined;
        };
        const drops = await waitFor('the kernel to tell of them', look, { within: 10_000 });
        for (const { time } of drops) {
          expect(time).toBeGreaterThan(begun - 20);
          expect(time).toBeLessThan(Date.now() + 20);
        }
      } finally {
        full.close();
        sender.close();
      }
    }
    expect(left().filter((name) => !before.includes(name))).toEqual([]);
  },
);
