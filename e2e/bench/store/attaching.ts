import type { Bench, Benchmark } from '../benchmark.ts';
import { alternate, type Candidate } from '../rounds.ts';
import { median, pairedRatio, percentile } from '../statistics.ts';
import { fixed, whole, type Figures } from '../table.ts';
import { startBackEnds } from './back-ends.ts';
import { describeDisk } from './disk.ts';
import { startProcess, type LineProcess } from './line-process.ts';
import { nameOf, openWriter, ways, type Way } from './ways.ts';
import type { WriteOrder, Written } from './writer-process.ts';

const clients = [1, 8] as const;
/** More endpoints than one client can attach in one round. */
const block = 5000;
const roundsOf = ({ quick }: Bench): number => (quick ? 1 : 6);

interface Round {
  /** All clients together. */
  readonly perSecond: number;
  readonly times: readonly number[];
  readonly conflicts: number;
  readonly retries: number;
}

/** How many attaches a store takes from so many agents, each a process that makes one after the other. */
export const attachingBenchmark: Benchmark = {
  name: 'store-attach',
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const backEnds = await startBackEnds(stack);
    const writers = Array.from({ length: Math.max(...clients) }, () =>
      stack.use(startProcess('writer-process.ts')),
    );
    const candidates: Candidate<Round>[] = [];
    let blocks = 0;
    const during = bench.quick ? 200 : 300;
    const take = (): number => (blocks += 1) * block;
    for (const { name, url } of backEnds) {
      const orders = new Map<Way, () => WriteOrder>();
      for (const way of ways) {
        const place = url(`attach-${way}`);
        const state = await declared(way, place);
        orders.set(way, () => ({ way, url: place, state, first: take(), during }));
        await together(writers, () => ({ way, url: place, state, first: take(), during: 0 }));
      }
      // What is compared comes one after the other.
      for (const count of clients) {
        for (const [way, order] of orders) {
          const label = labelOf(nameOf(name, way), count);
          candidates.push({ name: label, measure: () => together(writers.slice(0, count), order) });
        }
      }
    }
    const results = await alternate(roundsOf(bench), candidates, (round, name) => {
      if (name === candidates[0]?.name) bench.tell(`store-attach: round ${round + 1}`);
    });
    return [
      figures(
        backEnds.map(({ name }) => name),
        results,
        bench,
      ),
    ];
  },
};

async function declared(way: Way, url: string): Promise<number> {
  const writer = await openWriter(way, url);
  try {
    return await writer.declare();
  } finally {
    await writer.close();
  }
}

/** Gives each of them an order of its own, all at once. */
async function together(writers: readonly LineProcess[], order: () => WriteOrder): Promise<Round> {
  for (const writer of writers) writer.tell(order());
  const written = await Promise.all(writers.map((writer) => writer.next<Written>()));
  const sum = (of: (each: Written) => number): number => written.reduce((all, each) => all + of(each), 0);
  return {
    perSecond: sum(({ times, ms }) => (times.length / ms) * 1000),
    times: written.flatMap(({ times }) => times),
    conflicts: sum(({ conflicts }) => conflicts),
    retries: sum(({ retries }) => retries),
  };
}

const labelOf = (name: string, count: number): string => `${name}, ${count} client${count === 1 ? '' : 's'}`;

function figures(
  names: readonly string[],
  results: ReadonlyMap<string, readonly Round[]>,
  bench: Bench,
): Figures {
  const rates = (label: string): readonly number[] => (results.get(label) ?? []).map((r) => r.perSecond);
  const rows = names.flatMap((name) =>
    clients.map((count) => {
      const label = labelOf(name, count);
      const alone = rates(labelOf(nameOf(name, 'alone'), count));
      const rounds = results.get(label) ?? [];
      const times = rounds.flatMap((round) => round.times);
      const sum = (key: 'conflicts' | 'retries'): number =>
        rounds.reduce((all, round) => all + round[key], 0);
      return [
        label,
        whole(median(rates(label))),
        fixed(median(times), 2),
        fixed(percentile(times, 99), 2),
        String(sum('conflicts')),
        String(sum('retries')),
        whole(median(alone)),
        fixed(pairedRatio(rates(label), alone), 2),
      ];
    }),
  );
  return {
    title: 'Attach transactions per second: endpoint and four claims, on six conditions',
    head: ['store', 'per second', 'p50 ms', 'p99 ms', 'conflicts', 'retries', 'alone', 'of alone'],
    rows,
    notes: [
      `medians of ${roundsOf(bench)} rounds in turns; each client is a process that sends one after the other, and all share this machine with the server`,
      'alone: the same transactions by the official API, nothing of ours',
      describeDisk(),
    ],
  };
}
