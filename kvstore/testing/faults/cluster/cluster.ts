import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { TcpProxy } from '../../tcp-proxy.ts';
import { addressOf, Wires } from './wires.ts';

/** The place of one server in a cluster. */
export interface Member {
  readonly name: string;
  /** Where the others find it, and it finds them. */
  readonly address: string;
  readonly all: readonly Pick<Member, 'name' | 'address'>[];
  /** What a command begins with to run in that place. */
  readonly at: readonly string[];
  /** The file on which it has to listen for clients, called `HOST:PORT`. */
  readonly socket: string;
  /** Of loopback: leads to that file. */
  readonly port: number;
}

/** A real server that can be a member. */
export interface ClusterServer extends AsyncDisposable {
  kill(): Promise<void>;
  resume(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** How the servers of one kind are handled. */
export interface ServerKind<S extends ClusterServer> {
  /** An empty one that is not started. */
  make(member: Member): S;
  /** Does it say of itself that it leads? */
  leads(server: S, member: Member): Promise<boolean>;
}

/**
 * Three real servers with data of their own, each in a network namespace of its own, so that any of them can be cut off
 * from the others while its clients still reach it; and the way to each of them, which can be broken by itself. They end
 * with the process that started them, however that ends.
 */
export class Cluster<S extends ClusterServer> implements AsyncDisposable {
  readonly servers: readonly S[];
  /** Before each server, for its clients. */
  readonly ways: readonly TcpProxy[];
  readonly #kind: ServerKind<S>;
  readonly #members: readonly Member[];
  readonly #wires: Wires;
  readonly #directory: string;
  /** Killed, frozen or cut off. */
  readonly #impaired = new Set<number>();

  private constructor(
    kind: ServerKind<S>,
    wires: Wires,
    directory: string,
    members: readonly Member[],
    ways: readonly TcpProxy[],
  ) {
    this.#kind = kind;
    this.#wires = wires;
    this.#directory = directory;
    this.#members = members;
    this.ways = ways;
    this.servers = members.map((member) => kind.make(member));
  }

  /** Starts all at once and waits until each of them serves. Only root can. */
  static async start<S extends ClusterServer>(kind: ServerKind<S>): Promise<Cluster<S>> {
    const names = [0, 1, 2].map((index) => ({ name: `store${index + 1}`, address: addressOf(index) }));
    const directory = mkdtempSync(join(tmpdir(), 'weft-cluster-'));
    const wires = await Wires.lay(names.length);
    const sockets = names.map(({ name }) => join(directory, `${name}:1`));
    const ways = await Promise.all(sockets.map((socket) => TcpProxy.start(socket)));
    const members = names.map(({ name, address }, index): Member => {
      const [socket, port] = [sockets[index] ?? '', ways[index]?.port ?? 0];
      return { name, address, all: names, at: wires.at(index), socket, port };
    });
    const cluster = new Cluster(kind, wires, directory, members, ways);
    try {
      await Promise.all(cluster.servers.map((server) => server.resume()));
      return cluster;
    } catch (error) {
      await cluster[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Ports of the ways, beginning with that to the server `first`, where it is named. */
  ports(first = 0): readonly number[] {
    const ports = this.ways.map(({ port }) => port);
    return [...ports.slice(first), ...ports.slice(0, first)];
  }

  /** Which server leads, once exactly one of those that are well says so. */
  async leader(within = 20_000): Promise<number> {
    const end = performance.now() + within;
    while (performance.now() < end) {
      const well = this.#members.map((_, index) => index).filter((index) => !this.#impaired.has(index));
      const answers = await Promise.all(well.map((index) => this.#leads(index)));
      const leaders = well.filter((_, at) => answers[at]);
      if (leaders.length === 1) return leaders[0] as number;
      await pause(20);
    }
    throw new Error(`no server leads after ${within} ms`);
  }

  /** The others, in the order of their numbers. */
  others(index: number): readonly number[] {
    return this.servers.map((_, each) => each).filter((each) => each !== index);
  }

  /** `kill -9`. */
  async kill(index: number): Promise<void> {
    this.#impaired.add(index);
    await this.#server(index).kill();
    // Not every server replaces one that was left lying about.
    rmSync(this.#members[index]?.socket ?? '', { force: true });
  }

  /** Takes no part, and says nothing to anybody, but its connections stay. */
  freeze(index: number): void {
    this.#impaired.add(index);
    this.#server(index).freeze();
  }

  /** From the other servers; its clients still reach it. */
  async cutOff(index: number): Promise<void> {
    this.#impaired.add(index);
    await this.#wires.set(index, 'cut');
  }

  /** Mends whatever was done to servers and ways, and waits until all serve again. */
  async mend(): Promise<void> {
    for (const way of this.ways) if (way.mode !== 'pass') way.mode = 'pass';
    for (const index of this.#impaired) {
      await this.#wires.set(index, 'joined');
      this.#server(index).thaw();
    }
    await Promise.all([...this.#impaired].map((index) => this.#server(index).resume()));
    this.#impaired.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const each of [...this.servers, ...this.ways, this.#wires]) await each[Symbol.asyncDispose]();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #leads(index: number): Promise<boolean> {
    return await this.#kind.leads(this.#server(index), this.#members[index] as Member).catch(() => false);
  }

  #server(index: number): S {
    const server = this.servers[index];
    if (server === undefined) throw new Error(`the cluster has no server ${index}`);
    return server;
  }
}
