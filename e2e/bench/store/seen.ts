import type { Benchmark } from '../benchmark.ts';
import { alternate } from '../rounds.ts';
import { median, pairedRatio, percentile } from '../statistics.ts';
import { fixed, type Figures } from '../table.ts';
import { startBackEnds } from './back-ends.ts';
import { describeDisk } from './disk.ts';
import { Line, load, type Put } from './line.ts';
import { ways } from './ways.ts';

/** From one agent's transaction to another agent's view, in another process; and the same without anything of ours. */
export const seenBenchmark: Benchmark = {
  name: 'store-seen',
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const lines: Line[] = [];
    for (const backEnd of await startBackEnds(stack)) {
      for (const way of ways) lines.push(stack.use(await Line.open(backEnd, way)));
    }
    const tell =
      (what: string, every: number) =>
      (round: number, name: string): void => {
        if (round % every === 0 && name === lines[0]?.name)
          bench.tell(`store-seen: ${what}, round ${round + 1}`);
      };
    const warm = lines.map((line) => ({ name: line.name, measure: () => line.atRest() }));
    await alternate(10, warm);
    const atRest = await alternate(bench.quick ? 20 : 250, warm, tell('at rest', 50));
    const loaded = lines.map((line) => ({ name: line.name, measure: () => line.underLoad() }));
    const underLoad = await alternate(bench.quick ? 1 : 2, loaded, tell(`${load.rate} a second`, 1));
    return [figures(atRest, underLoad, lines[0]?.written ?? 0)];
  },
};

function figures(
  atRest: ReadonlyMap<string, readonly Put[]>,
  underLoad: ReadonlyMap<string, readonly (readonly Put[])[]>,
  written: number,
): Figures {
  const of = (name: string, key: keyof Put): readonly number[] =>
    (atRest.get(name) ?? []).map((put) => put[key]);
  const loadedOf = (name: string): readonly number[] =>
    (underLoad.get(name) ?? []).flat().map(({ seen }) => seen);
  const isOurs = (name: string): boolean => atRest.has(`${name} alone`);
  const rows = [...atRest.keys()].map((name) => {
    const [seen, loaded] = [of(name, 'seen'), loadedOf(name)];
    const alone = `${name} alone`;
    return [
      name,
      fixed(median(of(name, 'answered')), 2),
      fixed(median(seen), 2),
      fixed(percentile(seen, 99), 2),
      isOurs(name) ? fixed(pairedRatio(seen, of(alone, 'seen')), 2) : '',
      fixed(median(loaded), 2),
      fixed(percentile(loaded, 99), 2),
      isOurs(name) ? fixed(median(loaded) / median(loadedOf(alone)), 2) : '',
    ];
  });
  return {
    title: "An attach's transaction until another process has it in its view (ms)",
    head: ['store', 'answered', 'seen p50', 'p99', 'of alone', `${load.rate}/s: p50`, 'p99', 'of alone'],
    rows,
    notes: [
      `at rest ${of([...atRest.keys()][0] ?? '', 'seen').length} puts each, in turns; at the end each network has ${written} endpoints`,
      'alone: the same transaction and a watch by the official API (SQLite: commit, touch a file, read), nothing of ours',
      'a watch of Consul reads its whole prefix at each change, and pauses 20 ms or more after it',
      describeDisk(),
    ],
  };
}
