import { expect, test } from '@jest/globals';
import { openClient } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';
import { notingLogger } from '../testing/noting-logger.ts';

const anonymous = 'token/00000000-0000-0000-0000-000000000002';

test.each([
  { may: 'keys, sessions and nodes', rules: 'node_prefix "" { policy = "write" }', node: 'weft-sessions' },
  { may: 'keys and sessions alone', rules: '', node: 'store' },
])(
  'who may write $may gets a lease; it ends with the node $node',
  async ({ rules, node }) => {
    await using server = await ConsulServer.start({ acl: true });
    const ask = (path: string, body: object): Promise<unknown> =>
      server.ask('PUT', `acl/${path}`, JSON.stringify(body));
    const always = 'key_prefix "" { policy = "write" } session_prefix "" { policy = "write" }';
    await ask('policy', { Name: 'some', Rules: `${always} ${rules}` });
    await ask(anonymous, { Policies: [{ Name: 'some' }] });
    const lines: string[] = [];
    const store = await openClient([server.port], 'weft/', { logger: notingLogger(lines) });
    try {
      const leases = [await store.lease(10_000), await store.lease(10_000)];
      const sessions = JSON.parse(Buffer.from(await server.ask('GET', 'session/list')).toString()) as {
        readonly Node: string;
      }[];
      expect(sessions.map(({ Node }) => Node)).toEqual(leases.map(() => node));
      expect(lines.length).toBe(node === 'store' ? leases.length : 0);
    } finally {
      await store.close();
    }
  },
  40_000,
);
