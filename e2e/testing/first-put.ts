import { DatabaseSync } from 'node:sqlite';
import { defaultPrefix } from '../../kvstore/keys.ts';
import { watchKeys, type KeyChange } from '../lab/key-watch.ts';
import type { LabStore } from '../lab/store.ts';
import { waitFor } from '../lab/wait.ts';

type Put = Pick<KeyChange, 'key' | 'value'>;

/** Waits for what is written to a lab's store, past the product. */
export interface PutWatch extends AsyncDisposable {
  /** The first that was written since the watch was made, as soon as that can be seen; its key as in `keys`. @throws TIMEOUT */
  first(): Promise<Put>;
}

/** Looks for what is written below a prefix from now on, to a file or an etcd of the lab. */
export async function watchPuts(store: LabStore, prefix: string): Promise<PutWatch> {
  const whole = `${defaultPrefix}${prefix}`;
  const { look, close } = store.kind === 'etcd' ? await inEtcd(store, whole) : inFile(store, whole);
  return {
    async first() {
      const { key, value } = await waitFor(`a key below ${whole}`, look, { within: 10_000, every: 1 });
      return { key: key.slice(defaultPrefix.length), value };
    },
    [Symbol.asyncDispose]: close,
  };
}

interface Look {
  look(): Put | undefined;
  close(): Promise<void>;
}

async function inEtcd(store: LabStore, whole: string): Promise<Look> {
  const seen: Put[] = [];
  const watch = await watchKeys(store, ({ kind, key, value }) => {
    if (kind === 'put' && key.startsWith(whole)) seen.push({ key, value });
  });
  return { look: () => seen[0], close: async () => watch[Symbol.asyncDispose]() };
}

function inFile(store: LabStore, whole: string): Look {
  const database = new DatabaseSync(store.url.slice('file://'.length), { readOnly: true, timeout: 5000 });
  const since = database.prepare('SELECT revision FROM store').get()?.['revision'] ?? 0;
  const rows = database.prepare(
    'SELECT key, value FROM entries WHERE key >= ? AND key < ? AND revision > ? ORDER BY revision',
  );
  return {
    look: () => rows.get(whole, `${whole}\u{10ffff}`, since) as Put | undefined,
    close: async () => {
      database.close();
    },
  };
}
