import { spawn } from 'node:child_process';
import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

export interface Outcome {
  readonly ok: boolean;
  readonly seconds: number;
  /** The last lines that it printed. */
  readonly tail: readonly string[];
  /** What ended it besides its exit status, if anything. */
  readonly cause: string;
}

export interface RunOptions {
  readonly cwd: string;
  /** Everything it prints goes here. */
  readonly logFile: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with each full line as it comes. */
  readonly onLine?: (line: string) => void;
  /** Milliseconds after which it is killed. */
  readonly limit: number;
  /** Aborted with a reason: the program is killed. */
  readonly signal?: AbortSignal;
}

const tailLines = 200;

/** Runs a program to its end without a terminal. It never throws: a program that cannot start has failed. */
export async function run(argv: readonly [string, ...string[]], options: RunOptions): Promise<Outcome> {
  const started = performance.now();
  mkdirSync(dirname(options.logFile), { recursive: true });
  const log = createWriteStream(options.logFile);
  const tail: string[] = [];
  const take = (line: string): void => {
    tail.push(line);
    if (tail.length > tailLines) tail.shift();
    options.onLine?.(line);
  };
  const [program, ...args] = argv;
  const child = spawn(program, args, {
    cwd: options.cwd,
    env: options.env ?? process.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let cause = '';
  const kill = (why: string): void => {
    if (cause === '') cause = why;
    child.kill('SIGKILL');
    child.stdout.destroy();
    child.stderr.destroy();
  };
  const timer = setTimeout(() => kill(`killed after ${options.limit / 1000} s`), options.limit);
  options.signal?.addEventListener('abort', () => kill(String(options.signal?.reason)), { once: true });
  for (const stream of [child.stdout, child.stderr]) {
    let rest = '';
    stream.setEncoding('utf8');
    stream.on('data', (text: string) => {
      log.write(text);
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach(take);
    });
    stream.on('end', () => {
      if (rest !== '') take(rest);
    });
  }
  const code = await new Promise<number | null>((resolve) => {
    child.on('error', (error) => {
      cause = error.message;
      resolve(null);
    });
    child.on('close', resolve);
  });
  clearTimeout(timer);
  log.end();
  return { ok: code === 0 && cause === '', seconds: (performance.now() - started) / 1000, tail, cause };
}
