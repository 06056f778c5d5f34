import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Ip } from '../../model/ip.ts';
import { inside } from './netns.ts';
import { ended, searchPath } from './run.ts';
import type { LabStore } from './store.ts';
import { storeServers } from './store-server.ts';
import { waitFor } from './wait.ts';

/** One change of a key of a lab's etcd, as etcd itself tells it. */
export interface KeyChange {
  readonly kind: 'put' | 'delete';
  readonly key: string;
  /** Empty of a deletion. */
  readonly value: Uint8Array;
}

/** As `etcdctl watch -w json` prints it; numbers that are zero are left out. */
interface WatchJson {
  readonly Events?: readonly {
    readonly type?: number;
    readonly kv: { readonly key: string; readonly value?: string };
  }[];
}

/** A key of ours, to see whether anything is heard. */
const probe = 'lab/watching';

/** Calls `tell` with every change of a lab's etcd, in the turn in which it is heard of. Ready when it hears something. */
export async function watchKeys(
  store: LabStore,
  tell: (change: KeyChange) => void,
): Promise<AsyncDisposable> {
  const [server] = store.servers;
  if (server === undefined || store.kind !== 'etcd') throw new Error(`${store.url} is no etcd of this lab`);
  const { name, address } = server;
  const { program, env } = storeServers.etcd.client([{ name, address: address as Ip }]);
  const [command, ...args] = inside(server.netns, [...program, 'watch', '--prefix', '', '-w', 'json']);
  const child = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...env, PATH: searchPath },
  });
  const end = ended('etcdctl', child);
  end.catch(() => undefined);
  let isHeard = false;
  createInterface({ input: child.stdout }).on('line', (line) => {
    for (const { type, kv } of (JSON.parse(line) as WatchJson).Events ?? []) {
      const key = Buffer.from(kv.key, 'base64').toString();
      if (key === probe) isHeard = true;
      else tell({ kind: type === 1 ? 'delete' : 'put', key, value: Buffer.from(kv.value ?? '', 'base64') });
    }
  });
  const hears = async (): Promise<boolean> => {
    await store.mustEtcdctl('put', probe, '');
    return isHeard;
  };
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await end;
  };
  try {
    await waitFor('etcdctl to hear of a change', hears, { within: 10_000 });
    await store.mustEtcdctl('del', probe);
  } catch (error) {
    await stop();
    throw error;
  }
  return { [Symbol.asyncDispose]: stop };
}
