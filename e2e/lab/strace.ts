import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { WeftError } from '../../model/errors.ts';
import { ended, searchPath } from './run.ts';
import { waitFor } from './wait.ts';

/** What strace is to write down, and where. */
export interface Tracing {
  /** The trace: one line for each call, with the number of its thread. */
  readonly file: string;
  /** Names of system calls, with commas between them. */
  readonly calls: string;
  /** `write:signal=SIGKILL:when=3`; each thread counts its own calls from when it is traced. */
  readonly inject?: string | undefined;
  /** Only calls that have to do with this file. */
  readonly path?: string | undefined;
  /** To the end of the process: only what is written down costs time, but it would not live without strace. */
  readonly forGood?: boolean;
}

/** `strace` with everything in it but the program that is to be started under it. */
export function straceArguments({ file, calls, inject, path, forGood = false }: Tracing): readonly string[] {
  const injected = inject === undefined ? [] : ['-e', `inject=${inject}`];
  const only = path === undefined ? [] : ['-P', path];
  // How each thread ended is of interest where something is done to one.
  const quiet = inject === undefined ? '-qq' : '-q';
  const text = ['-v', '-yy', '-s', '65536'];
  const wanted = ['-e', `trace=${calls}`, ...only, ...injected];
  // -I 2: whoever has started a program can be told to let go of it.
  const how = ['-f', quiet, '-I', '2', ...(forGood ? ['--seccomp-bpf'] : [])];
  return ['strace', ...how, ...text, ...wanted, '-o', file];
}

/** A process that is traced from some moment on. */
export interface Traced {
  /** Detaches, unless the process has ended; the whole trace. When it was `killed`, strace is left to say so. */
  stop(killed?: boolean): Promise<string>;
}

/**
 * Traces a running process with all its threads (`strace -p PID`), and those it starts. Ready when it returns.
 *
 * @throws KERNEL_REFUSED when strace cannot attach.
 */
export async function traceProcess(pid: number, tracing: Tracing): Promise<Traced> {
  // -q would also hide the line that says that strace is attached.
  const [strace = '', ...args] = straceArguments(tracing).filter((arg) => !/^-q+$/.test(arg));
  const child = spawn(strace, [...args, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, PATH: searchPath },
  });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  let finished = false;
  const end = ended('strace', child).finally(() => (finished = true));
  end.catch(() => undefined);
  try {
    await waitFor('strace to attach', () => said.includes('attached'), {
      within: 10_000,
      every: 5,
      giveUp: () => finished,
    });
  } catch (error) {
    child.kill('SIGKILL');
    throw new WeftError('KERNEL_REFUSED', `strace cannot watch process ${pid}: ${said.trim()}`, {
      cause: error,
    });
  }
  return {
    stop: async (killed = false) => {
      if (!killed) child.kill('SIGINT');
      await end;
      return readFileSync(tracing.file, 'utf8');
    },
  };
}

/** The same for one that was started under strace and runs: whoever traces it lets go of it. The whole trace. */
export async function endTracing(pid: number | undefined, { file }: Tracing): Promise<string> {
  const tracer = pid === undefined ? 0 : tracerOf(pid);
  if (tracer !== 0) process.kill(tracer, 'SIGINT');
  const isOver = (): boolean => (pid === undefined ? isDead(file) : tracerOf(pid) === 0);
  await waitFor('strace to end', isOver, { within: 10_000, every: 5 });
  return readFileSync(file, 'utf8');
}

/** Is the last line there that strace writes of a process that was killed? */
const isDead = (file: string): boolean => /\+\+\+ (killed|exited)[^\n]*\n$/.test(readFileSync(file, 'utf8'));

/** proc(5): 0 without one. */
function tracerOf(pid: number): number {
  try {
    return Number(/^TracerPid:\s*(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}
