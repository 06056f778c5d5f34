import { cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FakeStore } from '../../../kvstore/fake-store.ts';
import type { Probe } from '../../../linux/kernel.ts';
import { sandboxScope } from '../../../linux/objects/scope.ts';
import type { Step } from '../../../linux/plan/step.ts';
import type { Clock } from '../../../model/clock.ts';
import type { Ip } from '../../../model/ip.ts';
import { silentLogger, type LogFields, type Logger } from '../../../model/logger.ts';
import type { NodeId } from '../../../model/node.ts';
import { Agent } from '../../agent.ts';
import { resolveConfig } from '../../config/load.ts';
import { Service } from '../../service.ts';
import { lastViewPath, textOf } from '../../state/last-view.ts';
import { MovableKernel } from '../world.ts';
import type { Chance } from './chance.ts';
import { Life } from './life.ts';
import { LifeKernel } from './life-kernel.ts';
import { LifeStore, type Audit } from './life-store.ts';

export interface MachinePorts {
  readonly clock: Clock;
  readonly weather: Chance;
  readonly store: FakeStore;
  readonly directory: string;
  readonly probe: Probe;
  auditStore(machine: Machine): Audit;
  auditKernel(machine: Machine, steps: readonly Step[]): void;
  /** What an agent says in its log. */
  log(machine: Machine, text: string): void;
  /** The same at level error. */
  complain(machine: Machine, text: string): void;
  /** The agent's process has ended by itself. */
  ended(machine: Machine): void;
  tell(text: string): void;
}

/** One process of an agent, and its doors to the world. */
export interface Running {
  readonly life: Life;
  readonly agent: Agent;
  readonly store: LifeStore;
  readonly kernel: LifeKernel;
  readonly since: number;
}

/** Graces that fit a simulation: what takes hours elsewhere takes a minute. */
export const graces = { lease: 6000, deadNode: 20_000, sandbox: 2000 } as const;

/** One machine: its kernel, its disk, its power, and the agent that may run on it. */
export class Machine {
  readonly name: string;
  readonly address: Ip;
  readonly kernel: MovableKernel;
  /** Sandboxes that live. */
  readonly sandboxes = new Set<string>();
  isOn = true;
  /** Since when it answers as one whose tunnels are there. */
  upSince: number | undefined;
  running: Running | undefined;
  isStopping = false;
  /** When a process of its ended last without warning. */
  endedAt = 0;
  /** All identities that it has ever had. */
  readonly ids = new Set<NodeId>();
  readonly #ports: MachinePorts;
  readonly #number: number;
  #disk = 0;
  #starts = 0;
  readonly #ghosts: Agent[] = [];

  constructor(number: number, ports: MachinePorts) {
    this.#ports = ports;
    this.#number = number;
    this.name = `h${number}`;
    this.address = `192.0.2.${number}` as Ip;
    const addresses = [this.address, `2001:db8::${number}` as Ip];
    this.kernel = new MovableKernel({ interfaceName: 'eth1', addresses, mtu: 1500 });
    mkdirSync(this.stateDir, { recursive: true });
  }

  get stateDir(): string {
    return join(this.#ports.directory, `${this.name}-${this.#disk}`);
  }

  /** The identity with which it ran last. */
  lastId: NodeId | undefined;

  /** Are networks there that its agents have made? */
  get hasTunnels(): boolean {
    return this.kernel.peek().some((o) => o.kind === 'vxlan');
  }

  /** Runs, and may be asked to do something. */
  get isUp(): boolean {
    return this.running !== undefined && !this.isStopping;
  }

  get isReady(): boolean {
    return this.isUp && this.running?.life.isFrozen === false && this.agent.phase === 'ready';
  }

  get agent(): Agent {
    if (this.running === undefined) throw new Error(`${this.name} does not run`);
    return this.running.agent;
  }

  get service(): Service {
    return new Service(this.agent);
  }

  start(): void {
    const { clock, weather, store, probe } = this.#ports;
    const life = new Life(clock, weather);
    const client = store.another();
    const crash = (): void => {
      this.#ports.tell(`${this.name} crashes at that point`);
      this.crash();
    };
    const door = new LifeStore({
      life,
      clock,
      client,
      beyond: store,
      audit: this.#ports.auditStore(this),
      crash,
    });
    const audit = (steps: readonly Step[]): void => {
      this.#ports.auditKernel(this, steps);
    };
    const kernel = new LifeKernel({ life, kernel: this.kernel, audit, crash });
    life.onEnd(() => {
      void client.close();
    });
    this.#starts += 1;
    const agent = new Agent({
      settings: resolveConfig({ flags: this.#flags(), env: {}, hostname: 'unnamed' }),
      store: door,
      kernel,
      probe: (ip, port) => life.ask(() => probe(ip, port)),
      clock: life,
      logger: this.#logger(life),
      version: '0.1.0',
      random: (bytes) => weather.hex(bytes),
      fraction: () => weather.fraction(),
      holdPort: () => Promise.resolve(),
      // A crash of this kind of machine loses nothing that was written.
      syncJournal: () => Promise.resolve(),
      writeView: async (stateDir, view) => {
        const path = lastViewPath(stateDir);
        writeFileSync(`${path}.new`, [...textOf(view)].join(''));
        renameSync(`${path}.new`, path);
      },
    });
    this.ids.add(agent.id);
    this.lastId = agent.id;
    this.running = { life, agent, store: door, kernel, since: clock.monotonic() };
    agent.run().catch((error: unknown) => {
      if (life.isOver || this.running?.agent !== agent) return;
      this.#ports.tell(`${this.name}: the agent ends by itself: ${(error as Error).message}`);
      this.crash();
      this.#ports.ended(this);
    });
  }

  /** In order. Resolves when the process is gone. */
  async stop(): Promise<void> {
    const running = this.running;
    if (running === undefined || this.isStopping) return;
    this.isStopping = true;
    await running.agent.stop();
    if (this.running !== running) return;
    running.life.end();
    this.running = undefined;
    this.isStopping = false;
  }

  /** Nothing of the process reaches anybody any more; the disk is as it is at this moment. */
  crash(): void {
    const running = this.running;
    if (running === undefined) return;
    this.endedAt = this.#ports.clock.monotonic();
    const old = this.stateDir;
    this.#disk += 1;
    cpSync(old, this.stateDir, { recursive: true });
    running.life.end();
    this.#ghosts.push(running.agent);
    this.running = undefined;
    this.isStopping = false;
  }

  /** With what ran on it. */
  powerOff(): void {
    this.crash();
    this.isOn = false;
    this.sandboxes.clear();
    this.kernel.reboot();
  }

  powerOn(): void {
    this.isOn = true;
  }

  /** A new disk: who starts on it is somebody else. */
  eraseDisk(): void {
    rmSync(this.stateDir, { recursive: true, force: true });
    mkdirSync(this.stateDir, { recursive: true });
  }

  /** The path of a sandbox that lives. */
  sandbox(name: string): string {
    const path = `/run/netns/${name}`;
    if (!this.sandboxes.has(name)) this.kernel.addSandbox(sandboxScope(path));
    this.sandboxes.add(name);
    return path;
  }

  killSandbox(name: string): void {
    this.sandboxes.delete(name);
    this.kernel.killSandbox(sandboxScope(`/run/netns/${name}`));
  }

  /** Files that ended lives have left open. */
  dispose(): void {
    for (const ghost of this.#ghosts) {
      void ghost.operations.intents.close();
      ghost.events.close();
    }
  }

  #flags(): ReadonlyMap<string, string> {
    const directory = this.stateDir;
    return new Map([
      ...(this.#number === 1 && this.#starts === 1 ? [['--init', 'true'] as const] : []),
      ['--name', this.name],
      ['--advertise', 'eth1'],
      ['--state-dir', directory],
      ['--netns-dir', '/run/netns'],
      ['--lease-ttl', `${graces.lease}ms`],
      ['--dead-node-grace', `${graces.deadNode}ms`],
      ['--sandbox-grace', `${graces.sandbox}ms`],
    ]);
  }

  #logger(life: Life): Logger {
    const grave = (message: string, fields: LogFields = {}): void => {
      if (!life.isOver) this.#ports.complain(this, `${message} ${JSON.stringify(fields)}`);
    };
    const line = (message: string, fields: LogFields = {}): void => {
      if (!life.isOver) this.#ports.log(this, `${message} ${JSON.stringify(fields)}`);
    };
    return { ...silentLogger, info: line, warn: line, error: grave, child: () => this.#logger(life) };
  }
}
