import { linkSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WeftError } from '../../model/errors.ts';

/** Says which process uses a directory; released when that process ends it, or is found dead by the next one. */
export interface ProcessLock {
  release(): void;
}

interface Holder {
  readonly pid: number;
  /** Start time of the process in ticks since boot: tells it from a later one of the same number. */
  readonly started: string;
  readonly name: string;
}

/** @throws NODE_CONFLICT naming the living process that has the directory. */
export function lockDirectory(directory: string, name: string): ProcessLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const path = join(directory, 'weftd.lock');
  const own: Holder = { pid: process.pid, started: startOf(process.pid) ?? '', name };
  const aside = `${path}.${process.pid}`;
  writeFileSync(aside, `${JSON.stringify(own)}\n`, { mode: 0o600 });
  try {
    for (let attempt = 0; attempt < 16; attempt += 1) {
      // A link is made or refused as a whole: nobody reads a lock that is half written.
      if (tryLink(aside, path)) {
        removeLeft(directory);
        return { release: () => release(path, own) };
      }
      const holder = readHolder(path);
      if (holder !== undefined && isAlive(holder)) throw taken(directory, name, holder);
      rmSync(path, { force: true });
    }
  } finally {
    rmSync(aside, { force: true });
  }
  throw new WeftError('NODE_CONFLICT', `several weftd are starting with the state directory ${directory}`);
}

function taken(directory: string, name: string, { pid, name: other }: Holder): WeftError {
  return new WeftError(
    'NODE_CONFLICT',
    `weftd ${name} cannot start: the state directory ${directory} is in use by the running weftd ${other} (process ${pid})`,
    { details: { directory, pid } },
  );
}

/** What a process wrote aside that died before it had the lock, or just after. */
function removeLeft(directory: string): void {
  for (const name of readdirSync(directory)) {
    const pid = /^weftd\.lock\.(\d+)$/.exec(name)?.[1];
    if (pid === undefined) continue;
    const writer = readHolder(join(directory, name));
    // One that is still being written says nothing yet.
    const lives = writer === undefined ? startOf(Number(pid)) !== undefined : isAlive(writer);
    if (!lives) rmSync(join(directory, name), { force: true });
  }
}

const isAlive = ({ pid, started }: Holder): boolean => startOf(pid) === started;

function tryLink(from: string, to: string): boolean {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

function release(path: string, own: Holder): void {
  const holder = readHolder(path);
  if (holder?.pid === own.pid && holder.started === own.started) rmSync(path, { force: true });
}

function readHolder(path: string): Holder | undefined {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as Holder;
  } catch {
    return undefined;
  }
}

/** Field 22 of /proc/PID/stat (proc(5)); undefined when there is no such process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
