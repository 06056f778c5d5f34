import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { WeftError } from '../../model/errors.ts';

/** A small file that is either the old or the new one after a crash: write aside, fsync, rename, fsync the directory. */
export function replaceFile(path: string, text: string): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const aside = `${path}.new`;
  withFile(aside, 'w', (fd) => {
    writeSync(fd, text);
    fsyncSync(fd);
  });
  renameSync(aside, path);
  withFile(directory, 'r', fsyncSync);
}

/** The same for a value as JSON. */
export function writeStateFile(path: string, value: unknown): void {
  replaceFile(path, `${JSON.stringify(value)}\n`);
}

function withFile(path: string, flags: 'r' | 'w', use: (fd: number) => void): void {
  const fd = openSync(path, flags, 0o600);
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}

/** The content; undefined when there is no such file. @throws PERMISSION_DENIED when it cannot be read. */
export function readTextFile(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new WeftError('PERMISSION_DENIED', `cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

/**
 * The content, read by `parse` from its JSON; undefined when there is no such file. A file that does not fit is set aside as
 * `.corrupt`, named in `onCorrupt`, and counts as absent.
 */
export function readStateFile<T>(
  path: string,
  parse: (json: unknown) => T,
  onCorrupt: (aside: string, why: string) => void,
): T | undefined {
  const text = readTextFile(path);
  if (text === undefined) return undefined;
  try {
    return parse(JSON.parse(text));
  } catch (error) {
    const aside = `${path}.corrupt`;
    renameSync(path, aside);
    onCorrupt(aside, (error as Error).message);
    return undefined;
  }
}
