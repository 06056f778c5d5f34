import { expect } from '@jest/globals';
import { texts, type Promised } from './contract-subject.ts';
import { asRead, commit, deleteOp, putOp, putText } from './contract-write.ts';
import { decodeText, type Condition, type Op, type Store, type TxnResult } from './store.ts';

/** What `txn` promises. */
export function transactionCases(promise: Promised): void {
  conditionCases(promise);
  refusalCases(promise);

  promise('counters that many clients raise at once lose no increment', async ({ store, another }) => {
    const clients = [store, await another(), await another(), await another()];
    const each = 25;
    await Promise.all(
      clients.map(async (client) => {
        for (let n = 0; n < each; n += 1) await increment(client, 'counter');
      }),
    );
    expect(texts([(await store.get('counter'))!])).toEqual({ counter: String(clients.length * each) });
  });

  promise('of many who claim an absent key one wins, and the others read who', async ({ store, another }) => {
    const clients = [store, await another(), await another()];
    for (let round = 0; round < 20; round += 1) {
      const key = `claim/${round}`;
      const results = await Promise.all(
        clients.map((client, n) => client.txn([{ kind: 'absent', key }], [putOp(key, `client ${n}`)])),
      );
      const winner = results.findIndex((r) => r.ok);
      expect(results.filter((r) => r.ok).length).toBe(1);
      for (const result of results) {
        if (!result.ok) expect(decodeText(result.current.get(key)!.value)).toBe(`client ${winner}`);
      }
    }
  });
}

function conditionCases(promise: Promised): void {
  promise('all operations of a transaction get one revision, which it answers', async ({ store }) => {
    await putText(store, 'gone', 'x');
    const revision = await commit(store, [putOp('a', '1'), putOp('b', '2'), deleteOp('gone')]);
    const { entries } = await store.list('');
    expect(texts(entries)).toEqual({ a: '1', b: '2' });
    expect(entries.map((e) => e.revision)).toEqual([revision, revision]);
  });

  promise('deleting an absent key is success', async ({ store }) => {
    expect(await store.txn([], [deleteOp('never')])).toMatchObject({ ok: true });
    expect(await store.txn([{ kind: 'absent', key: 'never' }], [deleteOp('never')])).toMatchObject({
      ok: true,
    });
  });

  promise('conditions without operations are a question', async ({ store }) => {
    const revision = await putText(store, 'k', 'x');
    expect((await store.txn([{ kind: 'unchanged', key: 'k', revision }], [])).ok).toBe(true);
    expect((await store.txn([{ kind: 'absent', key: 'k' }], [])).ok).toBe(false);
    expect(await store.get('k')).toMatchObject({ revision });
  });

  promise('each condition holds exactly when it says so', async ({ store }) => {
    const first = await putText(store, 'k', 'one');
    const second = await putText(store, 'k', 'two');
    const cases: readonly (readonly [Condition, boolean])[] = [
      [{ kind: 'absent', key: 'k' }, false],
      [{ kind: 'absent', key: 'other' }, true],
      [{ kind: 'unchanged', key: 'k', revision: second }, true],
      [{ kind: 'unchanged', key: 'k', revision: first }, false],
      [{ kind: 'unchanged', key: 'k', revision: second + 1 }, false],
      [{ kind: 'unchanged', key: 'other', revision: second }, false],
    ];
    for (const [condition, holds] of cases) {
      const result = await store.txn([condition], [deleteOp('nothing')]);
      expect([condition, result.ok]).toEqual([condition, holds]);
    }
  });

  promise(
    'a key that was deleted and made again is not unchanged, even with the same value',
    async ({ store }) => {
      const revision = await putText(store, 'k', 'x');
      await commit(store, [deleteOp('k')]);
      await putText(store, 'k', 'x');
      expect((await store.txn([{ kind: 'unchanged', key: 'k', revision }], [])).ok).toBe(false);
    },
  );
}

function refusalCases(promise: Promised): void {
  promise(
    'one condition that fails refuses everything, and the answer holds every key asked for',
    async (t) => {
      const { store } = t;
      const a = await putText(store, 'a', 'one');
      const before = await store.list('');
      const result = await store.txn(
        [
          { kind: 'unchanged', key: 'a', revision: a },
          { kind: 'absent', key: 'b' },
          { kind: 'unchanged', key: 'c', revision: 1 },
        ],
        [putOp('a', 'two'), putOp('b', 'two'), putOp('d', 'two')],
      );
      const { current } = refused(result);
      expect([...current.keys()].sort()).toEqual(['a', 'b', 'c']);
      expect(current.get('a')).toEqual(await store.get('a'));
      expect([current.get('b'), current.get('c')]).toEqual([undefined, undefined]);
      expect(await store.list('')).toMatchObject({ entries: before.entries });
    },
  );

  promise('a key twice in the operations is our bug, and nothing is written', async ({ store }) => {
    for (const twice of [
      [putOp('k', '1'), putOp('k', '2')],
      [putOp('k', '1'), deleteOp('k')],
    ]) {
      await expect(store.txn([], twice)).rejects.toMatchObject({ code: 'INVARIANT' });
    }
    expect(await store.get('k')).toBeUndefined();
  });

  promise('an empty value and a key that is no printable ASCII are our bug', async ({ store }) => {
    const wrong = [putOp('k', ''), putOp('', 'x'), putOp('a b', 'x'), putOp('ä', 'x'), putOp('a\n', 'x')];
    for (const op of wrong) {
      await expect(store.txn([], [op])).rejects.toMatchObject({ code: 'INVARIANT' });
    }
    expect((await store.list('')).entries).toEqual([]);
  });

  promise('as many conditions and operations as the limits promise are taken, one more is not', async (t) => {
    const { store } = t;
    const { txnOps } = store.limits;
    const half = Math.floor(txnOps / 2);
    const conditions = Array.from({ length: half }, (_, n) => ({ kind: 'absent' as const, key: `k/${n}` }));
    const ops = Array.from({ length: txnOps - half }, (_, n) => putOp(`k/${n}`, 'x'));
    const tooMany = store.txn(conditions, [...ops, putOp('more', 'x')]);
    await expect(tooMany).rejects.toMatchObject({ code: 'STORE_LIMIT' });
    expect((await store.list('')).entries).toEqual([]);
    expect((await store.txn(conditions, ops)).ok).toBe(true);
    expect((await store.list('k/')).entries.length).toBe(txnOps - half);
  });

  promise(
    'a value or a transaction that is too large is STORE_LIMIT and changes nothing',
    async ({ store }) => {
      const { valueBytes, txnBytes } = store.limits;
      const large = (key: string, size: number): Op => ({
        kind: 'put',
        key,
        value: new Uint8Array(size).fill(1),
      });
      const limit = { code: 'STORE_LIMIT' };
      await expect(store.txn([], [large('k', valueBytes + 1)])).rejects.toMatchObject(limit);
      const parts = Math.ceil((txnBytes + 1) / valueBytes);
      const ops = Array.from({ length: parts }, (_, n) => large(`k${n}`, valueBytes));
      await expect(store.txn([], ops)).rejects.toMatchObject(limit);
      expect((await store.list('')).entries).toEqual([]);
    },
  );
}

function refused(result: TxnResult): Extract<TxnResult, { ok: false }> {
  if (result.ok) throw new Error('the transaction should have been refused');
  return result;
}

async function increment(store: Store, key: string): Promise<void> {
  let entry = await store.get(key);
  while (true) {
    const next = entry === undefined ? 1 : Number(decodeText(entry.value)) + 1;
    const result = await store.txn([asRead(key, entry)], [putOp(key, String(next))]);
    if (result.ok) return;
    entry = result.current.get(key);
  }
}
