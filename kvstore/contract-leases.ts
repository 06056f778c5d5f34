import { expect } from '@jest/globals';
import { eventually, Follower, type Promised } from './contract-subject.ts';
import { commit, putText } from './contract-write.ts';
import { encodeText, type Lease, type Op, type Store } from './store.ts';

/** Milliseconds beyond what the limits promise: a slow machine, a sweep that runs now and then. */
const slack = 5000;

/** What `lease` promises. */
export function leaseCases(promise: Promised): void {
  promise(
    'keys under a lease go when it is revoked, and with them nothing else',
    async ({ store, another }) => {
      const lease = await store.lease(60_000);
      const kept = await store.lease(60_000);
      await commit(store, [leased('alive/a', lease), leased('alive/b', lease), leased('alive/c', kept)]);
      await putText(store, 'durable', 'x');
      expect((await (await another()).list('alive/')).entries.length).toBe(3);
      await lease.revoke();
      expect((await store.list('')).entries.map((e) => e.key)).toEqual(['alive/c', 'durable']);
      expect([lease.lost.aborted, kept.lost.aborted]).toEqual([false, false]);
      await lease.revoke();
    },
  );

  promise('a watcher is told when keys go with their lease', async ({ store, another }) => {
    const follower = new Follower();
    const watch = (await another()).watch('alive/', follower.sink);
    const lease = await store.lease(60_000);
    await commit(store, [leased('alive/a', lease), leased('alive/b', lease)]);
    await eventually('both keys', () => follower.state.size === 2);
    await lease.revoke();
    await eventually('their end', () => follower.state.size === 0);
    await watch.close();
    expect(follower.broken).toEqual([]);
  });

  promise(
    'a lease keeps itself alive, also the shortest one, and a wish below the limit is raised',
    async (t) => {
      const { store } = t;
      const { limits } = store;
      const lease = await store.lease(1);
      expect(lease.ttl).toBeGreaterThanOrEqual(limits.minLeaseTtl);
      await commit(store, [leased('alive/a', lease)]);
      await passing(lease.ttl * limits.leaseFactor * 1.5);
      expect(lease.lost.aborted).toBe(false);
      expect(await store.get('alive/a')).toBeDefined();
      await lease.revoke();
      await passing(lease.ttl);
      expect(lease.lost.aborted).toBe(false);
    },
  );

  promise('keys go when the holder is gone without a word, within TTL times factor', async (t) => {
    const { store } = t;
    const holder = await t.another();
    const follower = new Follower();
    const watch = store.watch('alive/', follower.sink);
    const lease = await holder.lease(store.limits.minLeaseTtl);
    await commit(holder, [leased('alive/a', lease)]);
    await eventually('the key', () => follower.state.size === 1);
    await holder.close();
    expect(await store.get('alive/a')).toBeDefined();
    await eventually(
      'its end',
      () => follower.state.size === 0,
      lease.ttl * store.limits.leaseFactor + slack,
    );
    expect(await store.get('alive/a')).toBeUndefined();
    await watch.close();
  });

  promise('a lease that was ended elsewhere is lost: it says so, and its keys are gone', async (t) => {
    const { store } = t;
    const lease = await store.lease(store.limits.minLeaseTtl);
    await commit(store, [leased('alive/a', lease)]);
    await t.expireLeases();
    await eventually('the loss', () => lease.lost.aborted, lease.ttl * store.limits.leaseFactor + slack);
    expect(lease.lost.reason).toMatchObject({ code: 'STORE_LEASE_LOST' });
    expect(await store.get('alive/a')).toBeUndefined();
    await lease.revoke();
  });

  promise(
    'a put under a lease that is gone is refused as STORE_LEASE_LOST, with all of its transaction',
    async (t) => {
      const { store } = t;
      const ended = await store.lease(60_000);
      await ended.revoke();
      const lost = await store.lease(60_000);
      await t.expireLeases();
      for (const lease of [ended, lost]) {
        const ops = [{ kind: 'put' as const, key: 'k', value: encodeText('x') }, leased('alive/a', lease)];
        await expect(store.txn([], ops)).rejects.toMatchObject({ code: 'STORE_LEASE_LOST' });
      }
      expect((await store.list('')).entries).toEqual([]);
    },
  );

  promise('a put without lease makes the key durable, one with another lease moves it', async ({ store }) => {
    const [first, second] = [await store.lease(60_000), await store.lease(60_000)];
    await commit(store, [leased('a', first), leased('b', first), leased('c', first)]);
    await putText(store, 'a', 'durable');
    await commit(store, [leased('b', second)]);
    await first.revoke();
    expect(await keysOf(store)).toEqual(['a', 'b']);
    await second.revoke();
    expect(await keysOf(store)).toEqual(['a']);
  });

  promise('a key that was deleted and made again has nothing to do with the old lease', async ({ store }) => {
    const lease = await store.lease(60_000);
    await commit(store, [leased('a', lease)]);
    await commit(store, [{ kind: 'delete', key: 'a' }]);
    await putText(store, 'a', 'x');
    await lease.revoke();
    expect(await keysOf(store)).toEqual(['a']);
  });

  promise('a condition on a leased key fails once the lease is gone', async ({ store, another }) => {
    const holder = await another();
    const lease = await holder.lease(60_000);
    const revision = await commit(holder, [leased('alive/a', lease)]);
    await lease.revoke();
    expect((await store.txn([{ kind: 'unchanged', key: 'alive/a', revision }], [])).ok).toBe(false);
    expect((await store.txn([{ kind: 'absent', key: 'alive/a' }], [])).ok).toBe(true);
  });
}

/** Waits until real time has passed: leases are about time, and a server's cannot be moved. */
async function passing(ms: number): Promise<void> {
  const until = performance.now() + ms;
  await eventually(`${ms} ms to pass`, () => performance.now() > until, ms * 10);
}

const leased = (key: string, lease: Lease): Op => ({ kind: 'put', key, value: encodeText('alive'), lease });

const keysOf = async (store: Store): Promise<readonly string[]> =>
  (await store.list('')).entries.map((e) => e.key);
