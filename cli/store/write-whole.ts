import { randomBytes } from 'node:crypto';
import { open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { WeftError, type ErrorCode } from '../../model/errors.ts';

const codes: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'PERMISSION_DENIED',
  EPERM: 'PERMISSION_DENIED',
  EROFS: 'PERMISSION_DENIED',
  ENOSPC: 'STORE_FULL',
  EDQUOT: 'STORE_FULL',
};

/**
 * A file of that name is whole, or as it was: the new one gets the name when it is on disk. Its owner alone can read it. A
 * link stays, and what it leads to is replaced; a device or a pipe is written to.
 *
 * @throws PERMISSION_DENIED, STORE_FULL without room on its file system, INPUT_INVALID for a place where no file can be.
 */
export async function writeWhole(path: string, text: string): Promise<void> {
  try {
    const there = await stat(path).catch(absent);
    if (there?.isDirectory() === true) throw new Error('it is a directory');
    if (there?.isFile() === false) await writeFile(path, text);
    else await replace(there === undefined ? path : await realpath(path), text);
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    throw new WeftError(codes[code] ?? 'INPUT_INVALID', `cannot write ${path}: ${message}`, { cause: error });
  }
}

async function replace(path: string, text: string): Promise<void> {
  // Nobody else can have made it, nor lead us elsewhere by a link.
  const part = `${path}.${randomBytes(6).toString('hex')}.part`;
  try {
    await using file = await open(part, 'wx', 0o600);
    await file.writeFile(text);
    await file.sync();
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}
