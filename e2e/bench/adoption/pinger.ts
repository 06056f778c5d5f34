import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { ended, searchPath } from '../../lab/run.ts';
import { inside } from '../../lab/netns.ts';
import { waitFor } from '../../lab/wait.ts';

/** Whole lines at once, each with the time. */
const shell = ['stdbuf', '-oL', 'ping', '-n', '-D', '-i', '0.001'] as const;

/** A thousand pings a second from inside a namespace, and when each was answered. */
export class Pinger implements AsyncDisposable {
  /** Milliseconds by the clock of the machine, ascending. */
  readonly answers: number[] = [];
  readonly #child: ReturnType<typeof spawn>;
  readonly #end: Promise<number>;

  constructor(path: string, address: string) {
    const [command, ...args] = inside(path, [...shell, address]);
    const child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'ignore'],
      env: { ...process.env, PATH: searchPath },
    });
    this.#child = child;
    this.#end = ended(command, child);
    this.#end.catch(() => undefined);
    createInterface({ input: child.stdout }).on('line', (line) => {
      const [, seconds] = /^\[(\d+\.\d+)\] \d+ bytes from /.exec(line) ?? [];
      if (seconds !== undefined) this.answers.push(Number(seconds) * 1000);
    });
  }

  /** Waits until it has been answered this often since then. @throws TIMEOUT */
  async flows(since: number, times = 50, within = 10_000): Promise<void> {
    const enough = (): boolean => (this.answers.at(-times) ?? 0) > since;
    await waitFor('the pings to be answered', enough, { within, every: 5 });
  }

  /** The longest time without an answer since then, in milliseconds. */
  gapSince(since: number): number {
    const later = this.answers.findIndex((at) => at >= since);
    if (later < 0) return Number.NaN;
    let before = Math.max(since, this.answers[later - 1] ?? since);
    let longest = 0;
    for (const at of this.answers.slice(later)) {
      longest = Math.max(longest, at - before);
      before = at;
    }
    return longest;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGINT');
    await this.#end.catch(() => undefined);
  }
}
