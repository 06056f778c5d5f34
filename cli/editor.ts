import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WeftError } from '../model/errors.ts';
import type { Edited } from './ports.ts';

/**
 * Opens the text in $VISUAL, $EDITOR or vi, as a file of its own, and waits for the end of it. The editor may be a command with
 * arguments.
 *
 * @throws INPUT_INVALID when it cannot be started or fails; the file stays, and is named.
 */
export async function editText(
  name: string,
  text: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Edited> {
  const directory = await mkdtemp(join(tmpdir(), 'weft-edit-'));
  const file = join(directory, `${name.replaceAll(/[^\w.-]/g, '_').slice(0, 64)}.yaml`);
  await writeFile(file, text, { mode: 0o600 });
  const editor = [env['VISUAL'], env['EDITOR']].find((each) => each !== undefined && each !== '') ?? 'vi';
  const why = await run(editor, file);
  if (why !== undefined)
    throw new WeftError('INPUT_INVALID', `the editor ${editor} ${why}; the text is in ${file}`);
  const saved = await readFile(file, 'utf8').catch(async (error: unknown) => {
    await rm(directory, { recursive: true, force: true });
    const what = `the editor ${editor} has left no file ${file}; nothing was changed`;
    throw new WeftError('INPUT_INVALID', what, { cause: error });
  });
  return {
    text: saved,
    file,
    done: () => rm(directory, { recursive: true, force: true }),
  };
}

/** Why it failed, or undefined. The shell takes the editor apart, and the file as it is. */
function run(editor: string, file: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn('/bin/sh', ['-c', `${editor} "$1"`, editor, file], { stdio: 'inherit' });
    child.once('error', (error) => {
      resolve(`cannot be started: ${error.message}`);
    });
    child.once('exit', (code, signal) => {
      resolve(code === 0 ? undefined : `ended with ${signal ?? `code ${code}`}`);
    });
  });
}
