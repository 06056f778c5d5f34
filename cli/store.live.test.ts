import { execFile } from 'node:child_process';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { systemClock } from '../agent/clock.ts';
import { openStore } from '../kvstore/open.ts';
import type { Store } from '../kvstore/store.ts';
import { Certificates } from '../kvstore/testing/certificates.ts';
import { ConsulAcl, nodeRules } from '../kvstore/testing/consul-acl.ts';
import { ConsulServer } from '../kvstore/testing/consul-server.ts';
import { EtcdServer } from '../kvstore/testing/etcd-server.ts';
import {
  aliveKey,
  clusterKeys,
  contentIn,
  contentOf,
  putAll,
} from '../kvstore/transfer/testing/cluster-keys.ts';
import { silentLogger } from '../model/logger.ts';

const weft = join(import.meta.dirname, '..', 'bin', 'weft');
const items = clusterKeys(3);

interface Typed {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let server: EtcdServer;
let directory: string;
let round = 0;
beforeAll(async () => {
  server = await EtcdServer.start();
}, 30_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
});
beforeEach(() => {
  round += 1;
  directory = mkdtempSync(join(tmpdir(), 'weft-store-command-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const at = (name: string): string => join(directory, name);
const fileUrl = (name: string): string => `file://${at(name)}`;
const etcdUrl = (): string => `etcd://127.0.0.1:${server.port}/command/${round}`;

/** `weft store ARGS...` as a process of its own. */
function type(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Typed> {
  return new Promise((resolve) => {
    // As in a pipe, whatever the terminal of the tests is.
    const { FORCE_COLOR: _, ...inherited } = process.env;
    const options = { env: { ...inherited, ...env }, timeout: 50_000, maxBuffer: 2 ** 26 };
    execFile(weft, ['store', ...args], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

async function on<T>(url: string, act: (store: Store) => Promise<T>): Promise<T> {
  const store = await openStore(url, { clock: systemClock, logger: silentLogger, fraction: () => 0.5 });
  try {
    return await act(store);
  } finally {
    await store.close();
  }
}

test('a store is checked, as a table and as JSON, by the configuration of the agent', async () => {
  await on(etcdUrl(), (store) => putAll(store, [...items, aliveKey]));
  writeFileSync(at('weftd.yaml'), `store: ${etcdUrl()}\n`);
  const shown = await type(['check', '--config', at('weftd.yaml')]);
  expect(shown).toMatchObject({ code: 0, stderr: '' });
  expect(shown.stdout).toMatch(/^healthy\n/);
  expect(shown.stdout).toMatch(/^cluster +c1$/m);
  expect(shown.stdout).toMatch(/^agents +n1$/m);
  expect(shown.stdout).toMatch(new RegExp(`^127.0.0.1:${server.port} +[\\d.]+ ms +etcd \\d`, 'm'));
  const { code, stdout } = await type(['check', '-o', 'json'], { WEFT_STORE: etcdUrl() });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    origin: 'environment WEFT_STORE',
    reachable: true,
    problems: [],
    cluster: 'c1',
    keys: { endpoint: 3, alive: 1 },
    servers: [{ answers: true, version: expect.stringMatching(/^etcd \d/) }],
  });
}, 60_000);

test('a store that is unhealthy, unreachable or not there gets its exit code', async () => {
  await on(fileUrl('a.db'), (store) =>
    putAll(store, [{ key: 'nodes/0000000000000000', value: Uint8Array.of(255) }]),
  );
  const broken = await type(['check', '--store', fileUrl('a.db')]);
  expect(broken).toMatchObject({
    code: 1,
    stdout: expect.stringContaining('! record "nodes/0000000000000000"'),
  });
  const away = await type(['check', '--store', 'etcd://127.0.0.1:9', '-o', 'json']);
  expect(away.code).toBe(3);
  expect(JSON.parse(away.stdout)).toMatchObject({ reachable: false, servers: [{ answers: false }] });
  const missing = await type(['check', '--store', fileUrl('none.db')]);
  expect(missing).toMatchObject({
    code: 3,
    stderr: expect.stringContaining(`there is no store ${at('none.db')}`),
  });
  expect(existsSync(at('none.db'))).toBe(false);
}, 60_000);

test('dump and restore: equal; a dump that was cut, changed or cannot be read is refused and makes no store', async () => {
  await on(etcdUrl(), (store) => putAll(store, [...items, aliveKey]));
  expect(await type(['dump', '--store', etcdUrl(), '-o', at('d.jsonl')])).toMatchObject({
    code: 0,
    stdout: '',
  });
  expect(statSync(at('d.jsonl')).mode & 0o777).toBe(0o600);
  const text = readFileSync(at('d.jsonl'), 'utf8');
  // Besides the time, standard output has the same.
  const printed = await type(['dump', '--store', etcdUrl()]);
  expect(printed.stdout.split('\n').slice(1, -2)).toEqual(text.split('\n').slice(1, -2));

  const restored = await type(['restore', at('d.jsonl'), '--store', fileUrl('b.db')]);
  expect(restored).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(new RegExp(`^${items.length} keys are in .*store: file://`, 's')),
    stderr: expect.stringContaining(`fill file ${at('b.db')}: ${items.length} keys`),
  });
  expect(await on(fileUrl('b.db'), contentIn)).toEqual(contentOf(items));
  const again = await type(['restore', at('d.jsonl'), '--store', fileUrl('b.db'), '-o', 'json']);
  expect(JSON.parse(again.stdout)).toMatchObject({ written: 0, present: items.length });

  writeFileSync(at('cut.jsonl'), text.slice(0, text.length / 2));
  writeFileSync(at('changed.jsonl'), text.replace('"port":4789', '"port":4790'));
  for (const [file, why] of [
    ['cut.jsonl', 'it was cut'],
    ['changed.jsonl', 'it was changed'],
    ['nothing.jsonl', 'ENOENT'],
  ] as const) {
    const refused = await type(['restore', at(file), '--store', fileUrl('c.db')]);
    expect(refused).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining(why) });
    expect(existsSync(at('c.db'))).toBe(false);
  }
}, 60_000);

test('copy there and back; a target that holds a cluster is refused; an interrupted one goes on', async () => {
  await on(fileUrl('a.db'), (store) => putAll(store, [...items, aliveKey]));
  const moved = await type(['copy', fileUrl('a.db'), etcdUrl()]);
  expect(moved).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`store: ${etcdUrl()}`),
    stderr: expect.stringContaining(`warning: agents still use file ${at('a.db')}: n1`),
  });
  expect(await on(etcdUrl(), contentIn)).toEqual(contentOf(items));

  await on(fileUrl('full.db'), (store) => putAll(store, clusterKeys(0)));
  const refused = await type(['copy', etcdUrl(), fileUrl('full.db'), '-o', 'json']);
  expect(refused.code).toBe(5);
  expect(JSON.parse(refused.stderr)).toMatchObject({
    error: { code: 'STORE_OCCUPIED', message: expect.stringContaining('it holds cluster and') },
  });

  await on(fileUrl('half.db'), async (store) => {
    await putAll(store, [...items.slice(0, 5), { key: 'restoring', value: Uint8Array.of(0x61) }]);
  });
  const finished = await type(['copy', etcdUrl(), fileUrl('half.db')]);
  expect(finished).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`${items.length - 5} written now, 5 were there`),
  });
  expect(await on(fileUrl('half.db'), contentIn)).toEqual(contentOf(items));

  const otherName = etcdUrl().replace('127.0.0.1', 'localhost');
  const same = await type(['copy', etcdUrl(), otherName]);
  expect(same).toMatchObject({ code: 2, stderr: expect.stringContaining('are the same store') });

  const nested = await type(['copy', etcdUrl(), `${etcdUrl()}/sub`]);
  expect(nested).toMatchObject({ code: 2, stderr: expect.stringContaining('lies inside the other') });
}, 60_000);

test('what may not be read or written is said, and nothing is left half written', async () => {
  await on(fileUrl('a.db'), (store) => putAll(store, items));
  const nowhere = await type(['dump', '--store', fileUrl('a.db'), '-o', at('none/d.jsonl')]);
  expect(nowhere).toMatchObject({
    code: 2,
    stderr: expect.stringContaining(`cannot write ${at('none/d.jsonl')}`),
  });
  const empty = await type(['dump', '--store', etcdUrl()]);
  expect(empty).toMatchObject({ code: 2, stderr: expect.stringContaining('holds nothing') });
  writeFileSync(at('text.db'), 'this is no database, whatever its name says');
  const none = await type(['dump', '--store', fileUrl('text.db')]);
  expect(none).toMatchObject({ code: 2, stderr: expect.stringContaining('SQLITE_NOTADB') });
  chmodSync(at('a.db'), 0o600);
  const away = await type(['copy', fileUrl('a.db'), 'etcd://127.0.0.1:9']);
  expect(away).toMatchObject({ code: 1, stderr: expect.stringContaining('127.0.0.1:9') });
}, 60_000);

test('a protected etcd is reached with the credentials of the environment, or of the configuration', async () => {
  using certificates = new Certificates();
  const ca = certificates.authority('ca');
  const certificate = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  const admin = { ...certificates.issue(ca, 'admin'), ca: ca.cert };
  await using guarded = await EtcdServer.start({ certificate, clientCa: ca.cert, admin });
  await guarded.enableLogin('node', 'a password', 'weft/');
  const own = certificates.issue(ca, 'own');
  const url = `etcds://127.0.0.1:${guarded.port}/weft/v1`;
  const files = { storeCaFile: ca.cert, storeCertFile: own.cert, storeKeyFile: own.key, storeUser: 'node' };
  const lines = Object.entries({ store: url, ...files }).map(([key, value]) => `${key}: ${value}`);
  writeFileSync(at('weftd.yaml'), lines.join('\n'));
  const password = { WEFT_STORE_PASSWORD: 'a password' };

  expect(await type(['check', '--config', at('weftd.yaml')], password)).toMatchObject({ code: 0 });
  const stranger = await type(['check', '--store', url]);
  expect(stranger).toMatchObject({ code: 1, stdout: expect.stringContaining('certificate') });

  const named = { WEFT_STORE_CA_FILE: ca.cert, WEFT_STORE_CERT_FILE: own.cert, WEFT_STORE_KEY_FILE: own.key };
  const env = { ...named, WEFT_STORE_USER: 'node', ...password };
  await on(fileUrl('old.db'), (store) => putAll(store, items));
  expect(await type(['copy', fileUrl('old.db'), url], env)).toMatchObject({ code: 0 });
  const dumped = await type(['dump', '--store', url], env);
  expect(dumped.stdout.trim().split('\n')).toHaveLength(items.length + 2);
}, 60_000);

test('a protected Consul is reached with certificates and a token, and what the token lacks is told', async () => {
  using certificates = new Certificates();
  const ca = certificates.authority('ca');
  const certificate = certificates.issue(ca, 'server', { names: ['IP:127.0.0.1'] });
  await using guarded = await ConsulServer.start({ acl: true, tls: { certificate, clientCa: ca.cert } });
  const acl = new ConsulAcl(guarded);
  await acl.policy('node', nodeRules('weft/v1/'));
  const { secret } = await acl.token('node');
  const own = certificates.issue(ca, 'own');
  const url = `consuls://127.0.0.1:${guarded.tlsPort}`;
  writeFileSync(at('token'), `${secret}\n`, { mode: 0o600 });
  const files = { storeCaFile: ca.cert, storeCertFile: own.cert, storeKeyFile: own.key };
  const settings = { store: url, ...files, storeTokenFile: at('token') };
  const lines = Object.entries(settings).map(([key, value]) => `${key}: ${value}`);
  writeFileSync(at('weftd.yaml'), lines.join('\n'));
  const named = { WEFT_STORE_CA_FILE: ca.cert, WEFT_STORE_CERT_FILE: own.cert, WEFT_STORE_KEY_FILE: own.key };
  const env = { ...named, WEFT_STORE_TOKEN: secret };

  await on(fileUrl('old.db'), (store) => putAll(store, items));
  expect(await type(['copy', fileUrl('old.db'), url], env)).toMatchObject({ code: 0 });
  const check = ['check', '--config', at('weftd.yaml')];
  const healthy = await type(check);
  expect(healthy).toMatchObject({ code: 0, stderr: '' });
  expect(healthy.stdout).toContain('Consul, of a version that it does not show us');
  await acl.policy('node', `${nodeRules('weft/v1/')} agent_prefix "" { policy = "read" }`);
  expect((await type(check)).stdout).toMatch(/ Consul \d/);
  const dumped = await type(['dump', '--store', url], { ...named, WEFT_STORE_TOKEN_FILE: at('token') });
  expect(dumped.stdout.trim().split('\n')).toHaveLength(items.length + 2);

  const stranger = await type(['check', '--store', url]);
  expect(stranger).toMatchObject({ code: 1, stdout: expect.stringContaining('certificate') });
  const nobody = await type(['check', '--store', url], named);
  expect(nobody).toMatchObject({ code: 1, stdout: expect.stringContaining('Permission denied') });
  await acl.policy('node', `${nodeRules('weft/v1/')} key_prefix "weft/v1/net/" { policy = "deny" }`);
  const lacking = await type(check);
  const says = '! 127.0.0.1:.*the token may not write everything below weft/v1/';
  expect(lacking).toMatchObject({ code: 1, stdout: expect.stringMatching(says) });
  for (const { stdout, stderr } of [healthy, nobody, lacking]) expect(stdout + stderr).not.toContain(secret);
}, 90_000);
