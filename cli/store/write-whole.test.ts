import { execFileSync } from 'node:child_process';
import {
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { writeWhole } from './write-whole.ts';

let directory: string;
const at = (name: string): string => join(directory, name);
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-write-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

test('a file is made, or replaced; its owner alone can read it, and nothing else is left', async () => {
  for (const text of ['one', 'two']) {
    await writeWhole(at('dump'), text);
    expect([readFileSync(at('dump'), 'utf8'), statSync(at('dump')).mode & 0o777]).toEqual([text, 0o600]);
  }
  expect(readdirSync(directory)).toEqual(['dump']);
});

test('a link stays, and what it leads to is replaced', async () => {
  writeFileSync(at('real'), 'old');
  symlinkSync(at('real'), at('link'));
  await writeWhole(at('link'), 'new');
  expect(lstatSync(at('link')).isSymbolicLink()).toBe(true);
  expect(readFileSync(at('real'), 'utf8')).toBe('new');
});

test('a pipe is written to, and stays one', async () => {
  execFileSync('mkfifo', [at('pipe')]);
  const writing = writeWhole(at('pipe'), 'through');
  const { open } = await import('node:fs/promises');
  await using reader = await open(at('pipe'), 'r');
  expect((await reader.read(Buffer.alloc(7))).buffer.toString()).toBe('through');
  await writing;
  expect(lstatSync(at('pipe')).isFIFO()).toBe(true);
});

test('what cannot be written leaves nothing behind, and says why', async () => {
  mkdirSync(at('folder'));
  await expect(writeWhole(at('folder'), 'x')).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message: `cannot write ${at('folder')}: it is a directory`,
  });
  await expect(writeWhole(at('none/dump'), 'x')).rejects.toMatchObject({ code: 'INPUT_INVALID' });
  await expect(writeWhole('/dev/full', 'x')).rejects.toMatchObject({ code: 'STORE_FULL' });
  expect(lstatSync('/dev/full').isCharacterDevice()).toBe(true);
  expect(readdirSync(directory)).toEqual(['folder']);
});
