import { spawn, type ChildProcess } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { EventsJson } from '../api/schemas/event.ts';
import { blue, happened, refused } from '../api/testing/fake-service.ts';
import { serveFake } from '../api/testing/serve-fake.ts';

const launcher = join(import.meta.dirname, '..', 'bin', 'weft');
const packageJson = JSON.parse(readFileSync(join(import.meta.dirname, '..', 'package.json'), 'utf8')) as {
  readonly version: string;
  readonly optionalDependencies: Readonly<Record<string, string>>;
};
const directory = mkdtempSync(join(tmpdir(), 'weft-launcher-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(args: readonly string[], socket: string): ChildProcess {
  return spawn(launcher, args, { env: { ...process.env, WEFT_SOCKET: socket } });
}

function end(child: ChildProcess): Promise<Ended> {
  const said = { stdout: '', stderr: '' };
  child.stdout?.on('data', (text: Buffer) => (said.stdout += text.toString()));
  child.stderr?.on('data', (text: Buffer) => (said.stderr += text.toString()));
  return new Promise((resolve) => child.once('close', (code) => resolve({ code, ...said })));
}

describe('bin/weft as a process', () => {
  test('results, failures and their exit codes', async () => {
    await using served = await serveFake();
    const { socketPath } = served;
    const [version, listed, nobody, misspelt] = await Promise.all([
      end(start(['--version'], socketPath)),
      end(start(['network', 'ls', '-o', 'json'], socketPath)),
      end(start(['network', 'ls'], join(directory, 'nobody'))),
      end(start(['network', 'sl'], socketPath)),
    ]);
    expect(version).toEqual({ code: 0, stdout: `${packageJson.version}\n`, stderr: '' });
    expect(listed).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(listed.stdout)).toEqual([blue, refused]);
    expect(nobody).toMatchObject({ code: 3, stdout: '' });
    expect(nobody.stderr).toMatch(/^weft: nobody answers on .*\/nobody: /);
    expect(misspelt).toMatchObject({ code: 2, stdout: '' });
  }, 30_000);

  test('a declaration by standard input or from a file', async () => {
    await using served = await serveFake();
    const byPipe = start(['network', 'apply', '-f', '-'], served.socketPath);
    byPipe.stdin?.end('name: blue\nsubnets: [10.7.0.0/24]\n');
    expect(await end(byPipe)).toMatchObject({ code: 0, stdout: 'NAME  OUTCOME\nblue  created\n' });
    const file = join(directory, 'nets.json');
    writeFileSync(file, '{"blue":{"subnets":["10.7.0.0/24"]}}');
    expect(await end(start(['network', 'apply', '-f', file], served.socketPath))).toMatchObject({ code: 0 });
    const request = { name: 'blue', declaration: { subnets: ['10.7.0.0/24'] } };
    expect(served.service.calls).toEqual([
      ['applyNetwork', request],
      ['applyNetwork', request],
    ]);
    const missing = await end(start(['network', 'apply', '-f', `${file}.not`], served.socketPath));
    expect(missing).toMatchObject({ code: 2 });
    expect(missing.stderr).toMatch(/^weft: cannot read .*nets\.json\.not: ENOENT/);
  }, 30_000);

  test('one that follows ends when its reader has seen enough, also when nothing happens', async () => {
    const { promise: never } = Promise.withResolvers<EventsJson>();
    const events = ({ after }: { readonly after: number }): Promise<EventsJson> =>
      after === 0 ? Promise.resolve({ events: happened, last: 2 }) : never;
    await using served = await serveFake({ events }, { closeTimeout: 100 });
    const argv = ['-c', '"$0" events --follow --last 1 | head -1', launcher];
    const start = performance.now();
    const child = spawn('sh', argv, { env: { ...process.env, WEFT_SOCKET: served.socketPath } });
    const { code, stdout, stderr } = await end(child);
    expect({ code, stderr, lines: stdout.split('\n').length }).toEqual({ code: 0, stderr: '', lines: 2 });
    // The question waits for 20 s by itself.
    expect(performance.now() - start).toBeLessThan(15_000);
  }, 30_000);

  test('a reader that goes away is no failure', async () => {
    const many = Array.from({ length: 5000 }, () => blue);
    await using served = await serveFake({ listNetworks: async () => many });
    const child = start(['network', 'ls'], served.socketPath);
    child.stdout?.once('data', () => child.stdout?.destroy());
    expect(await end(child)).toMatchObject({ code: 0, stderr: '' });
  }, 30_000);
});

/** The first lines of what a launcher does: it finds the checkout, and the Node of the checkout. */
describe.each(['weft', 'weftd'])('bin/%s', (name) => {
  const program = join(dirname(launcher), name);
  const run = (path: string, env: NodeJS.ProcessEnv = {}, cwd = directory): Promise<Ended> =>
    end(spawn(path, ['--version'], { env: { ...process.env, ...env }, cwd }));
  const version = { code: 0, stdout: expect.stringContaining(packageJson.version) as unknown, stderr: '' };

  test('is run by the Node that the checkout pins, whatever stands first on the PATH', async () => {
    const other = mkdtempSync(join(directory, 'path-'));
    writeFileSync(join(other, 'node'), '#!/bin/sh\necho another node\nexit 99\n', { mode: 0o755 });
    expect(await run(program, { PATH: `${other}:${process.env['PATH'] ?? ''}` })).toEqual(version);
    // Not even a shell's own programs are needed.
    expect(await run(program, { PATH: other })).toEqual(version);
    const pinned = packageJson.optionalDependencies[`node-linux-${process.arch}`];
    const node = join(dirname(launcher), '..', 'node_modules', '.bin', 'node');
    expect(await end(spawn(node, ['--version']))).toEqual({ code: 0, stdout: `v${pinned}\n`, stderr: '' });
  }, 30_000);

  test('may be linked to, by chains of links and from everywhere', async () => {
    const place = mkdtempSync(join(directory, 'link-'));
    symlinkSync(program, join(place, 'absolute'));
    mkdirSync(join(place, 'below'));
    symlinkSync('../absolute', join(place, 'below', 'relative'));
    expect(await run(join(place, 'below', 'relative'))).toEqual(version);
    expect(await run('below/relative', {}, place)).toEqual(version);
  }, 30_000);

  test('without its packages says how to get them', async () => {
    const checkout = mkdtempSync(join(directory, 'bare-'));
    mkdirSync(join(checkout, 'bin'));
    copyFileSync(program, join(checkout, 'bin', name));
    const { code, stdout, stderr } = await run(join(checkout, 'bin', name));
    expect([code, stdout]).toEqual([126, '']);
    expect(stderr).toMatch(new RegExp(`^${name}: .*/node_modules/.bin/node is missing: run \`make setup\``));
  });
});
