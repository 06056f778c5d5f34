import { spawn } from 'node:child_process';
import { DatabaseSync } from 'node:sqlite';
import { defaultPrefix } from '../../kvstore/keys.ts';
import { inside } from '../lab/netns.ts';
import { searchPath } from '../lab/run.ts';
import type { LabStore } from '../lab/store.ts';
import { waitFor } from '../lab/wait.ts';

/** What is written to a lab's store, seen past the product. */
export interface KeyWatch extends AsyncDisposable {
  /** The first key that was written since the watch was made, as soon as that can be seen. @throws TIMEOUT */
  first(within?: number): Promise<string>;
}

/** Looks for what is written below a prefix, from now on. On a file or an etcd of the lab. */
export function watchKeys(store: LabStore, prefix: string): Promise<KeyWatch> {
  const whole = `${defaultPrefix}${prefix}`;
  return store.kind === 'etcd' ? watchEtcd(store, whole) : Promise.resolve(watchFile(store, whole));
}

/** What a key holds, read past the product; the key with the prefix of the store. */
export async function valueAt(store: LabStore, key: string): Promise<Uint8Array> {
  if (store.kind === 'etcd') {
    const { kvs = [] } = (await etcdGet(store, key)) as { kvs?: readonly { readonly value: string }[] };
    return Buffer.from(kvs[0]?.value ?? '', 'base64');
  }
  using database = open(store);
  return database.prepare('SELECT value FROM entries WHERE key = ?').get(key)?.['value'] as Uint8Array;
}

const etcdGet = async (store: LabStore, key: string): Promise<unknown> =>
  JSON.parse(await store.mustEtcdctl('get', key, '-w', 'json'));

/** By a watch that begins behind the present revision, so that nothing is missed while it starts. */
async function watchEtcd(store: LabStore, whole: string): Promise<KeyWatch> {
  const { header } = (await etcdGet(store, whole)) as { readonly header: { readonly revision: number } };
  const flags = ['watch', '--prefix', `--rev=${header.revision + 1}`, whole];
  const [command, ...args] = inside(store.netns, ['etcdctl', ...flags]);
  const env = { PATH: searchPath, ETCDCTL_API: '3', ETCDCTL_ENDPOINTS: store.url.replace('etcd:', 'http:') };
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], env });
  const ended = new Promise((resolve) => child.once('close', resolve));
  let said = '';
  child.stdout.setEncoding('latin1').on('data', (text: string) => (said += text));
  const look = (): string | undefined => /^PUT\n(.*)\n/m.exec(said)?.[1];
  return {
    first: (within = 10_000) => waitFor(`a key below ${whole}`, look, { within, every: 1 }),
    async [Symbol.asyncDispose]() {
      child.kill();
      await ended;
    },
  };
}

function watchFile(store: LabStore, whole: string): KeyWatch {
  const database = open(store);
  const since = database.prepare('SELECT revision FROM store').get()?.['revision'] ?? 0;
  const rows = database.prepare('SELECT key FROM entries WHERE key >= ? AND key < ? AND revision > ?');
  const look = (): string | undefined => {
    const key = rows.get(whole, `${whole}\u{10ffff}`, since)?.['key'];
    return key === undefined ? undefined : String(key);
  };
  return {
    first: (within = 10_000) => waitFor(`a key below ${whole}`, look, { within, every: 1 }),
    [Symbol.asyncDispose]: async () => {
      database.close();
    },
  };
}

const open = (store: LabStore): DatabaseSync =>
  new DatabaseSync(store.url.slice('file://'.length), { readOnly: true, timeout: 5000 });
