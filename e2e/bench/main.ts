/**
 * `make bench`: figures about the product, side by side with what else does the same, in one run on one machine.
 *
 *   node e2e/bench/main.ts [--quick] [--only NAME]...     (NAME: such as attach, or recovery-*)
 *
 * Progress goes to standard error, tables to standard output. Nothing here judges: the exit code is 0 unless something could
 * not be measured (1), or was asked wrongly (2).
 */
import { parseArgs } from 'node:util';
import { demandRoot } from '../lab/lab.ts';
import { adoptionBenchmark } from './adoption/adoption.ts';
import { checkBenchmark } from './addresses/check.ts';
import { chooseBenchmark } from './addresses/choose.ts';
import { claimsBenchmark } from './addresses/claims.ts';
import { attachBenchmark } from './attach.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { clearUp } from './clear-up.ts';
import { driftBenchmark } from './drift/drift.ts';
import { forwardingBenchmark } from './forwarding/forwarding.ts';
import { describeMachine } from './machine.ts';
import { memoryBenchmark } from './memory.ts';
import { answersBenchmark } from './recovery/answers.ts';
import { programmedBenchmark } from './recovery/programmed.ts';
import { rebootBenchmark } from './recovery/reboot.ts';
import { restartBenchmark } from './recovery/restart.ts';
import { replyBenchmark } from './reply.ts';
import { attachingBenchmark } from './store/attaching.ts';
import { seenBenchmark } from './store/seen.ts';
import { startingBenchmark } from './store/starting.ts';
import { renderFigures } from './table.ts';
import { throughputBenchmark } from './throughput.ts';
import { waitBenchmark } from './wait.ts';

const benchmarks: readonly Benchmark[] = [
  forwardingBenchmark,
  attachBenchmark,
  replyBenchmark,
  waitBenchmark,
  throughputBenchmark,
  memoryBenchmark,
  programmedBenchmark,
  answersBenchmark,
  rebootBenchmark,
  restartBenchmark,
  seenBenchmark,
  attachingBenchmark,
  startingBenchmark,
  claimsBenchmark,
  chooseBenchmark,
  checkBenchmark,
  driftBenchmark,
  adoptionBenchmark,
];

/** `recovery-*` means all whose names begin so. */
const isMeant = (name: string, word: string): boolean =>
  word.endsWith('*') ? name.startsWith(word.slice(0, -1)) : name === word;

function chosen(only: readonly string[]): readonly Benchmark[] {
  const unknown = only.filter((word) => !benchmarks.some(({ name }) => isMeant(name, word)));
  if (unknown.length === 0)
    return benchmarks.filter(({ name }) => only.length === 0 || only.some((word) => isMeant(name, word)));
  const known = benchmarks.map(({ name }) => name).join(', ');
  console.error(`bench: there is no benchmark ${unknown.join(', ')}; there are: ${known}`);
  process.exit(2);
}

/** Runs one and prints its figures; false when it could not be measured. */
async function measure({ name, run }: Benchmark, bench: Bench): Promise<boolean> {
  const start = performance.now();
  try {
    for (const figures of await run(bench)) console.log(`\n${renderFigures(figures).trimEnd()}`);
    bench.tell(`${name}: done after ${((performance.now() - start) / 1000).toFixed(0)} s`);
    return true;
  } catch (error) {
    console.log(
      `\n${name}: could not be measured: ${error instanceof Error ? error.message : String(error)}`,
    );
    if (error instanceof Error) bench.tell(error.stack ?? error.message);
    return false;
  } finally {
    await clearUp(bench.prefix);
  }
}

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', multiple: true, default: [] },
  },
});
const wanted = chosen(values.only);
demandRoot();
const prefix = `bench${process.pid}`;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(
    signal,
    () => void clearUp(prefix).finally(() => process.exit(signal === 'SIGINT' ? 130 : 143)),
  );
}
const bench: Bench = { prefix, quick: values.quick, tell: (what) => console.error(`bench: ${what}`) };
console.log((await describeMachine(new Date())).join('\n'));
if (bench.quick)
  console.log('quick    few rounds: these figures show that everything works, and are not to be quoted');
let missing = 0;
for (const benchmark of wanted) if (!(await measure(benchmark, bench))) missing += 1;
process.exitCode = missing === 0 ? 0 : 1;
