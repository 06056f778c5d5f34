import type { Drop } from '../lab/drops.ts';
import type { FlowResult, Losses } from '../lab/flow.ts';
import type { Pair } from '../lab/ping-table.ts';
import type { Heard } from './stream-words.ts';

interface PairResult extends Pair {
  readonly result: FlowResult;
}

/** What became of the traffic on every pair. */
export interface TrafficResult {
  readonly pings: readonly PairResult[];
  readonly streams: readonly Heard[];
  /** What the kernel says that it gave up meanwhile; nothing where it cannot be asked. */
  readonly drops: readonly Drop[];
}

/** Which pairs are meant, by the names of their hosts. */
export type Among = (from: string, to: string) => boolean;

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

/** How far a drop may lie from when an echo request was sent that it may explain, in milliseconds. */
const near = 50;

/**
 * Judges traffic in which some pairs were touched: of these echo requests may be lost, and their connections may stand still; they
 * may not break.
 */
export function judged({ pings, streams, drops }: TrafficResult, touched: Among = () => false): Judged {
  const isTouched = ({ from, to }: Pick<Pair, 'from' | 'to'>): boolean => touched(from.host, to.host);
  const still = pings.filter((pair) => !isTouched(pair));
  const hit = pings.filter(isTouched);
  const broken = streams.flatMap(({ from, to, broken: why }) =>
    why === undefined ? [] : [`connection ${from.host}/${from.sandbox} -> ${to.host}/${to.sandbox}: ${why}`],
  );
  return {
    sent: pings.reduce((sum, { result }) => sum + result.sent, 0),
    lost: [...still.flatMap((pair) => faultsOf(pair, pair.result, drops)), ...broken],
    lostByTouched: hit.reduce((sum, { result }) => sum + result.lost.length, 0),
    gap: Math.max(0, ...still.map(({ result }) => result.longestGap)),
    pause: Math.max(0, ...streams.filter((each) => !isTouched(each)).map(({ pause }) => pause)),
  };
}

/** What is wrong with one flow, in words, with what ping says of it and what the kernel gave up at these moments. */
export function faultsOf(
  { from, address }: Pick<Pair, 'from' | 'address'>,
  { lost, lostAt, remarks, duplicates }: Losses,
  drops: readonly Drop[],
): readonly string[] {
  const name = `${from.host}/${from.sandbox} -> ${address}`;
  const isMeanwhile = ({ time }: Drop): boolean => lostAt.some((at) => Math.abs(time - at) <= near);
  const reasons = new Set(drops.filter(isMeanwhile).map(({ reason, where }) => `${reason} in ${where}`));
  const why = reasons.size === 0 ? [] : [`dropped meanwhile: ${[...reasons].join(', ')}`];
  return [
    ...(lost.length === 0 ? [] : [[`${name}: ${lost.join(', ')}`, ...remarks, ...why].join('; ')]),
    ...(duplicates === 0 ? [] : [`${name}: ${duplicates} duplicates`]),
  ];
}
