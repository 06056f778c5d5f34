import { join } from 'node:path';
import { WeftError } from '../../model/errors.ts';
import type { Family } from '../../model/ip.ts';
import { inUrl, labDirectory, namespaceName, namespacePath } from './names.ts';
import { inside, runIn } from './netns.ts';
import { endMarked, logTail, readMark, signalMarked, startDetached } from './process.ts';
import { storeServers, type Member, type ServerKind } from './store-server.ts';
import { ensurePlug, setCable } from './underlay.ts';

/** One server of a lab's store, in a network namespace of its own, with a cable to the underlay. */
export class StoreMember {
  /** `store`, or `store1` where there are several. */
  readonly name: string;
  readonly address: string;
  readonly directory: string;
  /** Path of its namespace. */
  readonly netns: string;
  readonly #lab: string;
  readonly #underlay: Family;
  readonly #kind: ServerKind;
  readonly #self: Member;
  readonly #all: readonly Member[];

  constructor(lab: string, underlay: Family, kind: ServerKind, self: Member, all: readonly Member[]) {
    this.name = self.name;
    this.address = self.address;
    this.directory = join(labDirectory(lab), self.name);
    this.netns = namespacePath(namespaceName(lab, self.name));
    this.#lab = lab;
    this.#underlay = underlay;
    this.#kind = kind;
    this.#self = self;
    this.#all = all;
  }

  get log(): string {
    return join(this.directory, 'log');
  }

  /** Process number, or undefined when it does not run. */
  get pid(): number | undefined {
    return readMark(this.#mark)?.pid;
  }

  get running(): boolean {
    return this.pid !== undefined;
  }

  /** Makes what is missing of namespace and cable. */
  async plugIn(): Promise<void> {
    const { name, address } = this.#self;
    await ensurePlug(this.#lab, this.#underlay, { name, address, mtu: 1500 });
  }

  /** Starts the process with its data, unless it runs; does not wait until it is healthy. */
  async launch(): Promise<void> {
    if (this.running) return;
    const argv = storeServers[this.#kind].command(this.#self, this.#all, this.directory);
    await startDetached(inside(this.netns, argv), { mark: this.#mark, log: this.log });
  }

  /** Starts it unless it runs, and waits until it is healthy. */
  async start(): Promise<void> {
    await this.launch();
    await this.waitReady();
  }

  /** `stop`: an orderly end. `kill9`: a crash. The data stays. */
  async stop(how: 'stop' | 'kill9' = 'stop'): Promise<void> {
    // Who is frozen hears of no orderly end.
    if (how === 'stop') this.thaw();
    await endMarked(this.#mark, how === 'stop' ? 'SIGTERM' : 'SIGKILL', 5000);
  }

  /** SIGSTOP: connections stay, and nobody is answered until `thaw`. */
  freeze(): void {
    signalMarked(this.#mark, 'SIGSTOP');
  }

  thaw(): void {
    signalMarked(this.#mark, 'SIGCONT');
  }

  /** Pulls its cable out, or puts it back. */
  cable(state: 'up' | 'down'): Promise<void> {
    return setCable(this.#lab, this.name, state);
  }

  /** Waits until it says that it is healthy. @throws TIMEOUT with the last lines of its log. */
  async waitReady(within = 30_000): Promise<void> {
    const server = storeServers[this.#kind];
    const place = `${inUrl(this.#self.address)}:${server.port}`;
    // One process that polls from inside the namespace; the server's own client would be started once for each look.
    const script = `
      const end = Date.now() + ${within};
      const signal = () => AbortSignal.timeout(2000);
      for (;;) {
        if (await fetch('http://${place}${server.health}', { signal: signal() }).then((r) => r.ok).catch(() => false)) process.exit(0);
        if (Date.now() > end) process.exit(1);
        await new Promise((r) => setTimeout(r, 20));
      }`;
    const argv = [process.execPath, '--input-type=module', '-e', script] as const;
    const { code } = await runIn(this.netns, argv, { within: within + 5000 });
    if (code === 0) return;
    const log = logTail(this.log);
    const text = `${this.#kind} ${this.name} at ${place} is not healthy; its log ends with:\n${log.join('\n')}`;
    throw new WeftError('TIMEOUT', text, { details: { log } });
  }

  get #mark(): string {
    return join(this.directory, `${this.#kind}.pid`);
  }
}
