import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { WeftError } from '../../../model/errors.ts';
import { inside } from '../../lab/netns.ts';
import { ended, type Argv } from '../../lab/run.ts';

/** A process of ours that says a line of JSON now and then, and ends when its standard input does. */
export interface LineProcess extends AsyncDisposable {
  tell(order: unknown): void;
  /** What it says next. @throws TIMEOUT, or when it has ended. */
  next<T>(within?: number): Promise<T>;
}

/** Starts a script of this directory as bin/weftd starts the agent. */
export const startProcess = (script: string, ...args: readonly string[]): LineProcess =>
  startScript({ script: join(import.meta.dirname, script), args });

interface Script {
  /** Absolute path. */
  readonly script: string;
  readonly args: readonly string[];
  /** Path of the network namespace in which it runs; absent: ours. */
  readonly netns?: string;
}

/** The same for a script that lies anywhere. */
export function startScript({ script, args, netns }: Script): LineProcess {
  const flags = [
    '--max-semi-space-size=2',
    '--v8-pool-size=1',
    '--no-maglev',
    '--expose-gc',
    '--disable-warning=ExperimentalWarning',
  ];
  // setpriv of util-linux: the kernel ends it when we are gone, whatever it is at.
  const argv: Argv = ['setpriv', '--pdeathsig', 'KILL', process.execPath, ...flags, script, ...args];
  const [command, ...rest] = netns === undefined ? argv : inside(netns, argv);
  const child = spawn(command, rest, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, MALLOC_ARENA_MAX: '2' },
  });
  const end = ended(script, child);
  end.catch(() => undefined);
  // One that has ended says so by its code.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    tell: (order) => child.stdin.write(`${JSON.stringify(order)}\n`),
    async next<T>(within = 20_000) {
      const { promise: late, reject } = Promise.withResolvers<never>();
      const timer = setTimeout(() => {
        const text = `${script} ${args.join(' ')} said nothing for ${within} ms`;
        reject(new WeftError('TIMEOUT', text));
      }, within);
      try {
        const { done, value } = await Promise.race([lines.next(), late]);
        if (done === true) throw new Error(`${script} ${args.join(' ')} ended with code ${await end}`);
        return JSON.parse(value) as T;
      } finally {
        clearTimeout(timer);
      }
    },
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await end.finally(() => clearTimeout(timer));
    },
  };
}

/** Milliseconds on the clock that all processes of this machine share; only differences mean something. */
export const sharedClock = (): number => Number(process.hrtime.bigint()) / 1e6;

/** Says a line. */
export const say = (what: unknown): void => void process.stdout.write(`${JSON.stringify(what)}\n`);
