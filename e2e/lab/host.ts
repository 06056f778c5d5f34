import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Family, Ip } from '../../model/ip.ts';
import { AgentProcess, binDirectory } from './agent-process.ts';
import { hostName, labDirectory, namespaceName, namespacePath, underlayAddress } from './names.ts';
import { inside, ipBatch, isNamespace, runIn } from './netns.ts';
import { searchPath, type Argv, type Outcome, type RunOptions } from './run.ts';
import { Sandbox, sandboxesOf } from './sandbox.ts';
import { ensurePlug, renamePlug, renumberPlug, setCable, setPlugMtu, underlayInterface } from './underlay.ts';

/** A setting of weftd.yaml; durations with their unit, such as `15s`. */
export type Settings = Readonly<Record<string, string | number | boolean>>;

/** One host of a lab: a network namespace with eth1 on the underlay, a directory, and a weftd. */
export class Host {
  readonly name: string;
  readonly number: number;
  /** `weft-lab-<lab>-h1` and its path. */
  readonly namespace: string;
  readonly path: string;
  readonly directory: string;
  readonly agent: AgentProcess;
  readonly #lab: string;
  readonly #underlay: Family;
  #address: Ip;

  constructor(lab: string, number: number, underlay: Family) {
    this.#lab = lab;
    this.#underlay = underlay;
    this.number = number;
    this.name = hostName(number);
    this.namespace = namespaceName(lab, this.name);
    this.path = namespacePath(this.namespace);
    this.#address = underlayAddress(underlay, number);
    this.directory = join(labDirectory(lab), this.name);
    this.agent = new AgentProcess(this.name, this.path, this.directory);
  }

  /** On eth1. */
  get address(): Ip {
    return this.#address;
  }

  /** Where this host's agent pins the namespaces of its networks. */
  get netnsDirectory(): string {
    return join(this.directory, 'netns');
  }

  /** Makes namespace, eth1 and directories, or mends what is missing. Returns whether it was all there. */
  async ensure(mtu: number): Promise<boolean> {
    for (const each of ['state', 'run', 'netns']) mkdirSync(join(this.directory, each), { recursive: true });
    return ensurePlug(this.#lab, this.#underlay, { name: this.name, address: this.address, mtu });
  }

  /** Writes weftd.yaml: what the lab needs, then `settings`, which win. */
  writeConfig(store: string, settings: Settings): void {
    const file = {
      store,
      advertise: underlayInterface,
      name: this.name,
      stateDir: join(this.directory, 'state'),
      runtimeDir: join(this.directory, 'run'),
      netnsDir: this.netnsDirectory,
      // One host starts the cluster; the others wait for it.
      init: this.number === 1,
      underlay: this.#underlay,
      ...settings,
    };
    writeFileSync(join(this.directory, 'weftd.yaml'), stringify(file));
  }

  sandbox(name: string): Sandbox {
    return new Sandbox(this.#lab, this.name, name);
  }

  sandboxes(): readonly Sandbox[] {
    return sandboxesOf(this.#lab, this.name);
  }

  /** The environment of a command on this host: `weft` on the PATH, talking to this host's agent, whose settings are found. */
  get environment(): NodeJS.ProcessEnv {
    const { socket, config } = this.agent;
    const path = `${binDirectory}:${searchPath}`;
    return { ...process.env, PATH: path, WEFT_SOCKET: socket, WEFT_CONFIG: config };
  }

  /** A command as it has to be started to run on this host; to be used with `environment`. */
  argv(argv: Argv): Argv {
    return inside(this.path, argv);
  }

  /** Runs a command on this host; a code other than 0 is an answer. */
  run(argv: Argv, options?: RunOptions): Promise<Outcome> {
    return runIn(this.path, argv, { env: this.environment, ...options });
  }

  /** `weft ARGS...` on this host. */
  weft(...args: readonly string[]): Promise<Outcome> {
    return this.run(['weft', ...args]);
  }

  /** Paths of the namespaces that this host's agent has pinned for its networks. */
  networkNamespaces(): readonly string[] {
    if (!existsSync(this.netnsDirectory)) return [];
    return readdirSync(this.netnsDirectory)
      .map((name) => join(this.netnsDirectory, name))
      .filter(isNamespace);
  }

  /** Path of the namespace of one network on this host, there or not. */
  networkNamespace(networkId: string): string {
    return join(this.netnsDirectory, `weft-${networkId}`);
  }

  /** Pulls the cable of eth1 out, or puts it back. */
  cable(state: 'up' | 'down'): Promise<void> {
    return setCable(this.#lab, this.name, state);
  }

  /** Changes the MTU of eth1. */
  setMtu(mtu: number): Promise<void> {
    return setPlugMtu(this.#lab, this.name, mtu);
  }

  /** Gives eth1 another address instead of the one it has, as a DHCP server does. */
  async renumber(address: Ip): Promise<void> {
    await renumberPlug(this.#underlay, { namespace: this.path, from: this.#address, to: address });
    this.#address = address;
  }

  /** Takes eth1 away, as whoever unloads its driver does; `ensure` makes it anew. */
  unplug(): Promise<void> {
    return ipBatch(this.path, [`link del ${underlayInterface}`]);
  }

  /** Gives eth1 another name, or its own back. Its addresses stay. */
  rename(from: string, to: string): Promise<void> {
    return renamePlug(this.#underlay, { namespace: this.path, from, to, address: this.#address });
  }

  /** Takes the interface eth1 itself down, or up again, as its administrator does. */
  link(state: 'up' | 'down'): Promise<void> {
    return ipBatch(this.path, [`link set ${underlayInterface} ${state}`]);
  }
}
