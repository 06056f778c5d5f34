import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { findMarked, takeInventory } from './leaks.ts';

test.each([
  ['its environment', { env: { WEFT_LEAK_TEST: 'x1' }, folder: '/nowhere' }],
  ['its command line', { env: {}, folder: '/somewhere/private' }],
])('a process is known by %s', async (_how, { env, folder }) => {
  const child = spawn(process.execPath, ['-e', 'process.stdin.resume()', '/somewhere/private/file'], {
    env,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  const ended = new Promise((resolve) => child.on('close', resolve));
  try {
    await new Promise((resolve) => child.on('spawn', resolve));
    const found = findMarked('WEFT_LEAK_TEST=x1', folder);
    expect(found.map(({ pid }) => pid)).toContain(child.pid);
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
  expect(findMarked('WEFT_LEAK_TEST=x1', folder)).toEqual([]);
});

test('a folder of ours in a shared place is seen', () => {
  const before = takeInventory();
  const folder = mkdtempSync('/var/tmp/weft-leak-test-');
  const foreign = mkdtempSync(join(tmpdir(), 'foreign-'));
  mkdirSync(join(foreign, 'weft'));
  try {
    const news = [...takeInventory()].filter((thing) => !before.has(thing));
    expect(news).toContain(folder);
    expect(news).not.toContain(foreign);
  } finally {
    rmSync(folder, { recursive: true });
    rmSync(foreign, { recursive: true });
  }
});
