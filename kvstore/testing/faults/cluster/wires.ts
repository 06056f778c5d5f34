import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readlinkSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What joins the servers of a cluster: each one is in a network namespace of its own, with a wire to the others. */
export class Wires implements AsyncDisposable {
  readonly #bridge: Holder;
  readonly #ends: readonly Holder[];

  private constructor(bridge: Holder, ends: readonly Holder[]) {
    this.#bridge = bridge;
    this.#ends = ends;
  }

  /**
   * Namespaces without a name, made by root: they end with their last process. They hold no way to anywhere else; whoever
   * wants to talk to a server inside does it through a socket file.
   */
  static async lay(count: number): Promise<Wires> {
    const holders = Array.from({ length: count + 1 }, () => new Holder());
    const [bridge, ...ends] = holders as [Holder, ...Holder[]];
    const wires = new Wires(bridge, ends);
    try {
      await Promise.all(holders.map((each) => each.ready()));
      await bridge.ip(
        'link add bridge0 type bridge mcast_snooping 0',
        'link set bridge0 addrgenmode none up',
      );
      for (const [index, end] of ends.entries()) {
        const name = portName(index);
        await bridge.ip(
          `link add ${name} type veth peer name eth0 netns ${end.pid}`,
          `link set ${name} addrgenmode none master bridge0 up`,
        );
        await end.ip(
          'link set lo up',
          'link set eth0 addrgenmode none up',
          `address add ${addressOf(index)}/24 dev eth0`,
        );
      }
      return wires;
    } catch (error) {
      await wires[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** A command as it has to be started to be at this end. It keeps its process number. */
  at(index: number): readonly string[] {
    return enter(this.#end(index).pid);
  }

  /** Cuts one end off from all others, or joins it again. What is sent meanwhile is lost without a word. */
  async set(index: number, state: 'cut' | 'joined'): Promise<void> {
    await this.#bridge.ip(`link set ${portName(index)} ${state === 'cut' ? 'down' : 'up'}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const holder of [this.#bridge, ...this.#ends]) await holder.end();
  }

  #end(index: number): Holder {
    const end = this.#ends[index];
    if (end === undefined) throw new Error(`there is no wire ${index}`);
    return end;
  }
}

/** Of documentation (RFC 5737): the address at the end of a wire. */
export const addressOf = (index: number): string => `192.0.2.${index + 1}`;
const portName = (index: number): string => `port${index}`;
const enter = (pid: number): readonly string[] => ['nsenter', `--target=${pid}`, '--net'];

/** A process that does nothing but keep a namespace. It ends with us: its input does. */
class Holder {
  readonly #process: ChildProcess;

  constructor() {
    this.#process = spawn('unshare', ['--net', 'cat'], { stdio: ['pipe', 'ignore', 'ignore'] });
    this.#process.on('error', () => undefined);
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** Waits until it is where we are not. */
  async ready(within = 5000): Promise<void> {
    const ours = readlinkSync('/proc/self/ns/net');
    const end = performance.now() + within;
    while (this.#process.exitCode === null && performance.now() < end) {
      if (this.pid > 0 && readlinkSync(`/proc/${this.pid}/ns/net`) !== ours) return;
      await pause(2);
    }
    throw new Error('cannot make a network namespace: only root can');
  }

  async ip(...commands: readonly string[]): Promise<void> {
    const [program, ...args] = [...enter(this.pid), 'ip', '-batch', '-'];
    const running = run(program ?? '', args);
    running.child.stdin?.end(`${commands.join('\n')}\n`);
    await running;
  }

  async end(): Promise<void> {
    if (this.#process.pid === undefined || this.#process.exitCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.stdin?.end();
    await ended;
  }
}
