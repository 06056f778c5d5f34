import type { Item } from '../../../kvstore/transfer/stages.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { alternate } from '../rounds.ts';
import { median, pairedRatio } from '../statistics.ts';
import { fixed, verdict, whole, type Figures } from '../table.ts';
import { startBackEnds, type BackEnd } from './back-ends.ts';
import { recordOf } from './cast.ts';
import { fill } from './fill.ts';
import { startProcess } from './line-process.ts';
import type { Start } from './start-process.ts';
import { nameOf, openBenchStore, ways, type Way } from './ways.ts';

interface Size {
  readonly endpoints: number;
  readonly rounds: number;
}
const sizes: readonly Size[] = [
  { endpoints: 10_000, rounds: 3 },
  { endpoints: 100_000, rounds: 2 },
];
const quickSizes: readonly Size[] = [{ endpoints: 2000, rounds: 1 }];

/** Milliseconds of processor time for the largest network on etcd. */
const aim = 2000;

/** From nothing to a view in sync, in a process of its own each time: time and memory. */
export const startingBenchmark: Benchmark = {
  name: 'store-start',
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const backEnds = await startBackEnds(stack);
    const tables: Figures[] = [];
    let filled = 0;
    for (const { endpoints, rounds } of bench.quick ? quickSizes : sizes) {
      const items = Array.from({ length: endpoints - filled }, (_, i) => recordOf(filled + i));
      for (const backEnd of backEnds) await fillOne(bench, backEnd, items);
      filled = endpoints;
      const candidates = backEnds.flatMap((backEnd) =>
        ways.map((way) => ({
          name: nameOf(backEnd.name, way),
          measure: () => measure(backEnd, way, endpoints),
        })),
      );
      const results = await alternate(rounds, candidates, (round, name) => {
        if (name === candidates[0]?.name)
          bench.tell(`store-start: ${endpoints} endpoints, round ${round + 1}`);
      });
      tables.push(figures(endpoints, results));
    }
    return tables;
  },
};

async function fillOne(bench: Bench, { name, url }: BackEnd, items: readonly Item[]): Promise<void> {
  const store = await openBenchStore(url('start'));
  const begin = performance.now();
  const tell = (done: number): void => {
    const seconds = fixed((performance.now() - begin) / 1000);
    bench.tell(`store-start: ${name} took ${done} of ${items.length} endpoints in ${seconds} s`);
  };
  try {
    await fill(store, items, tell);
    tell(items.length);
  } finally {
    await store.close();
  }
}

async function measure({ url }: BackEnd, way: Way, endpoints: number): Promise<Start> {
  await using child = startProcess('start-process.ts', way, url('start'));
  const start = await child.next<Start>(120_000);
  if (start.endpoints !== endpoints)
    throw new Error(`${start.endpoints} of ${endpoints} endpoints were seen`);
  return start;
}

const mebibyte = 2 ** 20;

function figures(endpoints: number, results: ReadonlyMap<string, readonly Start[]>): Figures {
  const column = (name: string, of: (start: Start) => number): readonly number[] =>
    (results.get(name) ?? []).map(of);
  const ms = (name: string): readonly number[] => column(name, (start) => start.ms);
  const cpu = (name: string): number => median(column(name, (start) => start.cpuMs));
  const names = [...results.keys()].filter((name) => results.has(`${name} alone`));
  const rows = names.map((name) => {
    const alone = `${name} alone`;
    const mib = (of: (start: Start) => number): string => fixed(median(column(name, of)) / mebibyte);
    const each = (of: (start: Start) => number): string => whole(median(column(name, of)) / endpoints);
    return [
      name,
      whole(median(ms(name))),
      whole(median(ms(alone))),
      fixed(pairedRatio(ms(name), ms(alone)), 2),
      whole(cpu(name)),
      whole(cpu(alone)),
      mib(({ rss }) => rss.before),
      mib(({ rss }) => rss.most),
      mib(({ rss }) => rss.after),
      each(({ rss }) => rss.after - rss.before),
      each(({ heap }) => heap.after - heap.before),
    ];
  });
  const judged = endpoints === sizes.at(-1)?.endpoints;
  return {
    title: `From nothing to a view in sync: list + watch of ${whole(endpoints)} endpoints`,
    head: [
      'store',
      'ms',
      'alone',
      'ratio',
      'CPU ms',
      'alone',
      'RSS MiB',
      'most',
      'after',
      'bytes each',
      'of heap',
    ],
    rows,
    notes: [
      `medians of ${ms(names[0] ?? '').length} rounds in turns, each in a process of its own that is connected already; CPU: of that process`,
      'alone: one read of everything by the official API, values decoded from their transport, nothing kept',
      'RSS before, at the most, and after a full collection; bytes each: what RSS and heap have grown by, per endpoint',
      ...(judged ? [`aim on etcd: ${whole(aim)} ms of CPU: ${verdict(cpu('etcd'), aim, 'less')}`] : []),
    ],
  };
}
