import { spawn } from 'node:child_process';
import { constants } from 'node:os';

/** The signals that somebody sends to a `weft run` because he means the command. */
const forwarded = ['SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGUSR1', 'SIGUSR2'] as const;
type Forwarded = (typeof forwarded)[number];
/** The terminal sends these to the command as well; once is enough. */
const fromTerminal: readonly Forwarded[] = ['SIGINT', 'SIGQUIT'];

export const signalCode = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

/** Takes the signals that would end this process, from now until it is disposed. */
export class SignalWatch implements Disposable {
  readonly #listeners = new Map<Forwarded, () => void>();
  readonly #first = Promise.withResolvers<NodeJS.Signals>();
  #deliver: ((signal: NodeJS.Signals) => void) | undefined;

  constructor() {
    for (const signal of forwarded) {
      const listener = (): void => this.#take(signal);
      this.#listeners.set(signal, listener);
      process.on(signal, listener);
    }
  }

  /** The first signal that came while there was nobody to forward it to. */
  get interrupted(): Promise<NodeJS.Signals> {
    return this.#first.promise;
  }

  /** From now on signals go to the command. */
  forwardTo(deliver: (signal: NodeJS.Signals) => void): void {
    this.#deliver = deliver;
  }

  [Symbol.dispose](): void {
    for (const [signal, listener] of this.#listeners) process.off(signal, listener);
  }

  #take(signal: Forwarded): void {
    if (this.#deliver === undefined) this.#first.resolve(signal);
    else if (!(process.stdin.isTTY && fromTerminal.includes(signal))) this.#deliver(signal);
  }
}

/**
 * `nsenter --net=/proc/PID/ns/net CMD...` with our standard input and output; the exit code as a shell has it: 126 when it
 * cannot be run, 127 when it is not found, 128 + n after signal n.
 */
export function runInside(pid: number, command: readonly string[], signals: SignalWatch): Promise<number> {
  const child = spawn('nsenter', [`--net=/proc/${pid}/ns/net`, '--', ...command], { stdio: 'inherit' });
  signals.forwardTo((signal) => void child.kill(signal));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (code, signal) => resolve(code ?? (signal === null ? 128 : signalCode(signal))));
  });
}
