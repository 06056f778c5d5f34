import { execFileSync } from 'node:child_process';
import { expect, test } from '@jest/globals';
import { FakeClock } from '../model/testing/fake-clock.ts';
import { silentLogger } from '../model/logger.ts';
import { putText } from './contract-write.ts';
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
