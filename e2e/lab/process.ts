import { spawn } from 'node:child_process';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { missingTool, searchPath, type Argv } from './run.ts';
import { waitFor } from './wait.ts';

/** A process that outlives the command which started it, known by a file: number, start time and boot. */
export interface Mark {
  readonly pid: number;
  /** Field 22 of /proc/PID/stat: clock ticks between boot and start. With it a reused number is told apart. */
  readonly startTime: string;
  readonly bootId: string;
}

const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** State letter and start time, or undefined when there is no such process (proc_pid_stat(5)). */
function statOf(pid: number): { readonly state: string; readonly startTime: string } | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  // The second field is the name in parentheses and may hold anything, blanks and parentheses included.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', startTime: fields[19] ?? '' };
}

/**
 * Has nobody of the process anything open any more? Its first thread may be a zombie while another one, at the mercy of a disk, still
 * holds ports and files.
 */
function hasEnded(pid: number, state: string): boolean {
  if (state !== 'Z' && state !== 'X') return false;
  try {
    return readdirSync(`/proc/${pid}/task`).length <= 1;
  } catch {
    return true;
  }
}

/** The process that the file names, if it still runs; a zombie has ended. */
export function readMark(file: string): Mark | undefined {
  let mark: Mark;
  try {
    mark = JSON.parse(readFileSync(file, 'utf8')) as Mark;
  } catch {
    return undefined;
  }
  const stat = statOf(mark.pid);
  const same = stat?.startTime === mark.startTime && mark.bootId === bootId();
  return same && !hasEnded(mark.pid, stat.state) ? mark : undefined;
}

/**
 * Starts a program in a process group of its own, with its output appended to a log, and leaves it running.
 *
 * @throws KERNEL_MISSING when the program is not there.
 */
export async function startDetached(
  argv: Argv,
  files: { readonly mark: string; readonly log: string },
  env: NodeJS.ProcessEnv = process.env,
): Promise<Mark> {
  mkdirSync(dirname(files.mark), { recursive: true });
  mkdirSync(dirname(files.log), { recursive: true });
  const log = openSync(files.log, 'a');
  try {
    const child = spawn(argv[0], argv.slice(1), {
      detached: true,
      stdio: ['ignore', log, log],
      env: { ...env, PATH: env['PATH'] ?? searchPath },
      cwd: '/',
    });
    await new Promise<void>((resolve, reject) => {
      child.once('spawn', resolve);
      child.once('error', () => reject(missingTool(argv[0])));
    });
    child.unref();
    const pid = child.pid ?? 0;
    const mark: Mark = { pid, startTime: statOf(pid)?.startTime ?? '', bootId: bootId() };
    writeFileSync(files.mark, JSON.stringify(mark));
    return mark;
  } finally {
    closeSync(log);
  }
}

/**
 * Sends a signal to the process that the file names, if it is still that one. SIGKILL goes to its whole group.
 * Returns whether there was one.
 */
export function signalMarked(file: string, signal: NodeJS.Signals): boolean {
  const mark = readMark(file);
  if (mark === undefined) return false;
  try {
    process.kill(signal === 'SIGKILL' ? -mark.pid : mark.pid, signal);
  } catch {
    return false;
  }
  return true;
}

/** Ends the process with `signal`, with SIGKILL when it is still there after `within`. Absent is success. */
export async function endMarked(
  file: string,
  signal: NodeJS.Signals,
  within: number,
): Promise<'ended' | 'killed'> {
  const gone = (ms: number): Promise<true> =>
    waitFor('the process to end', () => readMark(file) === undefined, { within: ms, every: 10 });
  let how: 'ended' | 'killed' = 'ended';
  if (signalMarked(file, signal)) {
    try {
      await gone(within);
    } catch {
      how = 'killed';
      signalMarked(file, 'SIGKILL');
      await gone(5000);
    }
  }
  rmSync(file, { force: true });
  return how;
}

/** The last lines of a log, for a message. */
export function logTail(file: string, lines = 20): readonly string[] {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-lines);
  } catch {
    return [];
  }
}
