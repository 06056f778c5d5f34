import { chmodSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { editText } from './editor.ts';

let directory = '';
const terminal = { isTerminal: true, directory: tmpdir() };
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'weft-editors-'));
});
afterAll(() => {
  rmSync(directory, { recursive: true });
});

/** A program in the place of an editor; `$1` is the file. */
function editor(name: string, script: string): string {
  const path = join(directory, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

test('what was saved is read, and the file is gone when it is done with', async () => {
  const EDITOR = editor('append', 'echo "$2" >> "$1"');
  const env = { EDITOR: `sh -c '${EDITOR} "$1" more' --` };
  const edited = await editText('blue/1', 'name: blue\n', false, { ...terminal, env });
  expect(edited.text).toBe('name: blue\nmore\n');
  expect(edited.file).toMatch(/blue_1\.yaml$/);
  await edited.done();
  expect(existsSync(dirname(edited.file))).toBe(false);
});

const nothing = /; nothing was changed$/;
const kept = /; nothing was changed, what was written is in \S+\.yaml$/;

test.each([
  ['an editor that fails', 'exit 3', false, /ended with code 3;/, nothing],
  ['one that cannot be found', 'exec /no/editor "$1"', false, /ended with code 12[67];/, nothing],
  ['one that fails after a change', 'echo more >> "$1"; exit 3', false, /ended with code 3;/, kept],
  ['one that fails with what was written before', 'exit 3', true, /ended with code 3;/, kept],
  ['one that takes the file away', 'rm "$1"', true, /has left no file \S+\.yaml;/, nothing],
])('%s is named; a file stays only with changes', async (_, script, isWork, why, end) => {
  const TMPDIR = mkdtempSync(join(directory, 'tmp-'));
  const VISUAL = editor('bad', script);
  const world = { ...terminal, env: { VISUAL, EDITOR: 'true' }, directory: TMPDIR };
  const failure = await editText('blue', 'text', isWork, world).catch((error: unknown) => error);
  const { message } = failure as Error;
  expect(failure).toMatchObject({ code: 'INPUT_INVALID' });
  expect(message).toMatch(why);
  expect(message).toMatch(end);
  const [file = ''] = /\S+\.yaml$/.exec(message) ?? [];
  const left = readdirSync(TMPDIR).flatMap((name) =>
    readdirSync(join(TMPDIR, name)).map((each) => join(TMPDIR, name, each)),
  );
  expect(left).toEqual(file === '' ? [] : [file]);
});

test('without a terminal an editor is started only when it was chosen', async () => {
  const world = { ...terminal, isTerminal: false };
  await expect(editText('blue', 'text', false, { ...world, env: { EDITOR: '' } })).rejects.toMatchObject({
    code: 'INPUT_INVALID',
    message:
      'network blue cannot be edited: there is no terminal, and neither VISUAL nor EDITOR names an editor; ' +
      '`weft network apply -f FILE` takes a text that is ready',
  });
  const edited = await editText('blue', 'text', false, { ...world, env: { EDITOR: 'true' } });
  expect(edited.text).toBe('text');
  await edited.done();
});
