import { spawn, type ChildProcess } from 'node:child_process';
import { WeftError } from '../../model/errors.ts';

export type Argv = readonly [string, ...string[]];

/** How a command ended. `code` is 128 + signal number when a signal ended it, as in a shell. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  /** Milliseconds; the command is killed afterwards. Default 30 s. */
  readonly within?: number;
  readonly env?: NodeJS.ProcessEnv;
  /** Text for standard input. */
  readonly input?: string;
}

/** Debian packages of the programs that the lab starts. */
const packages: Readonly<Record<string, string>> = {
  ip: 'iproute2',
  bridge: 'iproute2',
  ping: 'iputils-ping',
  nsenter: 'util-linux',
  tcpdump: 'tcpdump',
  strace: 'strace',
  etcd: 'etcd-server',
  etcdctl: 'etcd-client',
};

/** ip, bridge and nft live in the sbin folders, which are not on every root's PATH. */
export const searchPath = `${process.env['PATH'] ?? '/usr/bin:/bin'}:/usr/local/sbin:/usr/sbin:/sbin`;

export const signalCodes: Readonly<Partial<Record<NodeJS.Signals, number>>> = {
  SIGHUP: 129,
  SIGINT: 130,
  SIGKILL: 137,
  SIGTERM: 143,
};

/** The error that says which program is missing and how to get it. */
export function missingTool(tool: string): WeftError {
  const from = packages[tool];
  const how = from === undefined ? '' : `: apt-get install ${from}`;
  return new WeftError('KERNEL_MISSING', `the lab needs the program \`${tool}\`, which is not here${how}`, {
    details: { tool, ...(from === undefined ? {} : { package: from }) },
  });
}

/** Runs a command to its end. A code other than 0 is an answer, not an error.
 *
 * @throws TIMEOUT, or KERNEL_MISSING when the program is not installed.
 */
export async function run(argv: Argv, options: RunOptions = {}): Promise<Outcome> {
  const within = options.within ?? 30_000;
  const child = spawn(argv[0], argv.slice(1), {
    stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
    env: { ...(options.env ?? process.env), PATH: options.env?.['PATH'] ?? searchPath },
  });
  const out = { stdout: '', stderr: '' };
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out.stdout += text));
  child.stderr?.setEncoding('utf8').on('data', (text: string) => (out.stderr += text));
  // A command that does not read its input closes the pipe early; its exit code tells the story.
  child.stdin?.on('error', () => undefined);
  child.stdin?.end(options.input);
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    child.kill('SIGKILL');
  }, within);
  try {
    const code = await ended(argv[0], child);
    if (late) {
      throw new WeftError('TIMEOUT', `\`${argv.join(' ')}\` did not end within ${within} ms`, {
        details: { ...out },
      });
    }
    return { code, ...out };
  } finally {
    clearTimeout(timer);
  }
}

/** The exit code once the command has ended and its output is complete. */
export function ended(tool: string, child: ChildProcess): Promise<number> {
  return new Promise((resolve, reject) => {
    child.once('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'ENOENT' ? missingTool(tool) : error);
    });
    child.once('close', (code, signal) => {
      resolve(code ?? (signal === null ? 128 : (signalCodes[signal] ?? 128)));
    });
  });
}

/** Runs a command that has to succeed and returns its standard output.
 *
 * @throws KERNEL_REFUSED with the command, its code and the end of what it said.
 */
export async function mustRun(argv: Argv, options: RunOptions = {}): Promise<string> {
  const { code, stdout, stderr } = await run(argv, options);
  if (code === 0) return stdout;
  const said = (stderr.trim() || stdout.trim()).split('\n').slice(-5).join('\n');
  const input = options.input === undefined ? '' : ` with input:\n${options.input.trim()}\n`;
  throw new WeftError('KERNEL_REFUSED', `\`${argv.join(' ')}\`${input} ended with code ${code}: ${said}`, {
    details: { argv, code, stderr },
  });
}
