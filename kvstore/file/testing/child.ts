import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { eventually } from '../../contract-subject.ts';

/** What every child begins with: a store of the file named by its first argument, and `say`. */
const prelude = `
  import { writeSync } from 'node:fs';
  const here = ${JSON.stringify(new URL('../../../', import.meta.url).href)};
  const { systemClock } = await import(here + 'agent/clock.ts');
  const { silentLogger } = await import(here + 'model/logger.ts');
  const { openFileStore } = await import(here + 'kvstore/file/store.ts');
  const { decodeText, encodeText } = await import(here + 'kvstore/store.ts');
  const ports = { clock: systemClock, logger: silentLogger, fraction: () => 0.5 };
  const store = await openFileStore({ path: process.argv[1], prefix: 'weft/v1/' }, ports);
  const say = (line) => writeSync(1, line + '\\n');
  const put = (key, text, lease) => ({ kind: 'put', key, value: encodeText(text), lease });
`;

/** A process of its own that runs a script on the store file; its lines are kept. It ends at the latest with the test. */
export class Child implements AsyncDisposable {
  readonly lines: string[] = [];
  readonly #process: ChildProcess;
  #errors = '';

  constructor(path: string, script: string, ...more: readonly string[]) {
    const argv = [
      '--disable-warning=ExperimentalWarning',
      '--input-type=module',
      '-e',
      prelude + script,
      path,
      ...more,
    ];
    this.#process = spawn(process.execPath, argv, { stdio: ['ignore', 'pipe', 'pipe'] });
    let rest = '';
    this.#process.stdout?.on('data', (chunk: Buffer) => {
      const parts = (rest + chunk.toString()).split('\n');
      rest = parts.pop() ?? '';
      this.lines.push(...parts);
    });
    this.#process.stderr?.on('data', (chunk: Buffer) => {
      this.#errors += chunk.toString();
    });
  }

  /** Waits until it has said so many lines; returns the last one. */
  async said(count: number): Promise<string> {
    const what = `line ${count} of a child`;
    await eventually(what, () => this.lines.length >= count || this.#isOver, 20_000);
    if (this.lines.length < count) throw new Error(`the child ended before ${what}: ${this.#errors}`);
    return this.lines.at(-1) ?? '';
  }

  /** Waits until it has ended well. */
  async done(): Promise<void> {
    await eventually('the end of a child', () => this.#isOver, 30_000);
    if (this.#process.exitCode !== 0) throw new Error(`a child failed: ${this.#errors}`);
  }

  /** SIGSTOP */
  freeze(): void {
    this.#process.kill('SIGSTOP');
  }

  /** kill -9 */
  async kill(): Promise<void> {
    if (this.#isOver) return;
    const over = once(this.#process, 'close');
    this.#process.kill('SIGKILL');
    await over;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  get #isOver(): boolean {
    return this.#process.exitCode !== null || this.#process.signalCode !== null;
  }
}
