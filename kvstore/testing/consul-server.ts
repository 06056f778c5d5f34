import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { consulProgram } from '../consul-program.ts';
import type { Pair } from './certificates.ts';
import type { Member } from './faults/cluster/cluster.ts';

/** Of util-linux: has the kernel end the server when we are gone. */
const dieWithUs = 'setpriv';

/** `session_ttl_min` of the servers in tests, in milliseconds: leases that end while one watches. */
export const shortLease = 2000;

/** TLS on a port of its own; without a certificate of that authority nobody gets in. */
export interface ConsulTls {
  readonly certificate: Pair;
  readonly clientCa: string;
}

export interface ConsulWish {
  /** Nobody may do anything but by `ask`, or with a token that was made with it. */
  readonly acl?: boolean;
  /** Besides HTTP. The files may be replaced before `reload`. */
  readonly tls?: ConsulTls;
  /** Where the folder of its data is made. */
  readonly parent?: string;
  /** How many it takes from one address; absent: 200, which is Consul's own limit. */
  readonly connections?: number;
}

/** One real Consul server on loopback with data of its own. It ends with the process that started it, however that ends. */
export class ConsulServer implements AsyncDisposable {
  readonly port: number;
  /** Of TLS, where there is one. */
  readonly tlsPort: number;
  readonly #tls: ConsulTls | undefined;
  readonly #rpcPort: number;
  readonly #gossipPort: number;
  readonly #directory: string;
  /** Of an administrator, where access is by token. */
  readonly #token: string | undefined;
  readonly #member: Member | undefined;
  readonly #connections: number | undefined;
  #process: ChildProcess | undefined;

  private constructor(
    [port, rpcPort, gossipPort, tlsPort = 0]: readonly [number, number, number, number?],
    { acl = false, tls, parent = tmpdir(), connections }: ConsulWish = {},
    member?: Member,
  ) {
    this.#token = acl ? randomUUID() : undefined;
    this.#tls = tls;
    this.tlsPort = tlsPort;
    this.#member = member;
    this.#connections = connections;
    this.port = port;
    this.#rpcPort = rpcPort;
    this.#gossipPort = gossipPort;
    this.#directory = mkdtempSync(join(parent, 'weft-consul-'));
  }

  /** Starts an empty server and waits until it answers. */
  static async start(wish: ConsulWish = {}): Promise<ConsulServer> {
    const server = new ConsulServer(await freePorts(), wish);
    try {
      await server.resume();
      return server;
    } catch (error) {
      await server[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** An empty server of a cluster, which is not started. */
  static member(member: Member): ConsulServer {
    return new ConsulServer([member.port, 8300, 8301], undefined, member);
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
    const settings = {
      server: true,
      data_dir: this.#data,
      ...(this.#member === undefined ? alone : memberSettings(this.#member)),
      ports: {
        http: this.port,
        server: this.#rpcPort,
        serf_lan: this.#gossipPort,
        serf_wan: -1,
        dns: -1,
        grpc: -1,
        https: this.#tls === undefined ? -1 : this.tlsPort,
      },
      session_ttl_min: `${shortLease}ms`,
      performance: { raft_multiplier: 1 },
      disable_update_check: true,
      disable_remote_exec: true,
      ...(this.#token === undefined ? {} : { acl: demanding(this.#token) }),
      ...(this.#tls === undefined ? {} : trusting(this.#tls)),
      ...(this.#connections === undefined
        ? {}
        : { limits: { http_max_conns_per_client: this.#connections } }),
    };
    const file = join(this.#directory, 'settings.json');
    writeFileSync(file, JSON.stringify(settings));
    const place = this.#member?.at ?? [];
    const argv = [...place, dieWithUs, '--pdeathsig', 'KILL', consulProgram(), 'agent'];
    this.#process = spawn(argv[0] ?? '', [...argv.slice(1), `-config-file=${file}`], {
      stdio: ['ignore', log, log],
    });
    this.#process.on('error', () => undefined);
    closeSync(log);
    await this.#ready();
  }

  /** Has it read its certificates again; it goes on with those it had when they are no good. */
  reload(): void {
    this.#process?.kill('SIGHUP');
  }

  /** SIGSTOP: connections stay, and nobody is answered until `thaw`. */
  freeze(): void {
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#process?.kill('SIGCONT');
  }

  /** Begins another life with the same flags: the data is gone. */
  async wipe(): Promise<void> {
    await this.kill();
    rmSync(this.#data, { recursive: true, force: true });
    await this.resume();
  }

  /** A request of Consul's HTTP API, as an administrator would send it; returns the body. */
  async ask(
    method: 'GET' | 'PUT' | 'DELETE',
    path: string,
    body?: string | ArrayBuffer,
  ): Promise<ArrayBuffer> {
    const headers: Record<string, string> =
      this.#token === undefined ? {} : { 'x-consul-token': this.#token };
    // A server that was away may have handed it to one that is no more.
    const common = { method, headers, signal: AbortSignal.timeout(5000) };
    const init = body === undefined ? common : { ...common, body };
    const answer = await fetch(`http://127.0.0.1:${this.port}/v1/${path}`, init);
    if (!answer.ok) throw new Error(`Consul answers ${method} ${path} with ${answer.status}`);
    return await answer.arrayBuffer();
  }

  /** Such as `Consul 1.8.7`. */
  async version(): Promise<string> {
    const self = JSON.parse(Buffer.from(await this.ask('GET', 'agent/self')).toString()) as {
      readonly Config: { readonly Version: string };
    };
    return `Consul ${self.Config.Version}`;
  }

  async endSessions(): Promise<void> {
    const sessions = JSON.parse(Buffer.from(await this.ask('GET', 'session/list')).toString()) as {
      readonly ID: string;
    }[];
    for (const { ID } of sessions) await this.ask('PUT', `session/destroy/${ID}`);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  get #log(): string {
    return join(this.#directory, 'log');
  }

  async #ready(within = 30_000): Promise<void> {
    const end = performance.now() + within;
    while (performance.now() < end && this.#process?.exitCode === null) {
      // Answered by a leader alone, and one that may write.
      const isReady = await this.ask('PUT', 'kv/ready', 'yes').then(
        () => true,
        () => false,
      );
      if (isReady) return;
      await pause(20);
    }
    const log = readFileSync(this.#log, 'utf8').split('\n').slice(-12).join('\n');
    throw new Error(`Consul on port ${this.port} does not answer; its log ends with:\n${log}`);
  }
}

const alone = {
  bootstrap: true,
  node_name: 'store',
  bind_addr: '127.0.0.1',
  client_addr: '127.0.0.1 ::1',
};

const memberSettings = ({ name, address, all, socket }: Member): object => ({
  bootstrap_expect: all.length,
  node_name: name,
  bind_addr: address,
  addresses: { http: `unix://${socket}` },
  retry_join: all.map((each) => each.address),
  retry_interval: '200ms',
  // Otherwise one that was away for ten seconds is no voter for as long, and the next fault finds a cluster of two.
  autopilot: { cleanup_dead_servers: false },
});

/** Access by token, decided anew each time. */
const demanding = (master: string): object => ({
  enabled: true,
  default_policy: 'deny',
  policy_ttl: '0s',
  token_ttl: '0s',
  tokens: { master },
});

/** Without a certificate of the authority nobody gets in. */
const trusting = ({ certificate, clientCa }: ConsulTls): object => ({
  cert_file: certificate.cert,
  key_file: certificate.key,
  ca_file: clientCa,
  verify_incoming_https: true,
});

async function freePorts(): Promise<readonly [number, number, number, number]> {
  const servers = Array.from({ length: 4 }, () => createServer());
  const ports = await Promise.all(
    servers.map(async (server) => {
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      return (server.address() as AddressInfo).port;
    }),
  );
  for (const server of servers) server.close();
  const [http = 0, rpc = 0, gossip = 0, https = 0] = ports;
  return [http, rpc, gossip, https];
}
