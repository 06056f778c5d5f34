import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { WeftError } from '../../model/errors.ts';

/** A small JSON file that is either the old or the new one after a crash: write aside, fsync, rename, fsync the directory. */
export function writeStateFile(path: string, value: unknown): void {
  const directory = dirname(path);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const aside = `${path}.new`;
  const fd = openSync(aside, 'w', 0o600);
  try {
    writeSync(fd, `${JSON.stringify(value)}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(aside, path);
  const dir = openSync(directory, 'r');
  try {
    fsyncSync(dir);
  } finally {
    closeSync(dir);
  }
}

/**
 * The parsed content; undefined when there is no such file. A file that is no JSON is set aside as `.corrupt`, named in
 * `onCorrupt`, and counts as absent.
 */
export function readStateFile(path: string, onCorrupt: (aside: string, why: string) => void): unknown {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new WeftError('PERMISSION_DENIED', `cannot read ${path}: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return JSON.parse(text) as unknown;
  } catch (error) {
    const aside = `${path}.corrupt`;
    renameSync(path, aside);
    onCorrupt(aside, (error as Error).message);
    return undefined;
  }
}
