import { join } from 'node:path';
import type { Bench, Benchmark } from '../benchmark.ts';
import { alternate } from '../rounds.ts';
import { median } from '../statistics.ts';
import { startBackEnds, type BackEnd } from '../store/back-ends.ts';
import { startScript } from '../store/line-process.ts';
import { openBenchStore } from '../store/ways.ts';
import { fixed, whole, type Figures } from '../table.ts';
import { networkOf, settle } from './cast.ts';
import type { Check } from './check-process.ts';

const countOf = ({ quick }: Bench): number => (quick ? 2000 : 100_000);
const mebibyte = 2 ** 20;

/** `weft ip check` of a large network, in a process of its own that does nothing else. */
export const checkBenchmark: Benchmark = {
  name: 'check',
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const backEnds = await startBackEnds(stack);
    const count = countOf(bench);
    for (const backEnd of backEnds) await prepare(bench, backEnd, count);
    const candidates = backEnds.map(({ name, url }) => ({
      name,
      measure: () => measure(url('check'), count),
    }));
    const results = await alternate(bench.quick ? 1 : 3, candidates, (round, name) =>
      bench.tell(`check: ${name}, round ${round + 1}`),
    );
    return [figures(results)];
  },
};

async function prepare(bench: Bench, { name, url }: BackEnd, count: number): Promise<void> {
  const store = await openBenchStore(url('check'));
  bench.tell(`check: ${name} gets ${count} endpoints`);
  try {
    await settle(store, networkOf(8), count, (done) => bench.tell(`check: ${name} has ${done} keys`));
  } finally {
    await store.close();
  }
}

async function measure(url: string, count: number): Promise<Check> {
  await using child = startScript({ script: join(import.meta.dirname, 'check-process.ts'), args: [url] });
  const check = await child.next<Check>(120_000);
  if (check.endpoints !== count || check.findings > 0)
    throw new Error(`${check.findings} findings with ${check.endpoints} of ${count} endpoints`);
  return check;
}

function figures(results: ReadonlyMap<string, readonly Check[]>): Figures {
  const [{ endpoints, claims } = { endpoints: 0, claims: 0 }] = [...results.values()].flat();
  const rows = [...results].map(([name, all]) => {
    const of = (what: (check: Check) => number): number => median(all.map(what));
    return [
      name,
      whole(of(({ ms }) => ms)),
      whole(of(({ cpuMs }) => cpuMs)),
      whole(of(({ pause }) => pause)),
      fixed(of(({ rss }) => rss.before) / mebibyte),
      fixed(of(({ rss }) => rss.most) / mebibyte),
    ];
  });
  return {
    title: `\`weft ip check\` of ${whole(endpoints)} endpoints with ${whole(claims)} claims`,
    head: ['store', 'ms', 'CPU ms', 'longest pause, ms', 'RSS before, MiB', 'at the most'],
    rows,
    notes: [
      'in a process of its own that is connected already; CPU and memory of that process; nothing is found',
      'longest pause: for which the process did nothing else, such as keeping a lease',
    ],
  };
}
