/** The composition root of `weft`: everything that the command line needs of this process. */
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { WeftError } from '../model/errors.ts';
import packageJson from '../package.json' with { type: 'json' };
import { colorsFor } from './output/colors.ts';
import { runCli } from './program.ts';

async function read(file: string): Promise<string> {
  if (file === '-') return text(process.stdin);
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new WeftError('INPUT_INVALID', `cannot read ${file}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/** A reader that has seen enough (`weft network ls | head -1`) is no failure of ours. */
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code === 'EPIPE') return;
  process.stderr.write(`weft: cannot write to standard output: ${error.message}\n`);
  process.exit(1);
});
process.stderr.on('error', () => undefined);

let isUnread = false;
const code = await runCli(process.argv.slice(2), {
  version: packageJson.version,
  env: process.env,
  colors: colorsFor(process.stdout, process.env),
  errColors: colorsFor(process.stderr, process.env),
  out: (line) => void process.stdout.write(`${line}\n`),
  err: (line) => void process.stderr.write(`${line}\n`),
  connect: async (socket) => (await import('../api/client.ts')).connect(socket),
  read,
  edit: async (name, before, isWork) =>
    (await import('./editor.ts')).editText(name, before, isWork, {
      env: process.env,
      isTerminal: process.stdin.isTTY && process.stdout.isTTY,
      directory: tmpdir(),
    }),
  unread: async () => {
    await (await import('./output/unread.ts')).unread(1);
    isUnread = true;
  },
});
// A command of the lab may have set it.
if (code !== 0) process.exitCode = code;
// The question that is still open would keep the process for as long as it waits.
if (isUnread) process.exit();
