import { afterAll, beforeAll } from '@jest/globals';
import { openClient } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';
import { allCases } from '../testing/faults/all.ts';
import { exception, type FaultSubject } from '../testing/faults/fault-case.ts';
import { ownHands, type GuardedStore, type Hands } from '../testing/faults/hands.ts';
import { networkGround, type NetworkGround } from '../testing/faults/network-ground.ts';
import { faultSuite } from '../testing/faults/suite.ts';
import { wallClock } from '../testing/faults/wall-clock.ts';

let server: ConsulServer;
let round = 0;

beforeAll(async () => {
  server = await ConsulServer.start();
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const subject: FaultSubject<Hands, NetworkGround> = {
  backEnd: 'Consul',
  ground: () => {
    const prefix = `faults/${(round += 1)}/`;
    return networkGround(server.port, (ports, logger) => openClient(ports, prefix, { logger }));
  },
  version: () => server.version(),
  hands: {
    away: () => ({ begin: () => server.kill(), end: () => server.resume() }),
    way: (ground) => ground,
    freeze: () => ({
      begin: async () => server.freeze(),
      end: async () => server.thaw(),
    }),
    lock: exception('clients of Consul share no lock', 'the cases in which the server is stopped'),
    compact: exception(
      'Consul keeps no history that could be compacted: a watch reads the whole prefix at every change',
      'what was missed in an outage, deletions among it, is told',
    ),
    save: () => async () => {
      const saved = await server.ask('GET', 'snapshot');
      return async () => {
        await server.ask('PUT', 'snapshot', saved);
      };
    },
    wipe: () => () => server.wipe(),
    small: exception(
      'Consul has no quota: on a full disk the server gives up leading at every write, which is an outage',
      'the cases in which the server is away or silent; with room again all goes on (kvstore/consul/consul-own.live.test.ts)',
    ),
    guarded: ({ stack }) => guarded(stack),
    wallClock: () => wallClock,
  },
};

/** A Consul of its own that asks for permission; a client without a token has what the anonymous one has. */
const guarded = (stack: AsyncDisposableStack) => async (): Promise<GuardedStore> => {
  const own = stack.use(await ConsulServer.start({ acl: true }));
  const ask = async (path: string, body: object): Promise<void> => {
    await own.ask('PUT', `acl/${path}`, JSON.stringify(body));
  };
  const rules = 'key_prefix "" { policy = "write" } session_prefix "" { policy = "write" }';
  await ask('policy', { Name: 'all', Rules: rules });
  const anonymous = (policies: readonly object[]): Promise<void> =>
    ask('token/00000000-0000-0000-0000-000000000002', { Policies: policies });
  await anonymous([{ Name: 'all' }]);
  return {
    store: stack.adopt(await openClient([own.port], 'guarded/'), (store) => store.close()),
    take: () => anonymous([]),
    giveBack: () => anonymous([{ Name: 'all' }]),
    write: (key, text) => own.ask('PUT', `kv/guarded/${key}`, text),
  };
};

faultSuite(subject, { name: 'faults', cases: allCases, own: ownHands });
