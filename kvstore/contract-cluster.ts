import { expect } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, Follower, texts } from './contract-subject.ts';
import { asRead, commit, putOp, putText } from './contract-write.ts';
import { encodeText, type Entry, type Lease, type Store } from './store.ts';
import type { Cluster, ClusterServer } from './testing/cluster.ts';
import { WriteStream } from './testing/write-stream.ts';

/** A store of three servers that holds no key yet. */
export interface ClusterScene {
  readonly cluster: Cluster<ClusterServer>;
  /** A client of these servers, which are asked in this order; it ends with the scene. */
  client(order: readonly number[], lines?: string[]): Promise<Store>;
}

/** One thing that happens to servers, and what is promised all the same. May return a figure. */
export interface ClusterCase {
  readonly name: string;
  readonly run: (scene: ClusterScene) => Promise<string | undefined>;
}

/** Longer than any server needs to come to itself, on a busy machine. */
const patience = 40_000;

/** As an agent has it. */
const leaseTtl = 15_000;

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

/** The server, and then the others. */
const beginningWith = ({ cluster }: ClusterScene, index: number): readonly number[] => [
  index,
  ...cluster.others(index),
];

async function follow(store: Store): Promise<Follower> {
  const follower = new Follower();
  store.watch('net/', follower.sink);
  await eventually('a snapshot', () => follower.kinds.includes('snapshot'), patience);
  return follower;
}

/** Waits until the follower has what the store lists. */
async function expectTheTruth(follower: Follower, witness: Store): Promise<void> {
  const revisions = (entries: Iterable<Entry>): unknown =>
    [...entries].map((e) => `${e.key} ${e.created} ${e.revision}`).sort();
  const wanted = JSON.stringify(revisions((await witness.list('net/')).entries));
  const isThere = (): boolean => JSON.stringify(revisions(follower.state.values())) === wanted;
  await eventually('the truth', isThere, patience);
  expect(follower.broken).toEqual([]);
}

async function leased(store: Store): Promise<Lease> {
  const lease = await store.lease(leaseTtl);
  await commit(store, [{ kind: 'put', key: 'alive/a', value: encodeText('x'), lease }]);
  return lease;
}

/** Does something to the leader, through which the client goes, while watches, a lease and a stream of writes go on. */
async function loseLeader(
  scene: ClusterScene,
  lose: (leader: number) => Promise<void> | void,
): Promise<string> {
  const { cluster } = scene;
  const leader = await cluster.leader();
  const lines: string[] = [];
  const store = await scene.client(beginningWith(scene, leader), lines);
  // As an agent that has nothing to do: it watches, and keeps a lease.
  const idle = await scene.client(beginningWith(scene, leader));
  const witness = await scene.client(cluster.others(leader));
  const followers = await Promise.all([store, idle, witness].map(follow));
  const leases = await Promise.all([leased(store), idle.lease(leaseTtl)]);
  const stream = new WriteStream(store, 'net/');
  for (const each of followers) stream.watchedBy(each);
  await stream.again();
  await lose(leader);
  const writes = await stream.again();
  const begin = performance.now();
  await putText(witness, 'net/news', 'x');
  await eventually('the news', () => followers.every(({ state }) => state.has('net/news')), patience);
  const news = performance.now() - begin;
  // Longer than a lease that nobody keeps.
  await pause(2000);
  await stream.stop();
  await stream.expectTruth(witness);
  for (const each of followers) await expectTheTruth(each, witness);
  await cluster.mend();
  for (const each of followers) await expectTheTruth(each, witness);
  expect(leases.map(({ lost }) => lost.aborted)).toEqual([false, false]);
  expect(await witness.get('alive/a')).toBeDefined();
  const [no, perhaps] = [stream.count('not written'), stream.count('perhaps written')];
  const lost = `${no} not written, ${perhaps} perhaps`;
  return `writes again after ${seconds(writes)}, ${lost}, an idle watch after ${seconds(writes + news)}; ${lines.length} lines`;
}

export const clusterCases: readonly ClusterCase[] = [
  {
    name: 'the leader is killed: nothing that was acknowledged is lost, watches and leases go on',
    run: async (scene) => await loseLeader(scene, (leader) => scene.cluster.kill(leader)),
  },
  {
    name: 'the leader is frozen: nothing that was acknowledged is lost, watches and leases go on',
    run: async (scene) => await loseLeader(scene, (leader) => scene.cluster.freeze(leader)),
  },
  {
    name: 'the leader is cut off from the others: nothing that was acknowledged is lost, watches and leases go on',
    run: async (scene) => await loseLeader(scene, (leader) => scene.cluster.cutOff(leader)),
  },
  {
    name: 'a server that is cut off from the others serves nothing old as new',
    run: async (scene) => {
      const { cluster } = scene;
      const leader = await cluster.leader();
      const alone = await scene.client([leader]);
      const others = await scene.client(cluster.others(leader));
      const write = async (n: number): Promise<boolean> => {
        // On a condition: one whose reply was lost may be applied much later, and then must not be.
        const { ok } = await others.txn([asRead('k', await others.get('k'))], [putOp('k', `${n}`)]);
        return ok;
      };
      const read = async (by: Store): Promise<number> => Number(texts([(await by.get('k'))!])['k']);
      await write(0);
      expect(await read(alone)).toBe(0);
      await cluster.cutOff(leader);
      let written = 0;
      const outdated: string[] = [];
      const count = { answers: 0, refusals: 0 };
      const over = new AbortController();
      const reading = (async (): Promise<void> => {
        while (!over.signal.aborted) {
          const atLeast = written;
          try {
            const seen = await read(alone);
            count.answers += 1;
            if (seen < atLeast) outdated.push(`${seen} after ${atLeast} was written`);
          } catch {
            count.refusals += 1;
          }
          await pause(5);
        }
      })();
      for (let n = 1; n <= 20; n += 1) {
        await eventually('a write', () => write(n), patience);
        written = n;
        await pause(20);
      }
      await eventually('a refusal', () => count.refusals > 0, patience);
      await cluster.mend();
      await eventually('the last write', async () => (await read(alone)) === 20, patience);
      over.abort();
      await reading;
      expect(outdated).toEqual([]);
      return `${count.answers} answers, none old; ${count.refusals} refusals`;
    },
  },
  {
    name: 'each server is killed in turn: the client is served all the time, and its watch hears everything',
    run: async (scene) => {
      const { cluster } = scene;
      const lines: string[] = [];
      const store = await scene.client([0, 1, 2], lines);
      const follower = await follow(store);
      const lease = await leased(store);
      const stream = new WriteStream(store, 'net/');
      stream.watchedBy(follower);
      await stream.again();
      const gaps: number[] = [];
      for (const index of [0, 1, 2]) {
        await cluster.kill(index);
        gaps.push(await stream.again());
        await cluster.mend();
        await cluster.leader();
      }
      await stream.stop();
      await stream.expectTruth(store);
      await expectTheTruth(follower, store);
      expect(lease.lost.aborted).toBe(false);
      expect(lines.length).toBeLessThanOrEqual(8);
      return `writes again after ${gaps.map(seconds).join(', ')}; ${lines.length} lines`;
    },
  },
  {
    name: 'without a majority calls are STORE_UNAVAILABLE and a watch is stale, never empty; then all is well by itself',
    run: async (scene) => {
      const { cluster } = scene;
      const lines: string[] = [];
      const store = await scene.client([0, 1, 2], lines);
      await commit(store, [putOp('net/a', '1'), putOp('net/b', '1')]);
      const follower = await follow(store);
      const [one, two] = [await cluster.leader(), cluster.others(await cluster.leader())[0] ?? 0];
      await cluster.kill(one);
      await cluster.kill(two);
      const unavailable = { code: 'STORE_UNAVAILABLE' };
      await expect(store.get('net/a')).rejects.toMatchObject(unavailable);
      await expect(store.list('net/')).rejects.toMatchObject(unavailable);
      await eventually('stale', () => follower.kinds.at(-1) === 'stale', patience);
      const attemptsOf = (): number => cluster.ways.reduce((sum, { attempts }) => sum + attempts, 0);
      const before = attemptsOf();
      await pause(5000);
      const attempts = attemptsOf() - before;
      expect(follower.kinds).toEqual(['snapshot', 'stale']);
      expect(follower.texts).toEqual({ 'net/a': '1', 'net/b': '1' });
      const begin = performance.now();
      await cluster.mend();
      await cluster.leader();
      const led = performance.now() - begin;
      await eventually('an end of stale', () => follower.kinds.at(-1) !== 'stale', patience);
      const back = performance.now() - begin - led;
      await eventually('a write', () => putText(store, 'net/a', '2'), patience);
      await expectTheTruth(follower, store);
      expect(attempts).toBeLessThan(40);
      expect(lines.length).toBeLessThanOrEqual(6);
      return `${attempts} connections in 5 s; back ${seconds(back)} after the cluster; ${lines.length} lines`;
    },
  },
  {
    name: 'all servers of the URL but the last are dead from the start: every call is answered within its deadline',
    run: async (scene) => {
      const { ways } = scene.cluster;
      ways[0]!.mode = 'refuse';
      ways[1]!.mode = 'hole';
      const lines: string[] = [];
      const store = await scene.client([0, 1, 2], lines);
      const begin = performance.now();
      await putText(store, 'net/a', '1');
      const first = performance.now() - begin;
      expect(texts([(await store.get('net/a'))!])).toEqual({ 'net/a': '1' });
      const fresh = await scene.client([0, 1, 2]);
      const follower = await follow(fresh);
      await (await fresh.lease(leaseTtl)).revoke();
      await expectTheTruth(follower, store);
      await scene.cluster.mend();
      return `the first write after ${seconds(first)}; ${lines.length} lines`;
    },
  },
];
