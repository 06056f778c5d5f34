import { readdirSync } from 'node:fs';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { readProcessUse } from '../bench/process-use.ts';

/** What one agent holds at a moment. */
export interface HostCount {
  readonly host: string;
  readonly rss: number;
  readonly files: number;
  readonly namespaces: number;
}

/** What is there at a moment, to see what grows. */
export interface Census {
  readonly minute: number;
  readonly hosts: readonly HostCount[];
  /** Keys in the store; undefined when the lab's store cannot be asked. */
  readonly keys: number | undefined;
}

export async function takeCensus(lab: Lab, minute: number): Promise<Census> {
  return { minute, hosts: lab.hosts.map(countHost), keys: await countKeys(lab) };
}

/** The keys of the store by name, without values; undefined when the lab runs no etcd. */
export async function listKeys(lab: Lab): Promise<readonly string[] | undefined> {
  if (lab.store.kind !== 'etcd') return undefined;
  const text = await lab.store.mustEtcdctl('get', '--prefix', '--keys-only', 'weft/');
  return text.split('\n').filter((line) => line !== '');
}

async function countKeys(lab: Lab): Promise<number | undefined> {
  return (await listKeys(lab))?.length;
}

function countHost(host: Host): HostCount {
  const { pid } = host.agent;
  const namespaces = host.networkNamespaces().length;
  if (pid === undefined) return { host: host.name, rss: Number.NaN, files: Number.NaN, namespaces };
  const files = readdirSync(`/proc/${pid}/fd`).length;
  return { host: host.name, rss: readProcessUse(pid).rss, files, namespaces };
}
