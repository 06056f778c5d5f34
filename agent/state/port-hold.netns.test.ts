import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { PortHold } from './port-hold.ts';

const root = join(import.meta.dirname, '..', '..');

/** No agent has it, whatever runs on this machine: it is no port. */
const port = 100_000 + process.pid;

/** Another process that holds the port and ends: what it says of its failure, or nothing. */
function holdElsewhere(...before: readonly string[]): string {
  const script = `
    import { PortHold } from './agent/state/port-hold.ts';
    try { await new PortHold('h2').take(${port}); } catch (error) { console.log(error.code, error.message); }`;
  const argv = [...before, process.execPath, '--input-type=module-typescript', '--eval', script];
  const { stdout, stderr, status } = spawnSync(argv[0] ?? '', argv.slice(1), { cwd: root, encoding: 'utf8' });
  expect({ stderr, status }).toEqual({ stderr: '', status: 0 });
  return stdout;
}

test('the port of the tunnels is for one process of a network namespace, and free when that has ended', async () => {
  expect(holdElsewhere()).toBe('');
  const own = new PortHold('h1');
  await own.take(port);
  await own.take(port);
  expect(holdElsewhere()).toMatch(new RegExp(`^NODE_CONFLICT weftd h2 .* UDP port ${port} .*--port`));
  expect(holdElsewhere('unshare', '--net')).toBe('');
});
