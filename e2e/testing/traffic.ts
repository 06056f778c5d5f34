import { startFlow, type Flow, type FlowResult } from '../lab/flow.ts';
import type { Member } from '../lab/members.ts';
import { allPairs, type Pair } from '../lab/ping-table.ts';
import { mapBounded, waitFor } from '../lab/wait.ts';
import type { Heard } from './stream-words.ts';
import { Streams } from './streams.ts';

/** What `ping` has to be told for a hundred a second: it waits in whole ticks of the kernel, mostly of 4 ms. */
const perSecond = 112;

interface PairFlow extends Pair {
  readonly flow: Flow;
}

interface PairResult extends Pair {
  readonly result: FlowResult;
}

/** What became of the traffic on every pair. */
export interface TrafficResult {
  readonly pings: readonly PairResult[];
  readonly streams: readonly Heard[];
}

/** Which pairs are meant, by the names of their hosts. */
export type Among = (from: string, to: string) => boolean;

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

  private constructor(flows: readonly PairFlow[], streams: Streams) {
    this.#flows = flows;
    this.#streams = streams;
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
    const streams = stack.use(await Streams.start(members));
    const flows = await mapBounded(pairs, pairs.length, async (pair) => {
      const { from, address } = pair;
      const flow = stack.use(await startFlow(from.path, address, { perSecond, firstWithin: 10_000 }));
      return { ...pair, flow };
    });
    stack.move();
    return new Traffic(flows, streams);
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
      .flatMap((pair) => lossOf(pair, { lost: pair.flow.missing(), duplicates: 0 }));
  }

  /** Ends it, and tells what became of it. */
  async stop(): Promise<TrafficResult> {
    const streams = await this.#streams.heard();
    await this.#streams[Symbol.asyncDispose]();
    const pings = await mapBounded(this.#flows, this.#flows.length, async ({ flow, ...pair }) => ({
      ...pair,
      result: await flow.stop(),
    }));
    return { pings, streams };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#streams[Symbol.asyncDispose]();
    await Promise.all(this.#flows.map(({ flow }) => flow[Symbol.asyncDispose]()));
  }
}

/** Traffic in figures. */
export interface Judged {
  readonly sent: number;
  /** What must not be: `h1/c1 -> fd00:7::3: 12, 13` for echo requests without an answer, broken connections, duplicates. */
  readonly lost: readonly string[];
  /** Echo requests that were lost by those who were touched, which is no fault. */
  readonly lostByTouched: number;
  /** The longest time without an answer, and that for which a connection was silent, in milliseconds; of those not touched. */
  readonly gap: number;
  readonly pause: number;
}

/**
 * Judges traffic in which some pairs were touched: of these echo requests may be lost, and their connections may stand still; they
 * may not break.
 */
export function judged({ pings, streams }: TrafficResult, touched: Among = () => false): Judged {
  const isTouched = ({ from, to }: { readonly from: Member; readonly to: Member }): boolean =>
    touched(from.host, to.host);
  const still = pings.filter((pair) => !isTouched(pair));
  const hit = pings.filter(isTouched);
  const broken = streams.flatMap(({ from, to, broken: why }) =>
    why === undefined ? [] : [`connection ${from.host}/${from.sandbox} -> ${to.host}/${to.sandbox}: ${why}`],
  );
  return {
    sent: pings.reduce((sum, { result }) => sum + result.sent, 0),
    lost: [...still.flatMap((pair) => lossOf(pair, pair.result)), ...broken],
    lostByTouched: hit.reduce((sum, { result }) => sum + result.lost.length, 0),
    gap: Math.max(0, ...still.map(({ result }) => result.longestGap)),
    pause: Math.max(0, ...streams.filter((each) => !isTouched(each)).map(({ pause }) => pause)),
  };
}

function lossOf(
  { from, address }: Pair,
  { lost, duplicates }: Pick<FlowResult, 'lost' | 'duplicates'>,
): readonly string[] {
  const name = `${from.host}/${from.sandbox} -> ${address}`;
  return [
    ...(lost.length === 0 ? [] : [`${name}: ${lost.join(', ')}`]),
    ...(duplicates === 0 ? [] : [`${name}: ${duplicates} duplicates`]),
  ];
}
