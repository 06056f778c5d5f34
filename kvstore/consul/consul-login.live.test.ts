import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { silentLogger, type Logger } from '../../model/logger.ts';
import { storeContract } from '../contract.ts';
import { eventually, Follower, type StoreUnderTest } from '../contract-subject.ts';
import { commit, deleteOp, putOp, putText } from '../contract-write.ts';
import { fileCredentials, type CredentialSources } from '../file-credentials.ts';
import { encodeText, type Store } from '../store.ts';
import { Certificates } from '../testing/certificates.ts';
import { ConsulAcl, nodeRules, type ConsulToken } from '../testing/consul-acl.ts';
import { openClient } from '../testing/consul-client.ts';
import { ConsulServer } from '../testing/consul-server.ts';
import { TcpProxy } from '../testing/tcp-proxy.ts';

const patience = 20_000;
let server: ConsulServer;
let acl: ConsulAcl;
let certificates: Certificates;
/** Certificates of a client, for the port with TLS. */
let trust: CredentialSources;
/** May do everything below every prefix of a test. */
let all: ConsulToken;
/** Watches with a token that ends while the other tests run; the least life that Consul gives is one minute. */
let mortal: {
  readonly store: Store;
  readonly follower: Follower;
  readonly file: TokenFile;
  readonly end: number;
};
let round = 0;
const open: Store[] = [];

beforeAll(async () => {
  certificates = new Certificates();
  const ca = certificates.authority('ca');
  const { cert, key } = certificates.issue(ca, 'own');
  trust = { caFile: ca.cert, certFile: cert, keyFile: key };
  const certificate = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  server = await ConsulServer.start({ acl: true, tls: { certificate, clientCa: ca.cert } });
  acl = new ConsulAcl(server);
  await acl.policy('all', nodeRules('login/'));
  all = await acl.token('all');
  mortal = await watchWithMortalToken();
}, 30_000);
afterAll(async () => {
  await mortal.store.close();
  await server[Symbol.asyncDispose]();
  certificates[Symbol.dispose]();
});
beforeEach(() => {
  round += 1;
});
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

/** The least that a node can have, over TLS in both directions. */
async function setup(): Promise<StoreUnderTest> {
  const credentials = fileCredentials({ ...trust, token: all.secret }, silentLogger);
  const another = async (): Promise<Store> => {
    const store = await openClient([server.tlsPort], own(), { credentials, secure: true });
    open.push(store);
    return store;
  };
  const dispose = async (): Promise<void> => undefined;
  return { store: await another(), another, expireLeases: () => server.endSessions(), dispose };
}

storeContract('Consul over mutual TLS, with the token of a node,', setup);

interface Wish {
  readonly prefix?: string;
  readonly port?: number;
  readonly logger?: Logger;
}

const own = (): string => `login/${round}/`;

async function connect(
  login: CredentialSources,
  { prefix = own(), port = server.port, logger = silentLogger }: Wish = {},
): Promise<Store> {
  const credentials = fileCredentials(login, logger);
  const store = await openClient([port], prefix, { credentials, logger });
  open.push(store);
  return store;
}

interface TokenFile {
  readonly tokenFile: string;
  replace(by: ConsulToken): void;
}

/** A file with a token in it, which can be replaced. */
function tokenFile(token: ConsulToken): TokenFile {
  const path = certificates.path(`token-${round}`);
  const replace = ({ secret }: ConsulToken): void => writeFileSync(path, `${secret}\n`, { mode: 0o600 });
  replace(token);
  return { tokenFile: path, replace };
}

async function follow(store: Store, prefix = 'net/'): Promise<Follower> {
  const follower = new Follower();
  store.watch(prefix, follower.sink);
  await eventually('a snapshot', () => follower.kinds.includes('snapshot'));
  return follower;
}

async function passes(what: string, ms: number): Promise<void> {
  const end = performance.now() + ms;
  await eventually(what, () => performance.now() > end, ms + patience);
}

async function watchWithMortalToken(): Promise<typeof mortal> {
  const end = performance.now() + 60_000;
  const file = tokenFile(await acl.token('all', '60s'));
  const store = await connect(file);
  open.length = 0;
  await putText(store, 'net/a', '1');
  return { store, follower: await follow(store), file, end };
}

const isStale = (follower: Follower) => (): boolean => follower.kinds.at(-1) === 'stale';
const denied = (message: unknown) => expect.objectContaining({ code: 'STORE_DENIED', message });
const witness = (): Promise<Store> => connect({ token: all.secret });

describe('who may not is told so, with what he wanted:', () => {
  test.each([
    ['no token', {}, 'Permission denied'],
    ['a token that Consul does not know', { token: 'f6f7b1a2-0000-4000-8000-000000000000' }, 'ACL not found'],
    ['a token that can be none', { token: 'no\ttoken' }, 'in header'],
  ])('%s', async (_, login, why) => {
    const store = await connect(login);
    const says = (wish: string): unknown => denied(expect.stringMatching(`^cannot ${wish}.*: .*${why}`));
    await expect(store.get('k')).rejects.toEqual(says(`read ${own()}k`));
    await expect(putText(store, 'k', 'x')).rejects.toEqual(says(`write ${own()}k`));
    await expect(store.lease(2000)).rejects.toEqual(says('get a session'));
    await expect(store.list('net/')).rejects.toMatchObject({ code: 'STORE_DENIED' });
    const follower = new Follower();
    store.watch('net/', follower.sink);
    await eventually('stale', isStale(follower));
    expect(follower.updates).toEqual([{ kind: 'stale', cause: denied(expect.any(String)) }]);
  });

  test('keys that its policy does not hold', async () => {
    const store = await connect({ token: all.secret }, { prefix: 'elsewhere/' });
    const says = (wish: string): unknown =>
      denied(expect.stringMatching(`^cannot ${wish}: Consul answers: `));
    await expect(store.get('k')).rejects.toEqual(says('read elsewhere/k'));
    await expect(store.list('net/')).rejects.toEqual(says('read elsewhere/net/'));
    await expect(commit(store, [putOp('k', 'x'), putOp('l', 'x')])).rejects.toEqual(
      says('write elsewhere/k and 1 more'),
    );
  });

  test('who may only read: a condition that may not be asked is no answer to it', async () => {
    await acl.policy('reader', `key_prefix "login/" { policy = "read" }`);
    const other = await witness();
    await other.identity();
    await putText(other, 'k', 'x');
    const reader = await connect({ token: (await acl.token('reader')).secret });
    expect((await reader.list('')).entries.map(({ key }) => key)).toEqual(['k']);
    expect((await follow(reader, '')).texts).toEqual({ k: 'x' });
    const claim = reader.txn([{ kind: 'absent', key: 'l' }], [putOp('l', 'x')]);
    await expect(claim).rejects.toEqual(denied(expect.stringContaining(`Permission denied: ${own()}l`)));
    const [state] = (await reader.servers?.()) ?? [];
    const text = expect.stringContaining(`may not write everything below ${own()}`);
    expect(state).toMatchObject({ remarks: expect.arrayContaining([{ kind: 'problem', text }]) });
  });
});

test('a token that was revoked makes watches stale, never empty; with another one in its file all goes on', async () => {
  const first = await acl.token('all');
  const file = tokenFile(first);
  const lines: string[] = [];
  const note = (message: string, fields?: object): void => void lines.push(JSON.stringify([message, fields]));
  const logger: Logger = { debug: note, info: note, warn: note, error: note, child: () => logger };
  const store = await connect(file, { logger });
  const other = await witness();
  await commit(other, [putOp('net/a', '1'), putOp('net/b', '1')]);
  const follower = await follow(store);
  const idle = await follow(store, 'idle/');
  const lease = await store.lease(store.limits.minLeaseTtl);
  await acl.revoke(first);
  const says = denied(expect.stringContaining('ACL not found'));
  await expect(store.list('net/')).rejects.toEqual(says);
  await expect(putText(store, 'net/a', 'x')).rejects.toEqual(says);
  await putText(other, 'net/b', '2');
  await commit(other, [deleteOp('net/a')]);
  // Nothing wakes the idle one: it hears of it as well.
  for (const each of [follower, idle]) await eventually('stale', isStale(each), patience);
  await eventually('the end of the lease', () => lease.lost.aborted);
  expect(follower.updates.at(-1)).toEqual({ kind: 'stale', cause: says });
  expect([idle.kinds, follower.texts['net/b']]).toEqual([['snapshot', 'stale'], expect.anything()]);
  const second = await acl.token('all');
  file.replace(second);
  await eventually('what was missed', () => JSON.stringify(follower.texts) === '{"net/b":"2"}', patience);
  await eventually('the other one', () => idle.kinds.at(-1) === 'changes', patience);
  await putText(store, 'net/c', '3');
  await eventually('what comes', () => follower.texts['net/c'] === '3');
  expect([follower.kinds.filter((kind) => kind === 'snapshot').length, follower.broken]).toEqual([1, []]);
  const told = JSON.stringify([
    lines,
    follower.updates.map((u) => (u.kind === 'stale' ? u.cause.message : '')),
  ]);
  for (const { secret } of [first, second]) expect(told).not.toContain(secret);
  expect(lines.filter((line) => line.includes('the store does not answer'))).toHaveLength(1);
}, 60_000);

test('a token that is replaced before it is revoked: nobody notices, no lease is lost', async () => {
  const [first, second] = [await acl.token('all'), await acl.token('all')];
  const file = tokenFile(first);
  const store = await connect(file);
  const other = await witness();
  const follower = await follow(store);
  const lease = await store.lease(store.limits.minLeaseTtl);
  await commit(store, [{ kind: 'put', key: 'net/mine', value: encodeText('x'), lease }]);
  file.replace(second);
  await putText(store, 'net/a', '1');
  await acl.revoke(first);
  await passes('more than the life of a lease', 2.5 * lease.ttl);
  await putText(other, 'net/a', '2');
  await eventually('the change', () => follower.texts['net/a'] === '2');
  expect([follower.texts['net/mine'], lease.lost.aborted]).toEqual(['x', false]);
  expect([follower.kinds.includes('stale'), follower.broken]).toEqual([false, []]);
}, 30_000);

describe('a part of the store that turns unreadable is stale, and not deleted:', () => {
  /** May do everything below the prefix of this test, but not there. */
  const without = (part: string): string =>
    `${nodeRules(own())} key_prefix "${own()}${part}" { policy = "deny" }`;
  let store: Store;
  let other: Store;
  let proxy: TcpProxy;
  beforeEach(async () => {
    await acl.policy(`part-${round}`, nodeRules(own()));
    const { secret } = await acl.token(`part-${round}`);
    proxy = await TcpProxy.start(server.port);
    store = await connect({ token: secret }, { port: proxy.port });
    other = await witness();
    await commit(
      other,
      ['net/5/a', 'net/5/b', 'net/6/a', 'nodes/a'].map((key) => putOp(key, '1')),
    );
  });
  afterEach(async () => {
    await proxy[Symbol.asyncDispose]();
  });

  test('all that a watch asks for, also when nothing changes; other watches go on, with few questions', async () => {
    const [five, nodes] = [await follow(store, 'net/5/'), await follow(store, 'nodes/')];
    await acl.policy(`part-${round}`, without('net/5/'));
    await eventually('stale', isStale(five), patience);
    const why = `cannot read ${own()}net/5/: Consul answers: the token may not read there`;
    expect(five.updates.at(-1)).toEqual({ kind: 'stale', cause: denied(why) });
    await commit(other, [putOp('net/5/a', '2'), deleteOp('net/5/b')]);
    await putText(other, 'nodes/a', '2');
    await eventually('the other watch', () => nodes.texts['nodes/a'] === '2');
    const late = new Follower();
    store.watch('net/5/', late.sink);
    await eventually('the same of a new watch', isStale(late));
    expect([late.kinds, five.texts]).toEqual([['stale'], { 'net/5/a': '1', 'net/5/b': '1' }]);
    await expect(store.list('net/5/')).rejects.toEqual(denied(why));
    let answers = 0;
    proxy.onAnswer = () => (answers += 1);
    await passes('some seconds', 4000);
    expect(answers).toBeLessThan(40);
    await acl.policy(`part-${round}`, nodeRules(own()));
    for (const each of [five, late]) {
      await eventually('what was missed', () => JSON.stringify(each.texts) === '{"net/5/a":"2"}', patience);
    }
    expect([five.kinds.filter((kind) => kind === 'snapshot').length, five.broken, late.broken]).toEqual([
      1,
      [],
      [],
    ]);
    expect(nodes.kinds).not.toContain('stale');
  }, 60_000);

  test('a part of what a watch asks for, by the first reading that lacks it', async () => {
    const nets = await follow(store, 'net/');
    await acl.policy(`part-${round}`, without('net/5/'));
    // A question that is open is answered as it was permitted; the next one is not.
    await putText(other, 'net/6/a', '2');
    await commit(other, [deleteOp('net/6/a')]);
    await eventually('stale', isStale(nets));
    const cause = denied(expect.stringContaining(`cannot read ${own()}net/5/`));
    expect(nets.updates.at(-1)).toEqual({ kind: 'stale', cause });
    await passes('some attempts', 3000);
    expect(nets.kinds.at(-1)).toBe('stale');
    expect(nets.texts).toMatchObject({ 'net/5/a': '1', 'net/5/b': '1' });
    await acl.policy(`part-${round}`, nodeRules(own()));
    const truth = '{"net/5/a":"1","net/5/b":"1"}';
    await eventually('the truth', () => JSON.stringify(nets.texts) === truth, patience);
    expect(nets.kinds.filter((kind) => kind === 'snapshot')).toHaveLength(1);
    expect(nets.broken).toEqual([]);
  }, 60_000);

  test('of a watch that shares its question with others', async () => {
    const followers = Array.from({ length: 80 }, () => new Follower());
    followers.forEach(({ sink }, n) => store.watch(`net/${n}/`, sink));
    await eventually(
      'snapshots',
      () => followers.every(({ kinds }) => kinds.at(-1) === 'snapshot'),
      patience,
    );
    await acl.policy(`part-${round}`, without('net/5/'));
    await eventually('stale', isStale(followers[5]!), patience);
    expect(followers[5]!.texts).toEqual({ 'net/5/a': '1', 'net/5/b': '1' });
  }, 60_000);

  test('many deletions at once are believed when each of them is true', async () => {
    const many = Array.from({ length: 150 }, (_, n) => `net/7/${n}`);
    const put = (keys: readonly string[]) =>
      commit(
        other,
        keys.map((key) => putOp(key, '1')),
      );
    for (let n = 0; n < many.length; n += 50) await put(many.slice(n, n + 50));
    const nets = await follow(store, 'net/7/');
    expect(nets.state.size).toBe(150);
    await server.ask('DELETE', `kv/${own()}net/7/?recurse`);
    await eventually('all of them', () => nets.state.size === 0);
    expect([nets.kinds, nets.broken]).toEqual([['snapshot', 'changes'], []]);
  });
});

test('a token whose time is up is as one that was revoked', async () => {
  const { follower, file, end } = mortal;
  await passes('the life of the token', end - performance.now());
  await eventually('stale', isStale(follower), patience);
  const cause = denied(expect.stringContaining('ACL not found'));
  expect([follower.updates.at(-1), follower.texts]).toEqual([{ kind: 'stale', cause }, { 'net/a': '1' }]);
  file.replace(all);
  await eventually('contact', () => follower.kinds.at(-1) === 'changes', patience);
  expect([follower.kinds, follower.broken]).toEqual([['snapshot', 'stale', 'changes'], []]);
}, 120_000);
