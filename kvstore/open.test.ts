import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { FakeClock } from '../model/testing/fake-clock.ts';
import { silentLogger } from '../model/logger.ts';
import { putText } from './contract-write.ts';
import type { Secrets } from './credentials.ts';
import { StoreFile } from './file/testing/store-file.ts';
import { openStore } from './open.ts';

const ports = { clock: new FakeClock(), logger: silentLogger, fraction: () => 0.5 };

test('a file URL opens the store in that file', async () => {
  await using file = new StoreFile();
  const store = await openStore(`file://${file.path}`, ports);
  await putText(store, 'k', 'x');
  expect(await (await file.open()).get('k')).toBeDefined();
  expect(store.description).toBe(`file ${file.path}`);
  await store.close();
});

test('a URL that names no store is refused before anything is opened', async () => {
  await expect(openStore('redis://h1', ports)).rejects.toMatchObject({ code: 'INPUT_INVALID' });
});

test.each([
  ['etcd://h1', { ca: 'x' }, 'has no TLS, so that the certificates that are set would protect nothing'],
  ['etcd://h1', { cert: 'x', key: 'y' }, 'write etcds://'],
  ['consul://h1', { ca: 'x' }, 'write consuls://'],
  ['consul://h1', { token: 't', cert: 'x', key: 'hush' }, 'certificates that are set would protect nothing'],
  ['consuls://h1', { user: 'n', password: 'hush' }, 'a user and a password mean nothing to Consul'],
  ['etcds://h1', { token: 'hush' }, 'a token means nothing to etcd'],
])('%s with %j is refused: %s', async (url, secrets, why) => {
  const refused = openStore(url, { ...ports, credentials: { read: async () => secrets } });
  await expect(refused).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: expect.stringContaining(why),
  });
  await expect(refused).rejects.toMatchObject({ message: expect.stringContaining(url) });
  await expect(refused).rejects.not.toMatchObject({ message: expect.stringContaining('hush') });
});

test('credentials that cannot be read are told before anything is opened; a file store needs none', async () => {
  await using file = new StoreFile();
  const reason = new Error('unreadable');
  const credentials = { read: () => Promise.reject(reason) };
  await expect(openStore('etcds://h1', { ...ports, credentials })).rejects.toBe(reason);
  await (await openStore(`file://${file.path}`, { ...ports, credentials })).close();
});

test('a secret that goes out in clear text is told of', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const open = async (url: string, secrets: Secrets): Promise<void> => {
    const credentials = { read: async () => secrets };
    await (await openStore(url, { ...ports, logger, credentials })).close();
  };
  for (const kind of ['etcd', 'etcds']) await open(`${kind}://127.0.0.1:1`, { user: 'n', password: 'hush' });
  for (const kind of ['consul', 'consuls']) await open(`${kind}://127.0.0.1:1`, { token: 'hush' });
  for (const kind of ['etcd', 'consul']) await open(`${kind}://127.0.0.1:1`, {});
  expect(warnings).toEqual([
    'the password goes to etcd in clear text; etcds:// protects it',
    'the token goes to Consul in clear text; consuls:// protects it',
  ]);
});

test('a file store loads nothing of the clients of servers', async () => {
  await using file = new StoreFile();
  const script = `
    import { registerHooks } from 'node:module';
    registerHooks({
      load(url, context, next) {
        console.log(url);
        return next(url, context);
      },
    });
    const { openStore } = await import(${JSON.stringify(new URL('open.ts', import.meta.url).href)});
    const ports = { clock: { monotonic: () => 0, after: () => ({ cancel() {} }) }, fraction: () => 0 };
    await (await openStore(process.argv[1], ports)).close();
  `;
  const argv = ['--disable-warning=ExperimentalWarning', '--input-type=module', '-e', script];
  const loaded = execFileSync(process.execPath, [...argv, `file://${file.path}`], { encoding: 'utf8' });
  expect(loaded).toContain('/kvstore/file/database.ts');
  expect(loaded).not.toMatch(/kvstore\/(etcd|consul)\/|grpc|protobuf|papi/);
});
