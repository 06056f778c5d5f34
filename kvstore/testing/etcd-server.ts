import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import type { Pair } from './certificates.ts';
import type { Member } from './faults/cluster/cluster.ts';

/** How a server is protected; without anything it is open to everybody. */
export interface Protection {
  readonly certificate: Pair;
  /** Who vouches for clients; it may be replaced before `resume`. Whoever has no certificate of theirs is turned away. */
  readonly clientCa: string;
  /** What etcdctl shows, and whom it trusts. */
  readonly admin: Pair & { readonly ca: string };
  /** As after `--auth-token`; simple ones without it. */
  readonly tokens?: string;
}

const run = promisify(execFile);
/** Of util-linux: has the kernel end the server when we are gone. */
const dieWithUs = 'setpriv';

/** One real etcd server on loopback with data of its own. It ends with the process that started it, however that ends. */
export class EtcdServer implements AsyncDisposable {
  readonly port: number;
  readonly #peerPort: number;
  readonly #healthPort: number;
  readonly #protection: Protection | undefined;
  readonly #flags: readonly string[];
  readonly #member: Member | undefined;
  readonly #directory: string;
  #process: ChildProcess | undefined;
  #rootPassword: string | undefined;

  private constructor(
    ports: readonly number[],
    protection: Protection | undefined,
    flags: readonly string[],
    member?: Member,
  ) {
    this.#flags = flags;
    const [port = 0, peerPort = 0, healthPort = 0] = ports;
    this.port = port;
    this.#peerPort = peerPort;
    this.#healthPort = healthPort;
    this.#protection = protection;
    this.#member = member;
    this.#directory = mkdtempSync(join(tmpdir(), 'weft-etcd-'));
  }

  /** Starts an empty server, with further flags, and waits until it answers. */
  static async start(protection?: Protection, flags: readonly string[] = []): Promise<EtcdServer> {
    const server = new EtcdServer(
      await freePorts(3, protection === undefined ? '127.0.0.1' : '::'),
      protection,
      flags,
    );
    try {
      await server.resume();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** An empty server of a cluster, which is not started. */
  static member(member: Member): EtcdServer {
    return new EtcdServer([member.port, 0, member.port], undefined, [], member);
  }

  /** `kill -9`. The data stays. */
  async kill(): Promise<void> {
    const running = this.#process;
    this.#process = undefined;
    if (running?.exitCode !== null) return;
    const ended = once(running, 'exit');
    running.kill('SIGKILL');
    await ended;
  }

  /** Starts it again with its data, unless it runs, and waits until it answers. */
  async resume(): Promise<void> {
    if (this.#process?.exitCode === null) {
      await this.#ready();
      return;
    }
    const log = openSync(this.#log, 'a');
    const flags = [
      `--data-dir=${this.#data}`,
      `--advertise-client-urls=${this.#url}`,
      ...this.#protectionFlags(),
      ...(this.#member === undefined ? this.#aloneFlags() : memberFlags(this.#member)),
      // Nothing in a test has to survive a power cut.
      '--unsafe-no-fsync',
      ...this.#flags,
    ];
    const argv = [...(this.#member?.at ?? []), dieWithUs, '--pdeathsig', 'KILL', 'etcd', ...flags];
    this.#process = spawn(argv[0] ?? '', argv.slice(1), {
      stdio: ['ignore', log, log],
      cwd: dirname(this.#member?.socket ?? this.#log),
    });
    this.#process.on('error', () => undefined);
    closeSync(log);
    await this.#ready();
  }

  /** SIGSTOP: connections stay, and nobody is answered until `thaw`. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Begins another life with the same flags: the data is gone, the cluster id is not. */
  async wipe(): Promise<void> {
    await this.kill();
    rmSync(this.#data, { recursive: true, force: true });
    await this.resume();
  }

  /**
   * From now on everybody has to log in. `user` may read and write the keys below `prefix`, and nothing else.
   *
   * @param password That of root and of the user.
   */
  async enableLogin(user: string, password: string, prefix: string): Promise<void> {
    await this.etcdctl('user', 'add', `root:${password}`);
    await this.etcdctl('user', 'grant-role', 'root', 'root');
    await this.etcdctl('user', 'add', `${user}:${password}`);
    await this.etcdctl('role', 'add', user);
    await this.etcdctl('role', 'grant-permission', '--prefix=true', user, 'readwrite', prefix);
    await this.etcdctl('user', 'grant-role', user, user);
    await this.etcdctl('auth', 'enable');
    this.#rootPassword = password;
  }

  /** `etcdctl ARGS...`: what an operator types. Returns what it prints. */
  async etcdctl(...args: readonly string[]): Promise<string> {
    const { admin } = this.#protection ?? {};
    const tls =
      admin === undefined ? [] : [`--cacert=${admin.ca}`, `--cert=${admin.cert}`, `--key=${admin.key}`];
    const login = this.#rootPassword === undefined ? [] : [`--user=root:${this.#rootPassword}`];
    const { stdout } = await run('etcdctl', [`--endpoints=${this.#url}`, ...tls, ...login, ...args], {
      env: { ...process.env, ETCDCTL_API: '3' },
    });
    return stdout;
  }

  /** Forgets all history up to the present revision. */
  async compact(): Promise<void> {
    const status = JSON.parse(await this.etcdctl('endpoint', 'status', '-w', 'json')) as {
      readonly Status: { readonly header: { readonly revision: number } };
    }[];
    await this.etcdctl('compaction', String(status[0]?.Status.header.revision));
  }

  /** Saves a snapshot; the function that it returns puts it in the place of the data. */
  async save(): Promise<() => Promise<void>> {
    const file = join(this.#directory, `snapshot-${randomUUID()}`);
    await this.etcdctl('snapshot', 'save', file);
    return async () => {
      await this.kill();
      rmSync(this.#data, { recursive: true, force: true });
      const peer = this.#peerUrl;
      const cluster = [`--initial-cluster=default=${peer}`, `--initial-advertise-peer-urls=${peer}`];
      await this.etcdctl('snapshot', 'restore', file, `--data-dir=${this.#data}`, ...cluster);
      await this.resume();
    };
  }

  async revokeLeases(): Promise<void> {
    const ids = (await this.etcdctl('lease', 'list')).match(/^[0-9a-f]{16}$/gm) ?? [];
    for (const id of ids) await this.etcdctl('lease', 'revoke', id);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #url(): string {
    return `${this.#protection === undefined ? 'http' : 'https'}://127.0.0.1:${this.port}`;
  }

  get #peerUrl(): string {
    return `http://127.0.0.1:${this.#peerPort}`;
  }

  /** A protected one is there on both loopbacks. */
  get #listenUrls(): string {
    const url = this.#url;
    return this.#protection === undefined ? url : `${url},${url.replace('127.0.0.1', '[::1]')}`;
  }

  #aloneFlags(): readonly string[] {
    const peer = this.#peerUrl;
    return [
      `--listen-client-urls=${this.#listenUrls}`,
      `--listen-metrics-urls=http://127.0.0.1:${this.#healthPort}`,
      `--listen-peer-urls=${peer}`,
      `--initial-advertise-peer-urls=${peer}`,
      `--initial-cluster=default=${peer}`,
    ];
  }

  #protectionFlags(): readonly string[] {
    if (this.#protection === undefined) return [];
    const { certificate, clientCa, tokens } = this.#protection;
    return [
      `--cert-file=${certificate.cert}`,
      `--key-file=${certificate.key}`,
      `--trusted-ca-file=${clientCa}`,
      '--client-cert-auth',
      ...(tokens === undefined ? [] : [`--auth-token=${tokens}`]),
    ];
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  get #log(): string {
    return join(this.#directory, 'log');
  }

  async #ready(within = 20_000): Promise<void> {
    const end = performance.now() + within;
    while (performance.now() < end && this.#process?.exitCode === null) {
      const health = await fetch(`http://127.0.0.1:${this.#healthPort}/health`)
        .then(async (answer) => (await answer.json()) as { readonly health: string })
        .catch(() => undefined);
      if (health?.health === 'true') return;
      await pause(20);
    }
    const log = readFileSync(this.#log, 'utf8').split('\n').slice(-12).join('\n');
    throw new Error(`etcd on port ${this.port} does not answer; its log ends with:\n${log}`);
  }
}

function memberFlags({ name, address, all, socket }: Member): readonly string[] {
  const peer = (host: string): string => `http://${host}:2380`;
  return [
    `--name=${name}`,
    // A file of this name in the working directory.
    `--listen-client-urls=unix://${basename(socket)}`,
    `--listen-peer-urls=${peer(address)}`,
    `--initial-advertise-peer-urls=${peer(address)}`,
    `--initial-cluster=${all.map((each) => `${each.name}=${peer(each.address)}`).join(',')}`,
  ];
}

async function freePorts(count: number, address: string): Promise<readonly number[]> {
  const servers = Array.from({ length: count }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, address);
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  for (const server of servers) server.close();
  return ports;
}
