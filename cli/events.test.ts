import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createColors } from 'picocolors';
import { expect, test } from '@jest/globals';
import { connect } from '../api/client.ts';
import type { EventsJson } from '../api/schemas/event.ts';
import { startServer, type ApiServer } from '../api/server.ts';
import { FakeService, happened } from '../api/testing/fake-service.ts';
import { silentLogger } from '../model/logger.ts';
import { runCli } from './program.ts';

const event = (number: number): EventsJson['events'][number] => ({
  ...happened[0]!,
  number,
  message: `event ${number}`,
});

test('weft events --follow goes on when the agent is back after a restart, and says so', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'weft-follow-'));
  const socketPath = join(directory, 'weftd.sock');
  const serve = (answer: (after: number) => EventsJson): Promise<ApiServer> => {
    const events = async ({ after }: { readonly after: number }): Promise<EventsJson> => answer(after);
    return startServer({ service: new FakeService({ events }), socketPath, logger: silentLogger });
  };
  const done = Promise.withResolvers<undefined>();
  const [out, err]: [string[], string[]] = [[], []];
  const servers: Promise<ApiServer>[] = [];
  /** The second one has one event more, and all is said when it was asked for the next. */
  const begin = (): Promise<ApiServer> =>
    serve((after) => {
      if (after === 2) done.resolve(undefined);
      return { events: after < 2 ? [event(2)] : [], last: 2 };
    });
  servers.push(
    serve((after) => {
      if (after === 1) void servers[0]?.then((server) => server.close());
      return { events: after === 0 ? [event(1)] : [], last: 1 };
    }),
  );
  try {
    const code = await runCli(['events', '--follow'], {
      version: '1.2.3',
      env: { WEFT_SOCKET: socketPath },
      colors: createColors(false),
      errColors: createColors(false),
      out: (line) => void out.push(line),
      err: (line) => {
        err.push(line);
        if (servers.length === 1) servers.push(begin());
      },
      connect: async (socket) => connect(socket),
      read: () => Promise.reject(new Error('there is no file')),
      edit: () => Promise.reject(new Error('there is no editor')),
      unread: () => done.promise,
    });
    expect(code).toBe(0);
    expect(out.map((line) => line.slice(-7))).toEqual(['event 1', 'event 2']);
    expect(err).toEqual([
      expect.stringMatching(/^weft: waiting for the agent: (nobody answers on|weftd on .* broke off)/),
      'weft: the agent is back',
    ]);
  } finally {
    for (const server of servers) await (await server).close();
    rmSync(directory, { recursive: true });
  }
}, 30_000);
