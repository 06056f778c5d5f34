import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { lockDirectory } from './process-lock.ts';

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-lock-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

const path = (): string => join(directory, 'weftd.lock');

test('a second agent is refused with the first one named, until that one ends', () => {
  const lock = lockDirectory(directory, 'h1');
  expect(() => lockDirectory(directory, 'h2')).toThrow(
    expect.objectContaining({
      code: 'NODE_CONFLICT',
      message: `weftd h2 cannot start: the state directory ${directory} is in use by the running weftd h1 (process ${process.pid})`,
    }),
  );
  lock.release();
  lockDirectory(directory, 'h2').release();
  expect(readdirSync(directory)).toEqual([]);
});

test.each([
  ['whose process is gone', JSON.stringify({ pid: 4_194_303, started: '1', name: 'h1' })],
  [
    'whose process number is somebody else now',
    JSON.stringify({ pid: process.pid, started: '1', name: 'h1' }),
  ],
  ['that cannot be read', '{'],
])('a lock %s is taken over', (_, text) => {
  writeFileSync(path(), text);
  const lock = lockDirectory(directory, 'h2');
  expect(readFileSync(path(), 'utf8')).toContain('"h2"');
  lock.release();
});

test('what a process wrote aside that died with it goes, and not what a living one writes', () => {
  const aside = (pid: number, text: string): string => {
    writeFileSync(`${path()}.${pid}`, text);
    return `weftd.lock.${pid}`;
  };
  aside(4_194_301, JSON.stringify({ pid: 4_194_301, started: '1', name: 'h1' }));
  aside(4_194_302, '');
  aside(process.ppid, JSON.stringify({ pid: process.ppid, started: '1', name: 'h1' }));
  const writing = aside(1, '{');
  const lock = lockDirectory(directory, 'h2');
  expect(readdirSync(directory)).toEqual(['weftd.lock', writing]);
  lock.release();
});

test('a lock that another one has taken over is not released', () => {
  const lock = lockDirectory(directory, 'h1');
  const other = JSON.stringify({ pid: 1, started: '1', name: 'other' });
  writeFileSync(path(), other);
  lock.release();
  expect(readFileSync(path(), 'utf8')).toBe(other);
});
