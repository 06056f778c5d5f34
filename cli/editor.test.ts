import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { editText } from './editor.ts';

let directory = '';
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
  const edited = await editText('blue/1', 'name: blue\n', { EDITOR: `sh -c '${EDITOR} "$1" more' --` });
  expect(edited.text).toBe('name: blue\nmore\n');
  expect(edited.file).toMatch(/blue_1\.yaml$/);
  await edited.done();
  expect(existsSync(dirname(edited.file))).toBe(false);
});

test.each([
  ['an editor that fails', 'exit 3', /ended with code 3; the text is in \S+\.yaml$/],
  ['one that takes the file away', 'rm "$1"', /has left no file \S+\.yaml; nothing was changed$/],
])('%s is named', async (_, script, why) => {
  const VISUAL = editor('bad', script);
  const failure = await editText('blue', 'text', { VISUAL, EDITOR: 'true' }).catch((error: unknown) => error);
  expect(failure).toMatchObject({ code: 'INPUT_INVALID', message: expect.stringMatching(why) as unknown });
  const [file = ''] = /\/\S+\.yaml/.exec((failure as Error).message.replace(VISUAL, '')) ?? [];
  expect(existsSync(file)).toBe(script !== 'rm "$1"');
  rmSync(dirname(file), { recursive: true, force: true });
});
