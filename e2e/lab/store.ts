import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Family, Ip } from '../../model/ip.ts';
import { WeftError } from '../../model/errors.ts';
import { inUrl, labDirectory, namespaceName, namespacePath, storeNumber, underlayAddress } from './names.ts';
import { inside, mustRunIn, runIn } from './netns.ts';
import { endMarked, logTail, readMark, startDetached } from './process.ts';
import { Relay, type Relayed } from './relay.ts';
import type { Argv, Outcome } from './run.ts';
import { isServerKind, storeServers, type ServerKind, type StoreServer } from './store-server.ts';
import { ensurePlug } from './underlay.ts';

/**
 * `file`: one SQLite file of the lab. `etcd` and `consul`: a real server on the underlay. Otherwise the URL of a store: the
 * hosts of the lab reach its servers through relays, and nothing else outside.
 */
export type StoreChoice = 'file' | ServerKind | (string & {});

/** The store of a lab: its URL for the agents, and for etcd and Consul the server itself. */
export class LabStore {
  readonly url: string;
  readonly kind: 'file' | ServerKind | 'elsewhere';
  readonly directory: string;
  /** Path of the namespace in which the store's server runs; only where there is one. */
  readonly netns: string;
  readonly #lab: string;
  readonly #underlay: Family;
  readonly #relayed: readonly Relayed[] = [];

  constructor(lab: string, choice: StoreChoice, underlay: Family) {
    this.#lab = lab;
    this.#underlay = underlay;
    this.directory = join(labDirectory(lab), 'store');
    this.netns = namespacePath(namespaceName(lab, 'store'));
    if (choice === 'file') {
      this.kind = 'file';
      this.url = `file://${join(this.directory, 'store.db')}`;
    } else if (isServerKind(choice)) {
      this.kind = choice;
      this.url = `${choice}://${inUrl(this.#address)}:${storeServers[choice].port}`;
    } else {
      this.kind = 'elsewhere';
      this.#relayed = relayedOf(choice, this.#address);
      this.url = this.#relayed.reduce(
        (url, { toHost, toPort, address, port }) =>
          url.replace(`${inUrl(toHost as Ip)}:${toPort}`, `${inUrl(address as Ip)}:${port}`),
        choice,
      );
    }
  }

  get log(): string {
    return join(this.directory, 'log');
  }

  get running(): boolean {
    if (this.#server !== undefined) return readMark(this.#mark) !== undefined;
    return this.#relayed.every((_, index) => this.#relay(index).running);
  }

  /** Process number of the server; undefined where there is none, or while it does not run. */
  get pid(): number | undefined {
    return this.#server === undefined ? undefined : readMark(this.#mark)?.pid;
  }

  /** Starts what is not running. Returns what came of it. */
  async start(): Promise<string> {
    mkdirSync(this.directory, { recursive: true });
    if (this.kind === 'file') return this.url;
    const plug = { name: 'store', address: this.#address, mtu: 1500 } as const;
    await ensurePlug(this.#lab, this.#underlay, plug);
    if (this.#server === undefined) {
      for (const [index, relayed] of this.#relayed.entries()) await this.#relay(index).start(relayed);
      return this.url;
    }
    if (this.running) return `already running at ${this.url}`;
    const argv = this.#server.command(this.#address, this.directory);
    await startDetached(inside(this.netns, argv), { mark: this.#mark, log: this.log });
    await this.waitReady();
    return this.url;
  }

  /** Waits until the server says that it is healthy. @throws TIMEOUT with the last lines of its log. */
  async waitReady(within = 20_000): Promise<void> {
    if (this.#server === undefined) return;
    const url = `http://${inUrl(this.#address)}:${this.#server.port}${this.#server.health}`;
    // One process that polls from inside the namespace; the server's own client would be started once for each look.
    const script = `
      const end = Date.now() + ${within};
      for (;;) {
        if (await fetch('${url}').then((r) => r.ok).catch(() => false)) process.exit(0);
        if (Date.now() > end) process.exit(1);
        await new Promise((r) => setTimeout(r, 20));
      }`;
    const argv = [process.execPath, '--input-type=module', '-e', script] as const;
    const { code } = await runIn(this.netns, argv, { within: within + 5000 });
    if (code === 0) return;
    const log = logTail(this.log);
    const text = `${this.kind} at ${this.url} is not healthy; its log ends with:\n${log.join('\n')}`;
    throw new WeftError('TIMEOUT', text, { details: { log } });
  }

  /** `stop`: an orderly end. `kill9`: a crash. The data stays. Of a store outside only the relays end. */
  async stop(how: 'stop' | 'kill9' = 'stop'): Promise<void> {
    for (const index of this.#relayed.keys()) await this.#relay(index).stop();
    await endMarked(this.#mark, how === 'stop' ? 'SIGTERM' : 'SIGKILL', 5000);
  }

  /** `etcdctl ARGS...` against this etcd: what an operator types. A code other than 0 is an answer. */
  etcdctl(...args: readonly string[]): Promise<Outcome> {
    const { argv, env } = this.#client('etcd', args);
    return runIn(this.netns, argv, { env });
  }

  /** The same for a command that has to succeed; returns its output. */
  async mustEtcdctl(...args: readonly string[]): Promise<string> {
    const { argv, env } = this.#client('etcd', args);
    return mustRunIn(this.netns, argv, { env });
  }

  /** `consul ARGS...` against this Consul, which has to succeed; returns its output. */
  async mustConsul(...args: readonly string[]): Promise<string> {
    const { argv, env } = this.#client('consul', args);
    return mustRunIn(this.netns, argv, { env });
  }

  #relay(index: number): Relay {
    return new Relay(this.netns, this.directory, index);
  }

  get #address(): Ip {
    return underlayAddress(this.#underlay, storeNumber);
  }

  get #server(): StoreServer | undefined {
    return isServerKind(this.kind) ? storeServers[this.kind] : undefined;
  }

  get #mark(): string {
    return join(this.directory, `${this.kind}.pid`);
  }

  #client(
    kind: ServerKind,
    args: readonly string[],
  ): { readonly argv: Argv; readonly env: NodeJS.ProcessEnv } {
    if (this.kind !== kind) {
      const text = `lab ${this.#lab} runs no ${kind} of its own; its store is ${this.url}`;
      throw new WeftError('INPUT_INVALID', text);
    }
    const { program, env } = storeServers[kind].client(this.#address);
    return { argv: [...program, ...args], env: { ...process.env, ...env } };
  }
}

/** One relay for each `HOST:PORT` of the URL; none for a file. */
function relayedOf(url: string, address: Ip): readonly Relayed[] {
  const authority = /^[a-z]+:\/\/([^/]+)/.exec(url)?.[1];
  if (authority === undefined || url.startsWith('file:')) return [];
  return authority.split(',').map((server, index) => {
    const parts = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d+)$/.exec(server);
    if (parts === null) {
      throw new WeftError('INPUT_INVALID', `store ${url}: ${JSON.stringify(server)} is not HOST:PORT`);
    }
    const [, v6, name, toPort] = parts;
    return { address, port: 2379 + index, toHost: v6 ?? name ?? '', toPort: Number(toPort) };
  });
}
