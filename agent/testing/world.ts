import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  attachBody,
  detachBody,
  type AttachBody,
  type DetachBody,
  type EndpointJson,
} from '../../api/schemas/endpoint.ts';
import { FakeStore } from '../../kvstore/fake-store.ts';
import { encodeText } from '../../kvstore/store.ts';
import { FakeKernel } from '../../linux/fake-kernel.ts';
import type { Probe, Signs, Underlay } from '../../linux/kernel.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import type { Ip } from '../../model/ip.ts';
import { silentLogger, type LogFields, type Logger } from '../../model/logger.ts';
import type { Name } from '../../model/name.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { Agent } from '../agent.ts';
import { resolveConfig } from '../config/load.ts';
import { dryRun, type DryRunReport } from '../dry-run/dry-run.ts';
import { Service } from '../service.ts';

/** Several agents on one fake store and one fake clock, each with a fake kernel of its own. */
export class World implements AsyncDisposable {
  readonly clock = new FakeClock();
  readonly store = new FakeStore({ clock: this.clock });
  readonly #directory = mkdtempSync(join(tmpdir(), 'weft-agent-'));
  readonly #nodes: TestNode[] = [];
  #randoms = 0;

  /** Node `n`, not started: h1 has 192.0.2.1 and founds the cluster. */
  node(n: number, flags: Readonly<Record<string, string>> = {}, kernel?: MovableKernel): TestNode {
    const node = new TestNode(this, n, { ...(n === 1 ? { '--init': 'true' } : {}), ...flags }, kernel);
    this.#nodes.push(node);
    return node;
  }

  async ready(n: number, flags: Readonly<Record<string, string>> = {}): Promise<TestNode> {
    const node = this.node(n, flags);
    await node.start();
    return node;
  }

  directory(n: number): string {
    return join(this.#directory, `h${n}`);
  }

  /** What the machine with this address says: whether its agent runs makes no difference. */
  readonly probe: Probe = async (ip) => {
    await this.probing();
    const node = this.#nodes.find((each) => each.kernel.under.addresses.includes(ip));
    this.probed.push(ip);
    return signs[node?.machine ?? 'off'];
  };
  /** What happens while an answer is waited for. */
  probing: () => Promise<void> = () => Promise.resolve();
  /** Every address that was asked. */
  readonly probed: Ip[] = [];

  /** Lower-case hex that is never the same twice, and the same on every run. */
  readonly random = (bytes: number): string => {
    this.#randoms += 1;
    return (BigInt(this.#randoms) * 0x9e3779b97f4a7c15n)
      .toString(16)
      .padStart(16, '0')
      .slice(-16)
      .padStart(2 * bytes, '0')
      .slice(-2 * bytes);
  };

  /** Lets time pass in small steps until the condition holds. @throws when it does not within a minute of the fake clock. */
  async until(what: string, holds: () => boolean): Promise<void> {
    for (let step = 0; step < 3000; step += 1) {
      if (holds()) return;
      await this.clock.advance(step < 50 ? 0 : 20);
    }
    throw new Error(`never came true: ${what}`);
  }

  /** Lets time pass until the promise has settled. */
  async settled<T>(promise: Promise<T>): Promise<T> {
    let isSettled = false;
    const mark = (): void => {
      isSettled = true;
    };
    promise.then(mark, mark);
    await this.until('the promise to settle', () => isSettled);
    return promise;
  }

  /** What an operator writes with a plain client of the store. */
  async declare(name: string, declaration: unknown): Promise<void> {
    const text = typeof declaration === 'string' ? declaration : JSON.stringify(declaration);
    await this.store.txn([], [{ kind: 'put', key: `networks/${name}`, value: encodeText(text) }]);
  }

  async delete(key: string): Promise<void> {
    await this.store.txn([], [{ kind: 'delete', key }]);
  }

  async keys(prefix: string): Promise<readonly string[]> {
    return (await this.store.list(prefix)).entries.map((e) => e.key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const node of this.#nodes) await node.stop();
    await this.store.close();
    rmSync(this.#directory, { recursive: true });
  }
}

const signs = {
  up: { echo: true, refused: false },
  bare: { echo: true, refused: true },
  off: { echo: false, refused: false },
} as const satisfies Record<string, Signs>;

/** A fake kernel with one underlay, which can move. */
export class MovableKernel extends FakeKernel {
  #under: Underlay;

  constructor(under: Underlay) {
    super({ underlays: [under] });
    this.#under = under;
  }

  get under(): Underlay {
    return this.#under;
  }

  set under(under: Underlay) {
    this.#under = under;
    this.changeUnderlay([under]);
  }
}

export interface LogLine extends LogFields {
  readonly level: string;
  readonly message: string;
}

/** One node of a world. Started again after a stop it is a new process on the same kernel and disk. */
export class TestNode {
  readonly kernel: MovableKernel;
  /** Its client; another one after each start. */
  store: FakeStore;
  readonly log: LogLine[] = [];
  /** The machine around it: with its tunnels, without them (made anew, for instance), or off. */
  machine: keyof typeof signs = 'up';
  holdPort: (port: number) => Promise<void> = () => Promise.resolve();
  nameServers: () => readonly Ip[] = () => [];
  readonly #world: World;
  readonly #flags: ReadonlyMap<string, string>;
  readonly #n: number;
  #agent: Agent | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(world: World, n: number, flags: Readonly<Record<string, string>>, kernel?: MovableKernel) {
    this.#world = world;
    this.#n = n;
    this.kernel =
      kernel ??
      new MovableKernel({
        interfaceName: 'eth1',
        addresses: [`192.0.2.${n}` as Ip, `2001:db8::${n}` as Ip],
        mtu: 1500,
      });
    this.store = world.store.another();
    const directory = world.directory(n);
    this.#flags = new Map([
      ['--name', `h${n}`],
      ['--advertise', 'eth1'],
      ['--state-dir', directory],
      ['--netns-dir', join(directory, 'netns')],
      ...Object.entries(flags),
    ]);
  }

  get agent(): Agent {
    if (this.#agent === undefined) throw new Error('the node was not started');
    return this.#agent;
  }

  get service(): Service {
    return new Service(this.agent);
  }

  /** Where it keeps its state. */
  get directory(): string {
    return this.#world.directory(this.#n);
  }

  /** What another process on this node finds out by `weftd --dry-run`. */
  async dryRun(isStoreAway = false): Promise<DryRunReport> {
    const { clock, random } = this.#world;
    const store = this.#world.store.another();
    if (isStoreAway) store.goAway();
    const settings = resolveConfig({ flags: this.#flags, env: {}, hostname: 'unnamed' });
    const ports = { settings, store, kernel: this.kernel, clock, logger: silentLogger, version: '0.1.0' };
    try {
      return await this.#world.settled(dryRun({ ...ports, random, fraction: () => 0.5 }));
    } finally {
      await store.close();
    }
  }

  /** Begins; does not wait. The promise ends with the agent. */
  begin(): Promise<void> {
    const { clock, random } = this.#world;
    this.#agent = new Agent({
      settings: resolveConfig({ flags: this.#flags, env: {}, hostname: 'unnamed' }),
      store: this.store,
      kernel: this.kernel,
      probe: this.#world.probe,
      clock,
      logger: this.#logger(),
      version: '0.1.0',
      random,
      fraction: () => 0.5,
      holdPort: (port) => this.holdPort(port),
      nameServers: () => this.nameServers(),
      syncJournal: () => Promise.resolve(),
    });
    this.#running = this.#agent.run();
    this.#running.catch(() => undefined);
    return this.#running;
  }

  /** Starts and waits until it is ready. @throws what ended the agent. */
  async start(): Promise<void> {
    let ended: unknown;
    this.begin().catch((error: unknown) => (ended = error));
    await this.#world.until(
      `h${this.#n} to be ready`,
      () => ended !== undefined || this.agent.phase === 'ready',
    );
    if (ended !== undefined) throw ended as Error;
  }

  async stop(): Promise<void> {
    if (this.#agent === undefined) return;
    await this.#agent.stop();
    await this.store.close();
    this.#agent = undefined;
    this.store = this.#world.store.another();
  }

  /** The machine dies, and with it the agent. */
  async die(): Promise<void> {
    this.machine = 'off';
    await this.stop();
  }

  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  /** A sandbox comes into being; its path. */
  sandbox(name: string): string {
    const path = `/run/netns/${name}`;
    this.kernel.addSandbox(sandboxScope(path));
    return path;
  }

  /** `POST /v1/attach` of a sandbox that is made first. */
  async attach(network: string, name: string, more: Partial<AttachBody> = {}): Promise<EndpointJson> {
    return this.attachAgain(network, this.sandbox(name), more);
  }

  async attachAgain(network: string, sandbox: string, more: Partial<AttachBody> = {}): Promise<EndpointJson> {
    return this.service.attach(attachBody.parse({ network, sandbox, ...more }));
  }

  async detach(body: DetachBody): Promise<boolean> {
    return (await this.service.detach(detachBody.parse(body))).detached;
  }

  create(name: string, ...subnets: readonly string[]): ReturnType<Service['createNetwork']> {
    return this.service.createNetwork({ name: name as Name, declaration: { subnets } });
  }

  #logger(): Logger {
    const line =
      (level: string) =>
      (message: string, fields: LogFields = {}): void => {
        this.log.push({ level, message, ...fields });
      };
    return {
      ...silentLogger,
      info: line('info'),
      warn: line('warn'),
      error: line('error'),
      child: () => this.#logger(),
    };
  }
}
