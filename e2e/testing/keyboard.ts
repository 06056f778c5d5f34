import { expect } from '@jest/globals';
import type { Host } from '../lab/host.ts';
import type { Outcome } from '../lab/run.ts';

/** What people type on a host, by a shell. The lines are kept, so that a story can say what it has shown. */
export class Keyboard {
  readonly lines: string[] = [];
  readonly #env: NodeJS.ProcessEnv;

  /** @param env What the shell knows besides the environment of a host. */
  constructor(env: NodeJS.ProcessEnv = {}) {
    this.#env = env;
  }

  /** Types a line that has to end with this code and, if it is 0, with nothing on standard error. Returns all that was said. */
  async type(host: Host, line: string, code = 0): Promise<string> {
    const { stdout, stderr } = await this.#run(host, line, code);
    return stdout + stderr;
  }

  /** The same with `-o json`: what standard output holds, which is that and nothing else. */
  async json<T>(host: Host, line: string, code = 0): Promise<T> {
    const { stdout } = await this.#run(host, `${line} -o json`, code);
    return JSON.parse(stdout) as T;
  }

  async #run(host: Host, line: string, code: number): Promise<Outcome> {
    this.lines.push(line);
    const outcome = await host.run(['sh', '-c', line], { env: { ...host.environment, ...this.#env } });
    const told = { line, ...outcome };
    expect(told).toMatchObject(code === 0 ? { line, code, stderr: '' } : { line, code });
    return outcome;
  }
}
