import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Family, Ip } from '../../model/ip.ts';
import { WeftError } from '../../model/errors.ts';
import { inUrl, labDirectory, namespaceName, namespacePath, storeNumber, underlayAddress } from './names.ts';
import { mustRunIn, runIn } from './netns.ts';
import { Relay, type Relayed } from './relay.ts';
import type { Argv, Outcome } from './run.ts';
import { StoreMember } from './store-member.ts';
import { serversOf, storeServers, type Member, type ServerKind } from './store-server.ts';
import { ensurePlug } from './underlay.ts';

/**
 * `file`: one SQLite file of the lab. `etcd`, `consul`: a real server on the underlay; `etcd3`, `consul3`: three of them.
 * Otherwise the URL of a store: the hosts of the lab reach its servers through relays, and nothing else outside.
 */
export type StoreChoice = 'file' | ServerKind | `${ServerKind}3` | (string & {});

/** The store of a lab: its URL for the agents, and for etcd and Consul the servers themselves. */
export class LabStore {
  readonly url: string;
  readonly kind: 'file' | ServerKind | 'elsewhere';
  readonly directory: string;
  /** One or three, each to be started, stopped, killed, frozen and cut off by itself; none of a file, or of a store elsewhere. */
  readonly servers: readonly StoreMember[];
  /** Path of the namespace in which the store's first server, or the way to it, runs; only where there is one. */
  readonly netns: string;
  readonly #lab: string;
  readonly #underlay: Family;
  readonly #members: readonly Member[];
  readonly #relayed: readonly Relayed[] = [];

  constructor(lab: string, choice: StoreChoice, underlay: Family) {
    this.#lab = lab;
    this.#underlay = underlay;
    const servers = serversOf(choice);
    this.#members = membersOf(servers?.count ?? 0, underlay);
    const single = { name: 'store', address: underlayAddress(underlay, storeNumber) };
    const first = this.#members[0] ?? single;
    this.directory = join(labDirectory(lab), first.name);
    this.netns = namespacePath(namespaceName(lab, first.name));
    this.servers = [];
    if (servers !== undefined) {
      const { kind } = servers;
      const all = this.#members;
      this.kind = kind;
      this.servers = all.map((self) => new StoreMember(lab, underlay, kind, self, all));
      const places = all.map(({ address }) => `${inUrl(address)}:${storeServers[kind].port}`);
      this.url = `${kind}://${places.join(',')}`;
    } else if (choice === 'file') {
      this.kind = 'file';
      this.url = `file://${join(this.directory, 'store.db')}`;
    } else {
      this.kind = 'elsewhere';
      this.#relayed = relayedOf(choice, single.address);
      this.url = this.#relayed.reduce(
        (url, { toHost, toPort, address, port }) =>
          url.replace(`${inUrl(toHost as Ip)}:${toPort}`, `${inUrl(address as Ip)}:${port}`),
        choice,
      );
    }
  }

  /** Does all of it run? */
  get running(): boolean {
    return (
      this.servers.every((server) => server.running) &&
      this.#relayed.every((_, index) => this.#relay(index).running)
    );
  }

  /** Starts what is not running. Returns what came of it. */
  async start(): Promise<string> {
    mkdirSync(this.directory, { recursive: true });
    if (this.kind === 'file') return this.url;
    if (this.kind === 'elsewhere') {
      const plug = { name: 'store', address: underlayAddress(this.#underlay, storeNumber), mtu: 1500 };
      await ensurePlug(this.#lab, this.#underlay, plug);
      for (const [index, relayed] of this.#relayed.entries()) await this.#relay(index).start(relayed);
      return this.url;
    }
    for (const server of this.servers) await server.plugIn();
    if (this.running) return `already running at ${this.url}`;
    // All of them before any is waited for: one alone among three never becomes healthy.
    for (const server of this.servers) await server.launch();
    await this.waitReady();
    return this.url;
  }

  /** Waits until every server says that it is healthy. @throws TIMEOUT with the last lines of its log. */
  async waitReady(within?: number): Promise<void> {
    await Promise.all(this.servers.map((server) => server.waitReady(within)));
  }

  /** `stop`: an orderly end. `kill9`: a crash. The data stays. Of a store outside only the relays end. */
  async stop(how: 'stop' | 'kill9' = 'stop'): Promise<void> {
    for (const index of this.#relayed.keys()) await this.#relay(index).stop();
    await Promise.all(this.servers.map((server) => server.stop(how)));
  }

  /** `etcdctl ARGS...` against this etcd: what an operator types. A code other than 0 is an answer. */
  etcdctl(...args: readonly string[]): Promise<Outcome> {
    const { netns, argv, env } = this.#client('etcd', args);
    return runIn(netns, argv, { env });
  }

  /** The same for a command that has to succeed; returns its output. */
  async mustEtcdctl(...args: readonly string[]): Promise<string> {
    const { netns, argv, env } = this.#client('etcd', args);
    return mustRunIn(netns, argv, { env });
  }

  /** `consul ARGS...` against this Consul, which has to succeed; returns its output. */
  async mustConsul(...args: readonly string[]): Promise<string> {
    const { netns, argv, env } = this.#client('consul', args);
    return mustRunIn(netns, argv, { env });
  }

  #relay(index: number): Relay {
    return new Relay(this.netns, this.directory, index);
  }

  /** From the place of the first server that runs. */
  #client(kind: ServerKind, args: readonly string[]): Client {
    const [first, ...others] = this.#members.filter((_, index) => this.servers[index]?.running);
    const server = this.servers.find(({ name }) => name === first?.name);
    if (this.kind !== kind || first === undefined || server === undefined) {
      const text = `lab ${this.#lab} runs no ${kind} of its own at present; its store is ${this.url}`;
      throw new WeftError('INPUT_INVALID', text);
    }
    const { program, env } = storeServers[kind].client([first, ...others]);
    return { netns: server.netns, argv: [...program, ...args], env: { ...process.env, ...env } };
  }
}

interface Client {
  readonly netns: string;
  readonly argv: Argv;
  readonly env: NodeJS.ProcessEnv;
}

/** `store` at 192.0.2.250; or `store1` to `store3` at 192.0.2.251 to .253. */
function membersOf(count: number, underlay: Family): readonly Member[] {
  if (count === 1) return [{ name: 'store', address: underlayAddress(underlay, storeNumber) }];
  return Array.from({ length: count }, (_, index) => ({
    name: `store${index + 1}`,
    address: underlayAddress(underlay, storeNumber + index + 1),
  }));
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
