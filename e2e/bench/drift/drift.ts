import { join } from 'node:path';
import type { Bench, Benchmark } from '../benchmark.ts';
import { startNodeProcess, type NodeProcess } from '../forwarding/product.ts';
import { median, pairedRatio, spread } from '../statistics.ts';
import { fixed, verdict, whole, type Figures } from '../table.ts';
import type { Order, Outcome } from './drift-process.ts';
import { hands } from './hands.ts';

type Child = NodeProcess<Order, Outcome>;

/** Milliseconds from a change until it is undone: what the issue asks for. */
const aim = 1000;
/** Processor time of an agent that has nothing to do, in percent of a core. */
const idleAim = 1;
const script = join(import.meta.dirname, 'drift-process.ts');

/** What somebody changes, and how long it stays so; what a compare costs; what the notices cost while we write ourselves. */
export const driftBenchmark: Benchmark = {
  name: 'drift',
  async run(bench) {
    return [await repairs(bench), await compares(bench), await writing(bench)];
  },
};

async function repairs(bench: Bench): Promise<Figures> {
  const rounds = bench.quick ? 3 : 30;
  const rows: (readonly string[])[] = [];
  let worst = 0;
  await using child = await startNodeProcess<Order, Outcome>(bench.prefix, script);
  await child.ask({ do: 'open', remote: 1000, listens: true });
  for (const hand of hands) {
    bench.tell(`drift: ${hand.what}`);
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) times.push((await child.ask({ do: 'drift', hand })).ms);
    const { median: middle, p99, most } = spread(times);
    worst = Math.max(worst, p99);
    rows.push([hand.what, fixed(middle), fixed(p99), fixed(most), String(rounds)]);
  }
  await child.ask({ do: 'close' });
  return {
    title: 'Changed by somebody -> as it was, a network of 1,000 endpoints in both families (ms)',
    head: ['what', 'median', 'p99', 'most', 'rounds'],
    rows,
    notes: [`aim ${aim} ms: ${verdict(worst, aim, 'less')}; of each, 50 ms are waited for more of the same`],
  };
}

async function compares(bench: Bench): Promise<Figures> {
  const rows: (readonly string[])[] = [];
  const rounds = bench.quick ? 2 : 5;
  const notes: string[] = [];
  for (const remote of bench.quick ? [1000] : [1000, 10_000, 100_000]) {
    await using child = await startNodeProcess<Order, Outcome>(bench.prefix, script);
    bench.tell(`drift: compares of ${remote} endpoints`);
    await child.ask({ do: 'open', remote, listens: true });
    const times: Outcome[] = [];
    for (let round = 0; round < rounds; round += 1) times.push(await child.ask({ do: 'compare' }));
    rows.push([
      whole(remote),
      fixed(median(times.map(({ ms }) => ms))),
      fixed(median(times.map(({ cpuMs }) => cpuMs))),
      fixed(median(times.map(({ rss }) => rss)), 0),
      String(rounds),
    ]);
    const { ms, cpuMs } = await child.ask({ do: 'idle', seconds: bench.quick ? 1 : 10 });
    const percent = (cpuMs / ms) * 100;
    notes.push(
      `idle with ${whole(remote)} endpoints: ${fixed(percent, 3)} % of a core (aim ${idleAim}: ${verdict(percent, idleAim, 'less')})`,
    );
    await child.ask({ do: 'close' });
  }
  return {
    title: 'Full compare of a network, every endpoint with five entries',
    head: ['endpoints', 'ms', 'CPU ms', 'RSS MiB', 'rounds'],
    rows,
    notes,
  };
}

/** Deaf and listening in turns, each in a process of its own. */
async function writing(bench: Bench): Promise<Figures> {
  const remote = bench.quick ? 1000 : 20_000;
  const rounds = bench.quick ? 2 : 5;
  const results = { deaf: [] as Outcome[], listening: [] as Outcome[] };
  for (let round = 0; round < rounds; round += 1) {
    for (const how of ['deaf', 'listening'] as const) {
      bench.tell(`drift: writing ${5 * remote} entries, round ${round + 1}: ${how}`);
      await using child = await startNodeProcess<Order, Outcome>(bench.prefix, script);
      results[how].push(await opened(child, remote, how === 'listening'));
    }
  }
  const of = (how: keyof typeof results, what: keyof Outcome): number[] =>
    results[how].map((one) => one[what]);
  const ratio = (what: keyof Outcome): string =>
    fixed(pairedRatio(of('listening', what), of('deaf', what)), 2);
  return {
    title: `Notices while we write ourselves: ${whole(5 * remote)} entries`,
    head: ['how', 'ms', 'CPU ms', 'rounds'],
    rows: (['deaf', 'listening'] as const).map((how) => [
      how,
      fixed(median(of(how, 'ms'))),
      fixed(median(of(how, 'cpuMs'))),
      String(rounds),
    ]),
    notes: [`listening against deaf, in pairs: time ${ratio('ms')}, processor time ${ratio('cpuMs')}`],
  };
}

async function opened(child: Child, remote: number, listens: boolean): Promise<Outcome> {
  const outcome = await child.ask({ do: 'open', remote, listens });
  await child.ask({ do: 'close' });
  return outcome;
}
