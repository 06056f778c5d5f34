import { DatabaseSync } from 'node:sqlite';
import { defaultPrefix } from '../../kvstore/keys.ts';
import type { LabStore } from '../lab/store.ts';

/** A key below the product's prefix, and what it holds. */
export interface RawEntry {
  readonly key: string;
  readonly value: Uint8Array;
}

/** The keys that a lab's store holds below a prefix, read past the product: by etcdctl, by consul, or from the SQLite file. */
export async function keysBelow(store: LabStore, prefix: string): Promise<readonly string[]> {
  const whole = `${defaultPrefix}${prefix}`;
  if (store.kind === 'etcd') {
    const text = await store.mustEtcdctl('get', '--prefix', '--keys-only', whole);
    return text.split('\n').filter((line) => line !== '');
  }
  if (store.kind === 'consul') {
    const text = await store.mustConsul('kv', 'get', '-keys', '-separator=', whole);
    return text.split('\n').filter((line) => line !== '');
  }
  return inFile(store, whole).map(({ key }) => key);
}

/** The same with their values, as of one moment; keys as in `keys`, without the prefix. */
export async function entriesBelow(store: LabStore, prefix: string): Promise<readonly RawEntry[]> {
  const whole = `${defaultPrefix}${prefix}`;
  const without = ({ key, value }: RawEntry): RawEntry => ({ key: key.slice(defaultPrefix.length), value });
  if (store.kind === 'etcd') {
    const { kvs = [] } = JSON.parse(await store.mustEtcdctl('get', '--prefix', '-w', 'json', whole)) as Kvs;
    return kvs.map(({ key, value = '' }) =>
      without({ key: Buffer.from(key, 'base64').toString(), value: Buffer.from(value, 'base64') }),
    );
  }
  if (store.kind === 'consul') {
    const rows = JSON.parse(await store.mustConsul('kv', 'export', whole)) as readonly Exported[];
    return rows.map(({ key, value }) => without({ key, value: Buffer.from(value, 'base64') }));
  }
  return inFile(store, whole).map(without);
}

/** As `etcdctl get -w json` prints it; what is empty is left out. */
interface Kvs {
  readonly kvs?: readonly { readonly key: string; readonly value?: string }[];
}

/** A row of `consul kv export`. */
interface Exported {
  readonly key: string;
  readonly value: string;
}

function inFile(store: LabStore, whole: string): readonly RawEntry[] {
  using database = new DatabaseSync(store.url.slice('file://'.length), { readOnly: true, timeout: 5000 });
  const rows = database.prepare('SELECT key, value FROM entries WHERE key >= ? AND key < ? ORDER BY key');
  return rows.all(whole, `${whole}\u{10ffff}`).map(({ key, value }) => ({
    key: String(key),
    value: value as Uint8Array,
  }));
}
