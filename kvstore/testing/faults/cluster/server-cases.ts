import { expect } from '@jest/globals';
import { setTimeout as pause } from 'node:timers/promises';
import { eventually, texts } from '../../../contract-subject.ts';
import { asRead, commit, putOp, putText } from '../../../contract-write.ts';
import type { Store } from '../../../store.ts';
import { expectStale, expectTheTruth, follow, passing, patience } from '../follow.ts';
import { clusterFault } from './hands.ts';
import { leased, seconds } from './leader-cases.ts';
import { WriteStream } from './write-stream.ts';

const numberAt = async (store: Store, key: string): Promise<number> =>
  Number(texts([(await store.get(key))!])[key]);

/** Reads `k` again and again until it is stopped, and compares with what was surely written before each question. */
class Reader implements AsyncDisposable {
  /** The last number that was acknowledged. */
  written = 0;
  readonly outdated: string[] = [];
  answers = 0;
  refusals = 0;
  readonly #over = new AbortController();
  readonly #ended: Promise<void>;

  constructor(store: Store) {
    this.#ended = this.#run(store);
  }

  async stop(): Promise<void> {
    this.#over.abort();
    await this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #run(store: Store): Promise<void> {
    while (!this.#over.signal.aborted) {
      const atLeast = this.written;
      try {
        const seen = await numberAt(store, 'k');
        this.answers += 1;
        if (seen < atLeast) this.outdated.push(`${seen} after ${atLeast} was written`);
      } catch {
        this.refusals += 1;
      }
      await pause(5);
    }
  }
}

export const serverCases = [
  clusterFault(
    'a server that is cut off from the others serves nothing old as new',
    ['servers'],
    async ({ hands: { servers } }) => {
      const { cluster, client } = servers;
      const leader = await cluster.leader();
      const alone = await client([leader]);
      const others = await client(cluster.others(leader));
      const write = async (n: number): Promise<boolean> => {
        // On a condition: one whose reply was lost may be applied much later, and then must not be.
        const { ok } = await others.txn([asRead('k', await others.get('k'))], [putOp('k', `${n}`)]);
        return ok;
      };
      await write(0);
      expect(await numberAt(alone, 'k')).toBe(0);
      await cluster.cutOff(leader);
      await using reader = new Reader(alone);
      await cluster.leader();
      for (let n = 1; n <= 20; n += 1) {
        await eventually('a write', () => write(n), patience);
        reader.written = n;
        await pause(20);
      }
      await eventually('a refusal', () => reader.refusals > 0, patience);
      await cluster.mend();
      await eventually('the last write', async () => (await numberAt(alone, 'k')) === 20, patience);
      await reader.stop();
      expect(reader.outdated).toEqual([]);
      return `${reader.answers} answers, none old; ${reader.refusals} refusals`;
    },
  ),
  clusterFault(
    'each server of three is killed in turn: writes go on, a watch hears everything, a lease is kept',
    ['servers'],
    async ({ hands: { servers }, store, witness, lines }) => {
      const { cluster } = servers;
      const { follower } = await follow(store);
      const lease = await leased(store);
      await using stream = new WriteStream(store, 'net/');
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
      await stream.expectTruth(witness);
      await expectTheTruth(follower, witness);
      expect([lease.lost.aborted, follower.broken]).toEqual([false, []]);
      expect(lines.length).toBeLessThanOrEqual(15);
      return `writes again after ${gaps.map(seconds).join(', ')}; ${lines.length} lines of log`;
    },
  ),
  clusterFault(
    'without a majority a read is STORE_UNAVAILABLE and a watch stale, never empty; then all is well by itself',
    ['servers'],
    async ({ hands: { servers }, store, lines, long }) => {
      const { cluster } = servers;
      await commit(store, [putOp('net/a', '1'), putOp('net/b', '1')]);
      const { follower } = await follow(store);
      const leader = await cluster.leader();
      await cluster.kill(leader);
      await cluster.kill(cluster.others(leader)[0] ?? 0);
      const unavailable = { code: 'STORE_UNAVAILABLE' };
      const [got, listed] = await Promise.allSettled([store.get('net/a'), store.list('net/')]);
      expect([got, listed]).toMatchObject([{ reason: unavailable }, { reason: unavailable }]);
      await expectStale(follower);
      const attempts = (): number => cluster.ways.reduce((sum, way) => sum + way.attempts, 0);
      const before = attempts();
      const span = long ? 30_000 : 3000;
      await passing(span);
      const perSecond = ((attempts() - before) * 1000) / span;
      expect([follower.kinds, follower.texts]).toEqual([
        ['snapshot', 'stale'],
        { 'net/a': '1', 'net/b': '1' },
      ]);
      await cluster.mend();
      await cluster.leader();
      const begin = performance.now();
      await eventually('the end of stale', () => follower.kinds.at(-1) !== 'stale', patience);
      const back = performance.now() - begin;
      await eventually('a write', () => putText(store, 'net/a', '2'), patience);
      await expectTheTruth(follower, store);
      expect(follower.broken).toEqual([]);
      expect(perSecond).toBeLessThan(8);
      expect(lines.length).toBeLessThanOrEqual(6);
      return `${perSecond.toFixed(1)} connections a second; back ${seconds(back)} after the servers; ${lines.length} lines of log`;
    },
  ),
  clusterFault(
    'all servers of the URL but the last are dead from the start: every call is answered within its deadline',
    ['servers'],
    async ({ hands: { servers } }) => {
      const { cluster, client } = servers;
      const [refusing, silent] = cluster.ways;
      refusing!.mode = 'refuse';
      silent!.mode = 'hole';
      const [writer, watcher] = [await client([0, 1, 2]), await client([0, 1, 2])];
      const begin = performance.now();
      await putText(writer, 'net/a', '1');
      const first = performance.now() - begin;
      expect(await numberAt(writer, 'net/a')).toBe(1);
      const { follower } = await follow(watcher);
      await (await watcher.lease(5000)).revoke();
      await expectTheTruth(follower, writer);
      return `the first write after ${seconds(first)}`;
    },
  ),
] as const;
