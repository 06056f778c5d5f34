import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Family, Ip } from '../../model/ip.ts';
import { WeftError } from '../../model/errors.ts';
import { inUrl, labDirectory, namespaceName, namespacePath, storeNumber, underlayAddress } from './names.ts';
import { inside, mustRunIn, runIn } from './netns.ts';
import { endMarked, logTail, readMark, startDetached } from './process.ts';
import { Relay, type Relayed } from './relay.ts';
import type { Outcome } from './run.ts';
import { ensurePlug } from './underlay.ts';

/**
 * `file`: one SQLite file of the lab. `etcd`: a real etcd server on the underlay. Otherwise the URL of a store: the hosts of
 * the lab reach its servers through relays, and nothing else outside.
 */
export type StoreChoice = 'file' | 'etcd' | (string & {});

/** The store of a lab: its URL for the agents, and for etcd the server itself. */
export class LabStore {
  readonly url: string;
  readonly kind: 'file' | 'etcd' | 'elsewhere';
  readonly directory: string;
  /** Path of the namespace in which the store's server runs; only for `etcd`. */
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
    } else if (choice === 'etcd') {
      this.kind = 'etcd';
      this.url = `etcd://${this.#endpoint}`;
    } else {
      this.kind = 'elsewhere';
      this.#relayed = relayedOf(choice, underlayAddress(underlay, storeNumber));
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
    if (this.kind === 'etcd') return readMark(this.#mark) !== undefined;
    return this.#relayed.every((_, index) => this.#relay(index).running);
  }

  /** Starts what is not running. Returns what came of it. */
  async start(): Promise<string> {
    mkdirSync(this.directory, { recursive: true });
    if (this.kind === 'file') return this.url;
    const address = underlayAddress(this.#underlay, storeNumber);
    await ensurePlug(this.#lab, this.#underlay, { name: 'store', address, mtu: 1500 });
    if (this.kind === 'elsewhere') {
      for (const [index, relayed] of this.#relayed.entries()) await this.#relay(index).start(relayed);
      return this.url;
    }
    if (this.running) return `already running at ${this.url}`;
    const client = `http://${this.#endpoint}`;
    const peer = `http://${inUrl(address)}:2380`;
    const flags = {
      name: 'store',
      'data-dir': join(this.directory, 'etcd'),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': `store=${peer}`,
      // Nothing in a lab has to survive a power cut.
      'unsafe-no-fsync': '',
    };
    const argv = Object.entries(flags).map(([flag, value]) =>
      value === '' ? `--${flag}` : `--${flag}=${value}`,
    );
    await startDetached(inside(this.netns, ['etcd', ...argv]), { mark: this.#mark, log: this.log });
    await this.waitReady();
    return this.url;
  }

  /** Waits until etcd says that it is healthy. @throws TIMEOUT with the last lines of its log. */
  async waitReady(within = 15_000): Promise<void> {
    if (this.kind !== 'etcd') return;
    // One process that polls from inside the namespace; etcd's own client would be started once for each look.
    const script = `
      const end = Date.now() + ${within};
      for (;;) {
        const body = await fetch('http://${this.#endpoint}/health').then((r) => r.json()).catch(() => undefined);
        if (body?.health === 'true') process.exit(0);
        if (Date.now() > end) process.exit(1);
        await new Promise((r) => setTimeout(r, 20));
      }`;
    const argv = [process.execPath, '--input-type=module', '-e', script] as const;
    const { code } = await runIn(this.netns, argv, { within: within + 5000 });
    if (code === 0) return;
    const log = logTail(this.log);
    throw new WeftError(
      'TIMEOUT',
      `etcd at ${this.url} is not healthy; its log ends with:\n${log.join('\n')}`,
      {
        details: { log },
      },
    );
  }

  /** `stop`: an orderly end. `kill9`: a crash. The data stays. Of a store outside only the relays end. */
  async stop(how: 'stop' | 'kill9' = 'stop'): Promise<void> {
    for (const index of this.#relayed.keys()) await this.#relay(index).stop();
    await endMarked(this.#mark, how === 'stop' ? 'SIGTERM' : 'SIGKILL', 5000);
  }

  /** `etcdctl ARGS...` against this etcd: what an operator types. A code other than 0 is an answer. */
  etcdctl(...args: readonly string[]): Promise<Outcome> {
    this.#demandEtcd();
    const argv = ['etcdctl', `--endpoints=http://${this.#endpoint}`, ...args] as const;
    return runIn(this.netns, argv, { env: { ...process.env, ETCDCTL_API: '3' } });
  }

  /** The same for a command that has to succeed; returns its output. */
  async mustEtcdctl(...args: readonly string[]): Promise<string> {
    this.#demandEtcd();
    const argv = ['etcdctl', `--endpoints=http://${this.#endpoint}`, ...args] as const;
    return mustRunIn(this.netns, argv, { env: { ...process.env, ETCDCTL_API: '3' } });
  }

  #relay(index: number): Relay {
    return new Relay(this.netns, this.directory, index);
  }

  get #endpoint(): string {
    return `${inUrl(underlayAddress(this.#underlay, storeNumber))}:2379`;
  }

  get #mark(): string {
    return join(this.directory, 'etcd.pid');
  }

  #demandEtcd(): void {
    if (this.kind === 'etcd') return;
    throw new WeftError(
      'INPUT_INVALID',
      `lab ${this.#lab} runs no etcd of its own; its store is ${this.url}`,
    );
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
