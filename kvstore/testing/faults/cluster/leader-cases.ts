import { expect } from '@jest/globals';
import { eventually } from '../../../contract-subject.ts';
import { commit, putText } from '../../../contract-write.ts';
import { encodeText, type Lease, type Store } from '../../../store.ts';
import { notingLogger } from '../../noting-logger.ts';
import { expectTheTruth, follow, passing, patience } from '../follow.ts';
import { clusterFault, type Servers } from './hands.ts';
import { WriteStream } from './write-stream.ts';

/** As an agent has it. */
const leaseTtl = 15_000;

/** A client tells who answers instead, Consul's also that nobody does and that somebody does again; no attempt has a line. */
const mostLines = 8;

export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** A lease that holds a key. */
export async function leased(store: Store): Promise<Lease> {
  const lease = await store.lease(leaseTtl);
  await commit(store, [{ kind: 'put', key: 'alive/a', value: encodeText('x'), lease }]);
  return lease;
}

/** Loses the leader, by way of which the clients go, while watches, leases and a stream of writes go on. */
async function loseLeader(
  { cluster, client }: Servers,
  lose: (leader: number) => Promise<void> | void,
): Promise<string> {
  const leader = await cluster.leader();
  const others = cluster.others(leader);
  const lines: string[] = [];
  const store = await client([leader, ...others], notingLogger(lines));
  // As an agent that has nothing to do: it watches, and keeps a lease.
  const idle = await client([leader, ...others]);
  const witness = await client(others);
  const followers = (await Promise.all([store, idle, witness].map((by) => follow(by)))).map(
    ({ follower }) => follower,
  );
  const leases = await Promise.all([leased(store), idle.lease(leaseTtl)]);
  await using stream = new WriteStream(store, 'net/');
  for (const each of followers) stream.watchedBy(each);
  await stream.again();
  await lose(leader);
  const writes = await stream.again();
  const begin = performance.now();
  await eventually('a write of another client', () => putText(witness, 'net/news', 'x'), patience);
  await eventually('the news', () => followers.every(({ state }) => state.has('net/news')), patience);
  const news = performance.now() - begin;
  await stream.stop();
  await stream.expectTruth(witness);
  for (const each of followers) await expectTheTruth(each, witness);
  await cluster.mend();
  for (const each of followers) await expectTheTruth(each, witness);
  expect(followers.flatMap(({ broken }) => broken)).toEqual([]);
  expect(leases.map(({ lost }) => lost.aborted)).toEqual([false, false]);
  expect(await witness.get('alive/a')).toBeDefined();
  expect(lines.length).toBeLessThanOrEqual(mostLines);
  const [no, perhaps] = [stream.count('not written'), stream.count('perhaps written')];
  const told = `${no} writes not applied, ${perhaps} perhaps`;
  return `writes again after ${seconds(writes)} (${told}), an idle watch after ${seconds(writes + news)}, ${lines.length} lines of log`;
}

/** Each goes on as if nothing had happened, but for some seconds. */
export const leaderCases = [
  clusterFault(
    'the leader of three is killed: what was acknowledged is there, watches lose nothing, leases are kept',
    ['servers'],
    ({ hands: { servers } }) => loseLeader(servers, (leader) => servers.cluster.kill(leader)),
  ),
  clusterFault(
    'the leader of three is frozen: what was acknowledged is there, watches lose nothing, leases are kept',
    ['servers'],
    ({ hands: { servers } }) => loseLeader(servers, (leader) => servers.cluster.freeze(leader)),
  ),
  clusterFault(
    'the leader of three is cut off: what was acknowledged is there, watches lose nothing, leases are kept',
    ['servers'],
    ({ hands: { servers } }) => loseLeader(servers, (leader) => servers.cluster.cutOff(leader)),
  ),
  clusterFault(
    'a lease outlives the server by way of which it was got, for as long as somebody keeps it',
    ['servers'],
    async ({ hands: { servers }, witness, long }) => {
      const { cluster, client } = servers;
      const leader = await cluster.leader();
      const store = await client([leader, ...cluster.others(leader)]);
      const lease = await leased(store);
      await cluster.kill(leader);
      await cluster.leader();
      await passing(long ? 60_000 : 3000);
      expect(lease.lost.aborted).toBe(false);
      expect(await witness.get('alive/a')).toBeDefined();
    },
  ),
] as const;
