import { DropWatch } from '../lab/drops.ts';
import { startFlow, type Flow } from '../lab/flow.ts';
import type { Member } from '../lab/members.ts';
import { allPairs, type Pair } from '../lab/ping-table.ts';
import { mapBounded, waitFor } from '../lab/wait.ts';
import { faultsOf, type Among, type TrafficResult } from './judged.ts';
import { Streams } from './streams.ts';

/** What `ping` has to be told for a hundred a second: it waits in whole ticks of the kernel, mostly of 4 ms. */
const perSecond = 112;

interface PairFlow extends Pair {
  readonly flow: Flow;
}

const anyPair: Among = () => true;

interface Going {
  readonly among?: Among;
  /** Milliseconds. */
  readonly within?: number;
}

/** A hundred echo requests a second on every pair, in both directions and families, and a long TCP connection on each. */
export class Traffic implements AsyncDisposable {
  readonly #flows: readonly PairFlow[];
  readonly #streams: Streams;
  readonly #drops: DropWatch | undefined;

  private constructor(flows: readonly PairFlow[], streams: Streams, drops: DropWatch | undefined) {
    this.#flows = flows;
    this.#streams = streams;
    this.#drops = drops;
  }

  /**
   * Ready when all of it has been seen to work. `once`: one of the two is asked and answers, for where there are many.
   *
   * @throws TIMEOUT, INVARIANT when some of it does not work.
   */
  static async start(
    members: readonly Member[],
    pings: 'both ways' | 'once' = 'both ways',
  ): Promise<Traffic> {
    const isWanted = ({ from, to, expected }: Pair): boolean =>
      expected === 'reachable' && (pings === 'both ways' || members.indexOf(from) < members.indexOf(to));
    const pairs = allPairs(members).filter(isWanted);
    await using stack = new AsyncDisposableStack();
    const drops = stack.use(await DropWatch.start());
    const streams = stack.use(await Streams.start(members));
    const flows = await mapBounded(pairs, pairs.length, async (pair) => {
      const { from, address } = pair;
      const flow = stack.use(await startFlow(from.path, address, { perSecond, firstWithin: 10_000 }));
      return { ...pair, flow };
    });
    stack.move();
    return new Traffic(flows, streams, drops);
  }

  /**
   * Waits until each pair has had `count` more answers and every connection has gone on, both ways: time that is measured by the
   * traffic itself. TCP tries again after a time that doubles: after an outage give it as long as that once more.
   */
  async goesOn(count: number, { among = anyPair, within = 10_000 + 20 * count }: Going = {}): Promise<void> {
    const end = performance.now() + within;
    const left = (): number => Math.max(1000, end - performance.now());
    const goals = this.#flows
      .filter(({ from, to }) => among(from.host, to.host))
      .map((pair) => ({ ...pair, enough: pair.flow.received + count }));
    const before = await this.#streams.heard();
    for (const { flow, from, address, enough } of goals) {
      const seen = (): boolean => flow.received >= enough;
      await waitFor(`${count} more answers of ${address} to ${from.host}`, seen, { within: left() });
    }
    const goOn = async (): Promise<true> => {
      const still = (await this.#streams.heard()).filter(
        ({ from, to, bytes }, index) => among(from.host, to.host) && bytes <= (before[index]?.bytes ?? 0),
      );
      if (still.length === 0) return true;
      throw new Error(`nothing from ${still.map(({ from, to }) => `${from.host} to ${to.host}`).join(', ')}`);
    };
    await waitFor('every connection to go on', goOn, { within: left(), every: 50 });
  }

  /** `h1/c1 -> fd00:7::3: 12, 13`: what has been lost by these pairs so far. */
  lostSoFar(among: Among): readonly string[] {
    return this.#flows
      .filter(({ from, to }) => among(from.host, to.host))
      .flatMap((pair) => faultsOf(pair, pair.flow.losses(), this.#drops?.read() ?? []));
  }

  /** Ends it, and tells what became of it. */
  async stop(): Promise<TrafficResult> {
    const streams = await this.#streams.heard();
    await this.#streams[Symbol.asyncDispose]();
    const pings = await mapBounded(this.#flows, this.#flows.length, async ({ flow, ...pair }) => ({
      ...pair,
      result: await flow.stop(),
    }));
    return { pings, streams, drops: this.#drops?.read() ?? [] };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await using _ = this.#drops;
    await this.#streams[Symbol.asyncDispose]();
    await Promise.all(this.#flows.map(({ flow }) => flow[Symbol.asyncDispose]()));
  }
}
