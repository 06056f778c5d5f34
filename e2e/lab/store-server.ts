import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { consulProgram } from '../../kvstore/consul-program.ts';
import type { Ip } from '../../model/ip.ts';
import { inUrl } from './names.ts';
import type { Argv } from './run.ts';

/** One of the servers that are a store together. */
export interface Member {
  readonly name: string;
  readonly address: Ip;
}

/** A server that a lab can run as its store. */
interface StoreServer {
  /** Of its clients. */
  readonly port: number;
  /** Answered with 200 as soon as it takes requests. */
  readonly health: string;
  /** The command that starts one of `all`, with its data below `directory`. */
  command(self: Member, all: readonly Member[], directory: string): Argv;
  /** The program with which an operator asks these servers, and the environment that leads it there. */
  client(members: readonly [Member, ...Member[]]): {
    readonly program: Argv;
    readonly env: Readonly<Record<string, string>>;
  };
}

const etcd: StoreServer = {
  port: 2379,
  health: '/health',
  command({ name, address }, all, directory) {
    const client = `http://${inUrl(address)}:2379`;
    const peerOf = (member: Pick<Member, 'address'>): string => `http://${inUrl(member.address)}:2380`;
    const peer = peerOf({ address });
    const flags = {
      name,
      'data-dir': join(directory, 'etcd'),
      'listen-client-urls': client,
      'advertise-client-urls': client,
      'listen-peer-urls': peer,
      'initial-advertise-peer-urls': peer,
      'initial-cluster': all.map((each) => `${each.name}=${peerOf(each)}`).join(','),
    };
    const given = Object.entries(flags).map(([flag, value]) => `--${flag}=${value}`);
    // Not --unsafe-no-fsync: with it this etcd keeps what was written last to itself, and a killed one goes back in time.
    return ['etcd', ...given];
  },
  client: (members) => ({
    program: ['etcdctl'],
    env: {
      ETCDCTL_API: '3',
      ETCDCTL_ENDPOINTS: members.map(({ address }) => `http://${inUrl(address)}:2379`).join(','),
    },
  }),
};

const consul: StoreServer = {
  port: 8500,
  // Whatever the leader itself knows: it is not there before the server can write.
  health: '/v1/kv/?keys&consistent&separator=/',
  command({ name, address }, all, directory) {
    const off = -1;
    const settings = {
      server: true,
      bootstrap_expect: all.length,
      node_name: name,
      retry_join: all.filter((each) => each.name !== name).map((each) => inUrl(each.address)),
      retry_interval: '200ms',
      data_dir: join(directory, 'consul'),
      bind_addr: address,
      client_addr: address,
      ports: { http: 8500, serf_wan: off, dns: off, grpc: off, https: off },
      performance: { raft_multiplier: 1 },
      disable_update_check: true,
      disable_remote_exec: true,
    };
    mkdirSync(directory, { recursive: true });
    const file = join(directory, 'consul.json');
    writeFileSync(file, JSON.stringify(settings, undefined, 2));
    return [consulProgram(), 'agent', `-config-file=${file}`];
  },
  client: ([{ address }]) => ({
    program: [consulProgram()],
    env: { CONSUL_HTTP_ADDR: `http://${inUrl(address)}:8500` },
  }),
};

export type ServerKind = 'etcd' | 'consul';
export const storeServers: Readonly<Record<ServerKind, StoreServer>> = { etcd, consul };

/** What a word such as `etcd` or `etcd3` wishes for; undefined for any other. */
export function serversOf(word: string): { readonly kind: ServerKind; readonly count: 1 | 3 } | undefined {
  const kind = word.replace(/3$/, '');
  return isServerKind(kind) ? { kind, count: kind === word ? 1 : 3 } : undefined;
}

const isServerKind = (word: string): word is ServerKind => Object.hasOwn(storeServers, word);
