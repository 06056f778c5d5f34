import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WeftError } from '../model/errors.ts';
import type { Edited } from './ports.ts';

export interface EditorPorts {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Can somebody type into an editor, and see it? */
  readonly isTerminal: boolean;
  /** Where the file is, in a directory of its own. */
  readonly directory: string;
}

/**
 * Opens the declaration of a network in $VISUAL, $EDITOR or vi, as a file of its own, and waits for the end of it. The editor may be
 * a command with arguments. `isWork`: somebody has written in it already.
 *
 * @throws INPUT_INVALID without a terminal, unless an editor was chosen, and when the editor fails; a file with work in it stays then,
 * and is named.
 */
export async function editText(
  name: string,
  text: string,
  isWork: boolean,
  { env, isTerminal, directory: parent }: EditorPorts,
): Promise<Edited> {
  const chosen = [env['VISUAL'], env['EDITOR']].find((each) => each !== undefined && each !== '');
  if (chosen === undefined && !isTerminal) {
    const why = 'there is no terminal, and neither VISUAL nor EDITOR names an editor';
    const instead = '`weft network apply -f FILE` takes a text that is ready';
    throw new WeftError('INPUT_INVALID', `network ${name} cannot be edited: ${why}; ${instead}`);
  }
  const editor = chosen ?? 'vi';
  const directory = await mkdtemp(join(parent, 'weft-edit-'));
  const file = join(directory, `${name.replaceAll(/[^\w.-]/g, '_').slice(0, 64)}.yaml`);
  const done = (): Promise<void> => rm(directory, { recursive: true, force: true });
  await writeFile(file, text, { mode: 0o600 }).catch(async (error: unknown) => {
    await done();
    throw error;
  });
  const why = await run(editor, file);
  const saved = await readFile(file, 'utf8').catch(() => undefined);
  if (saved !== undefined && why === undefined) return { text: saved, file, done };
  const what = `the editor ${editor} ${why ?? `has left no file ${file}`}; nothing was changed`;
  if (saved !== undefined && (isWork || saved !== text))
    throw new WeftError('INPUT_INVALID', `${what}, what was written is in ${file}`);
  await done();
  throw new WeftError('INPUT_INVALID', what);
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
