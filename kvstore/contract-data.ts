import { expect } from '@jest/globals';
import { hex, texts, type Promised } from './contract-subject.ts';
import { put, putText } from './contract-write.ts';
import { encodeText, type Listing } from './store.ts';

/** What `get`, `list` and the housekeeping calls promise. */
export function dataCases(promise: Promised): void {
  promise('an absent key is undefined, and no entry of any list', async ({ store }) => {
    expect(await store.get('networks/blue')).toBeUndefined();
    expect((await store.list('')).entries).toEqual([]);
  });

  promise('a key is read as it was written, by every client', async ({ store, another }) => {
    const revision = await putText(store, 'networks/blue', 'one');
    for (const client of [store, await another()]) {
      const entry = await client.get('networks/blue');
      expect(entry).toMatchObject({ key: 'networks/blue', revision, created: revision });
      expect(hex(entry)).toBe(hex({ value: encodeText('one') }));
    }
  });

  promise('values are bytes: every one of the 256, and sequences that are no UTF-8', async ({ store }) => {
    const values = [
      Uint8Array.from({ length: 256 }, (_, i) => i),
      Uint8Array.of(0),
      Uint8Array.of(0xff),
      Uint8Array.of(0xc3, 0x28, 0, 0xfe),
    ];
    for (const value of values) {
      await put(store, 'k', value);
      expect(hex(await store.get('k'))).toBe(hex({ value }));
      expect(hex((await store.list('k')).entries[0])).toBe(hex({ value }));
    }
  });

  promise('a value that the caller changes afterwards stays as written', async ({ store }) => {
    const value = Uint8Array.of(1, 2, 3);
    await put(store, 'k', value);
    value.fill(9);
    const read = await store.get('k');
    read?.value.fill(8);
    expect(hex(await store.get('k'))).toBe('010203');
  });

  promise('the largest value that the limits promise is kept', async ({ store }) => {
    const value = new Uint8Array(Math.min(store.limits.valueBytes, store.limits.txnBytes - 1)).fill(0x61);
    await put(store, 'k', value);
    expect(Buffer.compare((await store.get('k'))?.value ?? Buffer.of(), value)).toBe(0);
  });

  promise(
    'rewriting moves the revision and keeps when the key was made; a new life begins anew',
    async (t) => {
      const { store } = t;
      const first = await putText(store, 'k', 'one');
      const second = await putText(store, 'k', 'one');
      expect(second).toBeGreaterThan(first);
      expect(await store.get('k')).toMatchObject({ revision: second, created: first });
      await store.txn([], [{ kind: 'delete', key: 'k' }]);
      expect(await store.get('k')).toBeUndefined();
      const third = await putText(store, 'k', 'one');
      expect(third).toBeGreaterThan(second);
      expect(await store.get('k')).toMatchObject({ revision: third, created: third });
    },
  );

  promise(
    'a list holds exactly what starts with the prefix, ordered by key, as of one revision',
    async (t) => {
      const { store } = t;
      const keys = ['a', 'net/1', 'net/1/x', 'net/10/y', 'net/2', 'net0', 'net/~', 'net/A', 'z'];
      for (const key of [...keys].reverse()) await putText(store, key, key);
      const names = async (prefix: string): Promise<readonly string[]> =>
        (await store.list(prefix)).entries.map((e) => e.key);
      expect(await names('net/')).toEqual(['net/1', 'net/1/x', 'net/10/y', 'net/2', 'net/A', 'net/~']);
      expect(await names('net/1')).toEqual(['net/1', 'net/1/x', 'net/10/y']);
      expect(await names('net/1/')).toEqual(['net/1/x']);
      expect(await names('nothing/')).toEqual([]);
      expect(await names('')).toEqual([...keys].sort());
      const listing = await store.list('net/');
      for (const entry of listing.entries) expect(await store.get(entry.key)).toEqual(entry);
    },
  );

  promise('characters that mean something elsewhere are letters in a key', async ({ store }) => {
    const keys = ['k%25', 'k%2f', "k'--", 'k*', 'k?', 'k\\', 'k_', 'k"', 'k#x', 'k+x', 'k..', 'kA', 'ka'];
    for (const key of keys) await putText(store, key, key);
    for (const key of keys) expect(texts((await store.list(key)).entries)).toEqual({ [key]: key });
    expect((await store.list('k')).entries.length).toBe(keys.length);
  });

  promise('thousands of keys arrive in one listing of one revision', async ({ store, another }) => {
    const { txnOps } = store.limits;
    const total = 3000;
    const key = (i: number): string => `many/${String(i).padStart(5, '0')}`;
    for (let i = 0; i < total; i += txnOps) {
      const ops = Array.from({ length: Math.min(txnOps, total - i) }, (_, j) => ({
        kind: 'put' as const,
        key: key(i + j),
        value: Buffer.from('0'),
      }));
      await store.txn([], ops);
    }
    // One writer rewrites first and last key together: a listing that is of one revision shows them equal.
    const writer = await another();
    const ends = [key(0), key(total - 1)];
    const listings: Listing[] = [];
    for (let n = 0; n < 5; n += 1) {
      const value = Buffer.from(String(n));
      const ops = ends.map((each) => ({ kind: 'put' as const, key: each, value }));
      const [listing] = await Promise.all([store.list('many/'), writer.txn([], ops)]);
      listings.push(listing);
    }
    for (const { entries, revision } of listings) {
      expect(entries.length).toBe(total);
      const { [ends[0]!]: head, [ends[1]!]: tail } = texts(entries);
      expect(head).toBe(tail);
      expect(Math.max(...entries.map((e) => e.revision))).toBeLessThanOrEqual(revision);
    }
  });

  promise('the listing of a prefix is as new as the last write anywhere', async ({ store }) => {
    const revision = await putText(store, 'elsewhere', 'x');
    expect((await store.list('net/')).revision).toBeGreaterThanOrEqual(revision);
  });

  promise('what one client wrote is what the other reads next', async ({ store, another }) => {
    const other = await another();
    for (let n = 0; n < 50; n += 1) {
      await putText(n % 2 === 0 ? store : other, 'k', String(n));
      expect(texts([(await (n % 2 === 0 ? other : store).get('k'))!])).toEqual({ k: String(n) });
    }
  });

  promise('all clients of the same data know one identity, which writes do not change', async (t) => {
    const before = await t.store.identity();
    await putText(t.store, 'k', 'x');
    expect(before).not.toBe('');
    expect(await t.store.identity()).toBe(before);
    expect(await (await t.another()).identity()).toBe(before);
  });

  promise('each server tells who it is and that it belongs to this store', async ({ store, another }) => {
    expect(store.servers).toBeDefined();
    const servers = (await store.servers?.()) ?? [];
    expect(servers.length).toBeGreaterThan(0);
    for (const server of servers) {
      expect(server).toMatchObject({ kind: 'answers', identity: await store.identity() });
      // Who may use the keys need not be one who may look at the servers.
      if (server.kind === 'answers') expect(server.version).toMatch(/^\w+( \d|, of a version)/);
    }
    const reason = new Error('changed my mind');
    await expect(store.servers?.({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const closed = await another();
    await closed.close();
    await expect(closed.servers?.()).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  });

  promise('an aborted signal ends a call with its reason', async ({ store }) => {
    const reason = new Error('changed my mind');
    const signal = AbortSignal.abort(reason);
    await expect(store.get('k', { signal })).rejects.toBe(reason);
    await expect(store.list('', { signal })).rejects.toBe(reason);
    await expect(store.identity({ signal })).rejects.toBe(reason);
    await expect(store.lease(5000, { signal })).rejects.toBe(reason);
    const ops = [{ kind: 'put' as const, key: 'k', value: Buffer.from('x') }];
    await expect(store.txn([], ops, { signal })).rejects.toBe(reason);
    expect(await store.get('k')).toBeUndefined();
  });

  promise('after close every call is refused as STORE_CLOSED, and closing again is harmless', async (t) => {
    const store = await t.another();
    await store.close();
    await store.close();
    const closed = { code: 'STORE_CLOSED' };
    await expect(store.get('k')).rejects.toMatchObject(closed);
    await expect(store.list('')).rejects.toMatchObject(closed);
    await expect(store.identity()).rejects.toMatchObject(closed);
    await expect(store.lease(5000)).rejects.toMatchObject(closed);
    await expect(putText(store, 'k', 'x')).rejects.toMatchObject(closed);
    expect(() => store.watch('', () => undefined)).toThrow(expect.objectContaining(closed));
    expect(await t.store.get('k')).toBeUndefined();
  });

  promise('a description names the back end', async ({ store }) => {
    expect(store.description).toMatch(/\w{3}/);
  });
}
