import { DatabaseSync } from 'node:sqlite';
import { defaultPrefix } from '../../kvstore/keys.ts';
import type { LabStore } from '../lab/store.ts';

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
  using database = new DatabaseSync(store.url.slice('file://'.length), { readOnly: true, timeout: 5000 });
  const rows = database.prepare('SELECT key FROM entries WHERE key >= ? AND key < ? ORDER BY key');
  return rows.all(whole, `${whole}\u{10ffff}`).map((row) => String(row['key']));
}
