import { expect, test } from '@jest/globals';
import { eventually, Follower } from '../../kvstore/contract-subject.ts';
import { node } from '../../kvstore/records/testing/values.ts';
import type { Lease, Store } from '../../kvstore/store.ts';
import { openClient } from '../../kvstore/testing/consul-client.ts';
import { ConsulServer } from '../../kvstore/testing/consul-server.ts';
import type { Generation } from '../../model/node.ts';
import { joinCluster } from './join.ts';

const { serial: _, ...content } = node;
const generations: readonly [Generation, Generation] = [
  { counter: 1, random: '1111111111111111' },
  { counter: 2, random: '2222222222222222' },
];

test('on Consul an agent that was killed and started again is alive at once, and was never gone', async () => {
  await using server = await ConsulServer.start();
  await using stack = new AsyncDisposableStack();
  const open = async (): Promise<Store> => {
    const store = await openClient([server.port], 'weft/v1/');
    stack.defer(() => store.close());
    return store;
  };
  const [before, after, witness] = [await open(), await open(), await open()];
  const [generation, next] = generations;
  const join = async (store: Store, of: Generation, past: readonly Generation[]): Promise<Lease> => {
    const lease = await store.lease(store.limits.minLeaseTtl);
    const joining = { node: content, nextSerial: () => 1, generation: of, past };
    await joinCluster(store, lease, joining, new AbortController().signal);
    return lease;
  };
  const old = await join(before, generation, []);
  const follower = new Follower();
  witness.watch('alive/', follower.sink);
  await eventually('the agent', () => follower.state.size === 1);
  const [{ created, revision } = { created: 0, revision: 0 }] = [...follower.state.values()];
  // Killed: nobody gives the lease back, and nobody keeps it.
  await before.close();
  const lease = await join(after, next, [generation]);
  await eventually('the new life', () => [...follower.state.values()].every((e) => e.revision > revision));
  // The session of the first life ends; the key is no longer its own.
  const end = performance.now() + 2.5 * old.ttl;
  await eventually('the end of the first session', () => performance.now() > end);
  expect([...follower.state.values()]).toEqual([expect.objectContaining({ created })]);
  expect(follower.kinds).not.toContain('stale');
  expect(follower.updates.flatMap((u) => (u.kind === 'changes' ? u.changes : [])).map((c) => c.kind)).toEqual(
    ['put'],
  );
  expect([lease.lost.aborted, follower.broken]).toEqual([false, []]);
}, 60_000);
