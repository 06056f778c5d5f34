import { request } from 'node:http';
import { join } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import { traceArguments } from './kernel-writes.ts';
import { inside } from './netns.ts';
import { endMarked, logTail, readMark, startDetached } from './process.ts';
import { searchPath, type Argv } from './run.ts';
import { straceArguments, type Tracing } from './strace.ts';
import { waitFor } from './wait.ts';

/** Where the launchers are; `bin/weftd` of the checkout. */
export const binDirectory = join(import.meta.dirname, '..', '..', 'bin');

/** What the agent answered on its socket. */
export interface Answer {
  readonly status: number;
  /** The parsed JSON, or the text when it is none. */
  readonly body: unknown;
}

export interface StartOptions {
  /** File for strace: every system call that may write to the kernel, from the first instruction on; or what else it is to do. */
  readonly trace?: string | Tracing;
  /** Further flags of weftd. */
  readonly flags?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
}

/** The weftd of one host: a real process in a group of its own, which outlives the command that started it. */
export class AgentProcess {
  readonly host: string;
  readonly socket: string;
  /** Its file of settings. */
  readonly config: string;
  readonly log: string;
  readonly #netns: string;
  readonly #mark: string;

  constructor(host: string, netns: string, directory: string) {
    this.host = host;
    this.#netns = netns;
    this.config = join(directory, 'weftd.yaml');
    this.#mark = join(directory, 'weftd.pid');
    this.socket = join(directory, 'run', 'weftd.sock');
    this.log = join(directory, 'log');
  }

  /** Process number, or undefined when it does not run. */
  get pid(): number | undefined {
    return readMark(this.#mark)?.pid;
  }

  get running(): boolean {
    return this.pid !== undefined;
  }

  /** Starts it unless it runs; does not wait until it is ready. Returns whether it was started. */
  async start(options: StartOptions = {}): Promise<boolean> {
    if (this.running) return false;
    const agent = [join(binDirectory, 'weftd'), '--config', this.config, ...(options.flags ?? [])];
    // -DD: strace stands aside in a group of its own, so that the process that we know is weftd itself.
    const argv = options.trace === undefined ? agent : [...straceOf(options.trace), '-DD', ...agent];
    const env = { ...process.env, PATH: searchPath, ...options.env };
    await startDetached(
      inside(this.#netns, argv as unknown as Argv),
      { mark: this.#mark, log: this.log },
      env,
    );
    return true;
  }

  /** SIGTERM, and waits for its end. @throws TIMEOUT when it had to be killed. */
  async stop(within = 15_000): Promise<void> {
    const how = await endMarked(this.#mark, 'SIGTERM', within);
    if (how === 'killed')
      throw this.#failure('TIMEOUT', `weftd did not end within ${within} ms after SIGTERM and was killed`);
  }

  /** SIGKILL to the process and its group: a crash. */
  async kill9(): Promise<void> {
    await endMarked(this.#mark, 'SIGKILL', 5000);
  }

  async restart(options: StartOptions = {}): Promise<void> {
    await this.stop();
    await this.start(options);
    await this.waitReady();
  }

  /**
   * Polls /readyz until it answers 200.
   *
   * @throws NOT_READY when the process has ended, TIMEOUT otherwise; both with the last lines of its log.
   */
  async waitReady(within = 30_000): Promise<void> {
    let last = 'nobody answers on its socket';
    try {
      await waitFor(
        `weftd of ${this.host} to be ready`,
        async () => {
          if (!this.running) throw this.#failure('NOT_READY', 'weftd has ended');
          const answer = await this.request('GET', '/readyz');
          last = `/readyz answers ${answer.status}: ${JSON.stringify(answer.body)}`;
          return answer.status === 200;
        },
        { within, every: 25, giveUp: () => !this.running },
      );
    } catch (error) {
      if (!this.running) throw this.#failure('NOT_READY', 'weftd has ended', error);
      throw this.#failure('TIMEOUT', `weftd is not ready after ${within} ms; ${last}`, error);
    }
  }

  /** One request on its socket. @throws the error of node:http when nobody answers. */
  request(method: string, path: string, body?: unknown, within = 15_000): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const text = body === undefined ? undefined : JSON.stringify(body);
      const headers = text === undefined ? {} : { 'content-type': 'application/json' };
      const call = request({ socketPath: this.socket, method, path, headers, timeout: within }, (reply) => {
        let received = '';
        reply.setEncoding('utf8').on('data', (part: string) => (received += part));
        reply.once('end', () => resolve({ status: reply.statusCode ?? 0, body: parse(received) }));
        reply.once('error', reject);
      });
      call.once('timeout', () =>
        call.destroy(
          new WeftError('TIMEOUT', `${this.host}: no answer to ${method} ${path} within ${within} ms`),
        ),
      );
      call.once('error', reject);
      call.end(text);
    });
  }

  #failure(code: 'NOT_READY' | 'TIMEOUT', what: string, cause?: unknown): WeftError {
    const log = logTail(this.log);
    const end = log.length === 0 ? 'its log is empty' : `the log (${this.log}) ends with:\n${log.join('\n')}`;
    return new WeftError(code, `${what}; ${end}`, { cause, details: { host: this.host, log } });
  }
}

const straceOf = (trace: string | Tracing): readonly string[] =>
  typeof trace === 'string' ? traceArguments(trace) : straceArguments(trace);

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
