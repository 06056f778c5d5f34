import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger } from '../../model/logger.ts';
import { eventually, Follower } from '../contract-subject.ts';
import { commit, putOp, putText } from '../contract-write.ts';
import { fileCredentials, type CredentialSources } from '../file-credentials.ts';
import { encodeText, type Store } from '../store.ts';
import { Certificates, type Pair } from '../testing/certificates.ts';
import { openClient } from '../testing/etcd-client.ts';
import { EtcdServer } from '../testing/etcd-server.ts';

/** Seconds that a token is good for. */
const tokenTtl = 2;
const password = 'a password';
let certificates: Certificates;
let server: EtcdServer;
let ca: Pair;
let client: Pair;
let round = 0;
const open: Store[] = [];

beforeAll(async () => {
  certificates = new Certificates();
  ca = certificates.authority('ca');
  client = certificates.issue(ca, 'nobody');
  const certificate = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  const { publicKey, privateKey } = certificates.signingKeys();
  const tokens = `jwt,pub-key=${publicKey},priv-key=${privateKey},sign-method=RS256,ttl=${tokenTtl}s`;
  server = await EtcdServer.start({
    certificate,
    clientCa: ca.cert,
    admin: { ...client, ca: ca.cert },
    tokens,
  });
  await server.enableLogin('node', password, 'weft/v1/');
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});
beforeEach(() => {
  round += 1;
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

const node: CredentialSources = { user: 'node', password };

async function connect(
  login: CredentialSources,
  { prefix = `weft/v1/${round}/`, own = client } = {},
): Promise<Store> {
  const files = { caFile: ca.cert, certFile: own.cert, keyFile: own.key };
  const credentials = fileCredentials({ ...files, ...login }, silentLogger);
  const store = await openClient([server.port], prefix, { credentials });
  open.push(store);
  return store;
}

async function follow(store: Store): Promise<Follower> {
  const follower = new Follower();
  store.watch('net/', follower.sink);
  await eventually('a snapshot', () => follower.kinds.includes('snapshot'));
  return follower;
}

async function passes(what: string, ms: number): Promise<void> {
  const end = performance.now() + ms;
  await eventually(what, () => performance.now() > end);
}

const denied = (message: unknown) => expect.objectContaining({ code: 'STORE_DENIED', message });

describe('who may not is told so, with what he wanted:', () => {
  test('a wrong password; the right one in its place is used soon', async () => {
    const passwordFile = certificates.path('password');
    writeFileSync(passwordFile, 'a wrong one\n', { mode: 0o600 });
    const store = await connect({ user: 'node', passwordFile });
    const why = expect.stringContaining('login of the user node: etcdserver: authentication failed');
    await expect(store.get('k')).rejects.toEqual(denied(why));
    await expect(putText(store, 'k', 'x')).rejects.toEqual(denied(why));
    writeFileSync(passwordFile, `${password}\n`);
    await putText(store, 'k', 'x');
  });

  test('a key that the role does not hold', async () => {
    const store = await connect(node, { prefix: 'elsewhere/' });
    const says = (wish: string): unknown =>
      denied(expect.stringMatching(`^cannot ${wish}: .*permission denied`));
    await expect(store.get('k')).rejects.toEqual(says('read elsewhere/k'));
    await expect(store.list('net/')).rejects.toEqual(says('list elsewhere/net/'));
    await expect(commit(store, [putOp('k', 'x'), putOp('l', 'x')])).rejects.toEqual(
      says('write elsewhere/k and 1 more'),
    );
    const follower = new Follower();
    store.watch('net/', follower.sink);
    await eventually('stale', () => follower.kinds.at(-1) === 'stale');
    expect(follower.updates).toEqual([{ kind: 'stale', cause: says('list elsewhere/net/') }]);
  });

  test('a certificate is a login as well: its common name is the user', async () => {
    const store = await connect({}, { own: certificates.issue(ca, 'node') });
    await putText(store, 'k', 'x');
    const nobody = await connect({});
    const says = expect.stringMatching(/^cannot read .*k: .*permission denied/);
    await expect(nobody.get('k')).rejects.toEqual(denied(says));
  });
});

test('tokens that have expired are renewed: no call fails, no watch stops, no lease is lost', async () => {
  const store = await connect(node);
  const early = await follow(store);
  const lease = await store.lease(store.limits.minLeaseTtl);
  await commit(store, [{ kind: 'put', key: 'alive/a', value: encodeText('x'), lease }]);
  for (const text of ['1', '2']) {
    await passes('the life of a token', (tokenTtl + 1) * 1000);
    await putText(store, 'net/a', text);
    expect(await store.get('alive/a')).toBeDefined();
    const late = await follow(store);
    await putText(store, 'net/b', text);
    for (const follower of [early, late]) await eventually('b', () => follower.texts['net/b'] === text);
    expect([late.kinds.includes('stale'), late.broken]).toEqual([false, []]);
  }
  expect([early.kinds.includes('stale'), early.broken, lease.lost.aborted]).toEqual([false, [], false]);
}, 30_000);

test('tokens from before a change of users are renewed: no call fails, no watch stops', async () => {
  const store = await connect(node);
  const early = await follow(store);
  await putText(store, 'net/a', '1');
  await server.etcdctl('user', 'add', `new-${round}:x`);
  await putText(store, 'net/a', '2');
  await server.etcdctl('user', 'add', `newer-${round}:x`);
  const late = await follow(store);
  await server.etcdctl('user', 'add', `newest-${round}:x`);
  expect((await store.list('net/')).entries).toHaveLength(1);
  await putText(store, 'net/a', '3');
  for (const follower of [early, late]) {
    await eventually('the last value', () => follower.texts['net/a'] === '3');
    expect([follower.kinds.includes('stale'), follower.broken]).toEqual([false, []]);
  }
});

test('where etcd has no users yet the one that is set does no harm, and logs in once there are some', async () => {
  await server.etcdctl('auth', 'disable');
  const store = await connect(node);
  const stranger = await connect({});
  try {
    const follower = await follow(store);
    await putText(store, 'net/a', '1');
    await putText(stranger, 'net/a', '2');
    await server.etcdctl('auth', 'enable');
    await putText(store, 'net/a', '3');
    await eventually('the value', () => follower.texts['net/a'] === '3');
    await expect(putText(stranger, 'net/a', '4')).rejects.toMatchObject({ code: 'STORE_DENIED' });
  } finally {
    await server.etcdctl('auth', 'enable');
  }
});
