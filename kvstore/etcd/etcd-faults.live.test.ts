import { afterAll, beforeAll } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { fileCredentials } from '../file-credentials.ts';
import { Certificates } from '../testing/certificates.ts';
import { openClient } from '../testing/etcd-client.ts';
import { EtcdServer } from '../testing/etcd-server.ts';
import { allCases } from '../testing/faults/all.ts';
import { exception, type FaultSubject } from '../testing/faults/fault-case.ts';
import { ownHands, type GuardedStore, type Hands, type SmallStore } from '../testing/faults/hands.ts';
import { networkGround, type NetworkGround } from '../testing/faults/network-ground.ts';
import { faultSuite } from '../testing/faults/suite.ts';
import { wallClock } from '../testing/faults/wall-clock.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

let server: EtcdServer;
let round = 0;

beforeAll(async () => {
  server = await EtcdServer.start();
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});

const subject: FaultSubject<Hands, NetworkGround> = {
  backEnd: 'etcd',
  ground: () => {
    const prefix = `faults/${(round += 1)}/`;
    return networkGround(server.port, (ports, logger) => openClient(ports, prefix, { logger }));
  },
  version: async () => `etcd ${/[\d.]+/.exec(await server.etcdctl('version'))?.[0]}`,
  hands: {
    away: () => ({ begin: () => server.kill(), end: () => server.resume() }),
    way: (ground) => ground,
    freeze: () => ({
      begin: async () => server.freeze(),
      end: async () => server.thaw(),
    }),
    lock: exception('clients of etcd share no lock', 'the cases in which the server is stopped'),
    compact: () => () => server.compact(),
    save: () => () => server.save(),
    wipe: () => () => server.wipe(),
    small: ({ stack }) => small(stack),
    guarded: ({ stack }) => guarded(stack),
    wallClock: () => wallClock,
  },
};

/** An etcd of its own with a low quota. */
const small = (stack: AsyncDisposableStack) => async (): Promise<SmallStore> => {
  const own = stack.use(await EtcdServer.start(undefined, ['--quota-backend-bytes=4000000']));
  return {
    store: stack.adopt(await openClient([own.port], 'small/'), (store) => store.close()),
    fill: async () => {
      const put = (n: number): Promise<boolean> =>
        own.etcdctl('put', `filler/${n}`, 'x'.repeat(100_000)).then(
          () => true,
          () => false,
        );
      for (let n = 0; await put(n); n += 1);
    },
    makeRoom: async () => {
      await own.etcdctl('del', '--prefix', 'filler/');
      await own.compact();
      await own.etcdctl('defrag');
      await own.etcdctl('alarm', 'disarm');
    },
  };
};

/** An etcd of its own with users and roles. */
const guarded = (stack: AsyncDisposableStack) => async (): Promise<GuardedStore> => {
  const certificates = stack.use(new Certificates());
  const ca = certificates.authority('ca');
  const client = certificates.issue(ca, 'nobody');
  const certificate = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  const admin = { ...client, ca: ca.cert };
  const own = stack.use(await EtcdServer.start({ certificate, clientCa: ca.cert, admin }));
  const login = { user: 'node', password: 'a password' };
  await own.enableLogin(login.user, login.password, 'guarded/');
  const proxy = stack.use(await TcpProxy.start(own.port));
  const files = { caFile: ca.cert, certFile: client.cert, keyFile: client.key };
  const credentials = fileCredentials({ ...files, ...login }, silentLogger);
  const open = openClient([proxy.port], 'guarded/', { credentials });
  return {
    store: stack.adopt(await open, (store) => store.close()),
    take: async () => {
      await own.etcdctl('user', 'revoke-role', login.user, login.user);
      proxy.cut();
    },
    giveBack: () => own.etcdctl('user', 'grant-role', login.user, login.user),
    write: (key, text) => own.etcdctl('put', `guarded/${key}`, text),
  };
};

faultSuite(subject, { name: 'faults', cases: allCases, own: ownHands });
