import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { pipeline } from 'node:stream';
import { inside } from './netns.ts';
import { endMarked, readMark, startDetached } from './process.ts';
import { waitFor } from './wait.ts';

/** A TCP service outside the lab, and where the hosts of the lab find it. */
export interface Relayed {
  /** In the namespace of the lab's store. */
  readonly address: string;
  readonly port: number;
  /** Reached from the machine's own namespace. */
  readonly toHost: string;
  readonly toPort: number;
}

/**
 * Lets the hosts of a lab reach a store outside, and nothing else: one process listens inside, one connects outside, and
 * between them is a socket file, which every network namespace can open (unix(7): only abstract names are per namespace).
 */
export class Relay {
  readonly #netns: string;
  readonly #directory: string;
  readonly #index: number;

  constructor(netns: string, directory: string, index: number) {
    this.#netns = netns;
    this.#directory = directory;
    this.#index = index;
  }

  get running(): boolean {
    return [this.#mark('inside'), this.#mark('outside')].every((mark) => readMark(mark) !== undefined);
  }

  /** Starts both processes unless they run; returns once both listen. */
  async start({ address, port, toHost, toPort }: Relayed): Promise<void> {
    if (this.running) return;
    await this.stop();
    rmSync(this.#socket, { force: true });
    await this.#launch('outside', { path: this.#socket }, { host: toHost, port: toPort });
    await this.#launch('inside', { host: address, port }, { path: this.#socket });
  }

  /** Starts one process and waits until it listens. */
  async #launch(side: 'inside' | 'outside', from: Place, to: Place): Promise<void> {
    const ready = join(this.#directory, `relay-${this.#index}-${side}.ready`);
    rmSync(ready, { force: true });
    const task: Task = { from, to, ready };
    const program = [
      process.execPath,
      '--disable-warning=ExperimentalWarning',
      import.meta.filename,
    ] as const;
    const argv = [...program, JSON.stringify(task)] as const;
    const files = { mark: this.#mark(side), log: join(this.#directory, 'relay.log') };
    await startDetached(side === 'inside' ? inside(this.#netns, argv) : argv, files);
    await waitFor(`the relay to listen ${side}`, () => existsSync(ready), { within: 5000 });
  }

  async stop(): Promise<void> {
    await endMarked(this.#mark('inside'), 'SIGKILL', 2000);
    await endMarked(this.#mark('outside'), 'SIGKILL', 2000);
  }

  #mark(side: 'inside' | 'outside'): string {
    return join(this.#directory, `relay-${this.#index}-${side}.pid`);
  }

  get #socket(): string {
    return join(this.#directory, `relay-${this.#index}.sock`);
  }
}

type Place = { readonly path: string } | { readonly host: string; readonly port: number };

interface Task {
  readonly from: Place;
  readonly to: Place;
  /** A file to write once it listens. */
  readonly ready: string;
}

/** Every connection to the first place becomes one to the second; the end of either ends both. */
function serve({ from, to, ready }: Task): void {
  const join = (near: Socket): void => {
    const far = connect(to);
    const ended = (): void => {
      near.destroy();
      far.destroy();
    };
    pipeline(near, far, ended);
    pipeline(far, near, ended);
  };
  createServer(join).listen(from, () => writeFileSync(ready, ''));
}

if (import.meta.main) serve(JSON.parse(process.argv[2] ?? '') as Task);
