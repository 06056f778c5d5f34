import { expect } from '@jest/globals';
import { eventually, Follower, texts } from '../../../contract-subject.ts';
import { commit, deleteOp, putOp, putText } from '../../../contract-write.ts';
import { patience } from '../follow.ts';
import { faultFor, type FaultCase } from '../fault-case.ts';
import type { Hands } from '../hands.ts';
import { encodeText } from '../../../store.ts';

type Away = Pick<Hands, 'away'>;
const fault = faultFor<Away>();

/** What every call and every watch promises while the store is away and when it is back. */
export const awayCases: readonly FaultCase<Away>[] = [
  fault(
    'calls are answered with STORE_UNAVAILABLE, writes perhaps with STORE_AMBIGUOUS, and work again',
    ['away'],
    async (t) => {
      const { store } = t;
      await putText(store, 'k', 'before');
      await t.hands.away.begin();
      const unavailable = { code: 'STORE_UNAVAILABLE' };
      await expect(store.get('k')).rejects.toMatchObject(unavailable);
      await expect(store.list('')).rejects.toMatchObject(unavailable);
      const states = (await store.servers?.())?.map(({ kind }) => kind) ?? [];
      expect([states.length > 0, ...new Set(states)]).toEqual([true, 'silent']);
      await expect(store.lease(5000)).rejects.toMatchObject({ retry: 'transient' });
      const code: unknown = await putText(store, 'k', 'meanwhile').catch((error: unknown) => error);
      expect(['STORE_UNAVAILABLE', 'STORE_AMBIGUOUS']).toContain((code as { code: string }).code);
      await t.hands.away.end();
      await eventually('an answer', () => store.get('k'), patience);
      await eventually('a write', () => putText(store, 'k', 'after'), patience);
      expect(texts([(await store.get('k'))!])).toEqual({ k: 'after' });
    },
  ),

  fault('a signal ends a call that waits for a store that is away', ['away'], async (t) => {
    await t.hands.away.begin();
    const controller = new AbortController();
    const reason = new Error('enough');
    const call = t.store.get('k', { signal: controller.signal });
    controller.abort(reason);
    const error: unknown = await call.catch((e: unknown) => e);
    expect(error === reason || (error as { code?: string }).code === 'STORE_UNAVAILABLE').toBe(true);
    await t.hands.away.end();
  }),

  fault(
    'a watch says once that it is stale, keeps what it said, and goes on by itself',
    ['away'],
    async (t) => {
      const { store } = t;
      const follower = new Follower();
      const watch = store.watch('net/', follower.sink);
      await commit(store, [putOp('net/a', 'one'), putOp('net/b', 'one')]);
      await eventually('both keys', () => follower.state.size === 2);
      for (const round of ['first', 'second']) {
        await t.hands.away.begin();
        await eventually('stale', () => follower.kinds.at(-1) === 'stale', patience);
        expect(follower.updates.at(-1)).toMatchObject({ cause: { code: 'STORE_UNAVAILABLE' } });
        await t.hands.away.end();
        await eventually('a write', () => putText(store, 'net/a', round), patience);
        await eventually('the write in the watch', () => follower.texts['net/a'] === round, patience);
        expect(follower.texts).toEqual({ 'net/a': round, 'net/b': 'one' });
      }
      await commit(store, [deleteOp('net/b')]);
      await eventually('the deletion', () => !follower.state.has('net/b'));
      await watch.close();
      expect(follower.broken).toEqual([]);
      expect(follower.kinds.filter((kind) => kind === 'stale').length).toBe(2);
    },
  ),

  fault('the end of an outage is told, also when nothing has changed', ['away'], async (t) => {
    await putText(t.store, 'net/a', 'one');
    const follower = new Follower();
    const watch = t.store.watch('net/', follower.sink);
    await eventually('a snapshot', () => follower.kinds.length > 0);
    await t.hands.away.begin();
    await eventually('stale', () => follower.kinds.at(-1) === 'stale', patience);
    await t.hands.away.end();
    await eventually('the end', () => follower.kinds.at(-1) !== 'stale', patience);
    expect([follower.texts, follower.broken]).toEqual([{ 'net/a': 'one' }, []]);
    await watch.close();
  }),

  fault('a watch that begins while the store is away is stale first and whole later', ['away'], async (t) => {
    await putText(t.store, 'net/a', 'one');
    await t.hands.away.begin();
    const follower = new Follower();
    const watch = t.store.watch('net/', follower.sink);
    await eventually('stale', () => follower.kinds.length > 0, patience);
    expect(follower.kinds).toEqual(['stale']);
    await t.hands.away.end();
    await eventually('a snapshot', () => follower.kinds.includes('snapshot'), patience);
    expect(follower.texts).toEqual({ 'net/a': 'one' });
    await watch.close();
    expect(follower.broken).toEqual([]);
  }),

  fault('a watch can be closed while the store is away', ['away'], async (t) => {
    const follower = new Follower();
    const watch = t.store.watch('net/', follower.sink);
    await eventually('a snapshot', () => follower.kinds.length > 0);
    await t.hands.away.begin();
    await eventually('stale', () => follower.kinds.at(-1) === 'stale', patience);
    await watch.close();
    follower.closed = true;
    await t.hands.away.end();
    await eventually('a write', () => putText(t.store, 'net/a', 'x'), patience);
    expect([follower.kinds, follower.broken]).toEqual([['snapshot', 'stale'], []]);
  }),

  fault('a lease that cannot be kept alive for its TTL is lost', ['away'], async (t) => {
    const { store } = t;
    const lease = await store.lease(store.limits.minLeaseTtl);
    await commit(store, [{ kind: 'put', key: 'alive/a', value: encodeText('x'), lease }]);
    await t.hands.away.begin();
    await eventually('the loss', () => lease.lost.aborted, lease.ttl + patience);
    expect(lease.lost.reason).toMatchObject({ code: 'STORE_LEASE_LOST' });
    await t.hands.away.end();
    await eventually('the end of its key', async () => (await store.get('alive/a')) === undefined, patience);
  }),
];
