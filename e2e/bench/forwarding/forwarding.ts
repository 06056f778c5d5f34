import { setTimeout as pause } from 'node:timers/promises';
import type { Bench, Benchmark } from '../benchmark.ts';
import { alternate, type Candidate } from '../rounds.ts';
import { median, pairedRatio, spread } from '../statistics.ts';
import { fixed, verdict, whole, type Figures } from '../table.ts';
import { addByC, compileC, factRates } from './c-program.ts';
import { cpuPerEntry, kernelPerEntry, rate, sum, type Effort } from './effort.ts';
import { layGround, type Ground } from './ground.ts';
import { addByIproute } from './iproute.ts';
import { startProduct } from './product.ts';
import type { Outcome } from './product-process.ts';

/** Endpoints, each one FDB and one neighbour entry, and how often each way is measured. */
interface Size {
  readonly endpoints: number;
  readonly rounds: number;
  readonly iproute: boolean;
}

const sizes: readonly Size[] = [
  { endpoints: 1000, rounds: 15, iproute: true },
  { endpoints: 10_000, rounds: 7, iproute: true },
  { endpoints: 100_000, rounds: 2, iproute: false },
];
/** Endpoints for the way that starts a process for each entry. */
const oneByOne = 100;
/** Of the C program's rate. */
const aim = 0.8;

/** FDB and neighbour entries per second: the product's own path against C, `-batch`, and a process for each. */
export const forwardingBenchmark: Benchmark = {
  name: 'forwarding',
  async run(bench) {
    await compileC();
    const tables: Figures[] = [];
    for (const size of bench.quick ? [{ ...sizes[0], rounds: 2 } as Size] : sizes)
      tables.push(await measure(bench, size));
    return tables;
  },
};

async function measure(bench: Bench, { endpoints, rounds, iproute }: Size): Promise<Figures> {
  const kinds = { fdb: [] as Effort[], neigh: [] as Effort[] };
  const laps: Outcome[] = [];
  await using product = await startProduct(bench.prefix);
  const byProduct = async (): Promise<Effort> => {
    const outcome = await product.measure({ endpoints });
    laps.push(outcome);
    if (outcome.steps !== 2 * endpoints) throw new Error(`${outcome.steps} steps for ${endpoints} endpoints`);
    const { steps: entries, userMicros, kernelMicros } = outcome;
    return { entries, ms: outcome.thinking + outcome.applying, userMicros, kernelMicros };
  };
  const cold = await byProduct();
  const candidates: Candidate<Effort>[] = [
    {
      name: 'C, batches, ACK on the last',
      measure: () =>
        onGround(bench, async (ground) => {
          for (const kind of ['fdb', 'neigh'] as const)
            kinds[kind].push(await addByC(ground, kind, endpoints));
          return sum([kinds.fdb, kinds.neigh].map((efforts) => efforts.at(-1) as Effort));
        }),
    },
    { name: 'weft, view -> plan -> apply', measure: byProduct },
  ];
  if (iproute) {
    const batch = (ground: Ground): Promise<Effort> => addByIproute(ground, 'batch', endpoints);
    candidates.push({ name: 'bridge -batch, ip -batch', measure: () => onGround(bench, batch) });
  }
  const tell = (round: number, name: string): void =>
    bench.tell(`${endpoints} endpoints, round ${round + 1}: ${name}`);
  const settled = candidates.map(({ name, measure }) => ({
    name,
    measure: (round: number) => settle().then(() => measure(round)),
  }));
  const results = new Map(await alternate(rounds, settled, tell));
  results.set('weft, first pass of the process', [cold]);
  if (endpoints === sizes[0]?.endpoints) {
    const each = (ground: Ground): Promise<Effort> => addByIproute(ground, 'each', oneByOne);
    results.set('one process per entry', [await onGround(bench, each)]);
  }
  const yardstick = results.get('C, batches, ACK on the last') ?? [];
  const ratios = new Map(
    [...results].map(([name, efforts]) => [name, pairedRatio(efforts.map(rate), yardstick.map(rate))]),
  );
  return {
    title: `FDB and neighbour entries: ${whole(endpoints)} of each added`,
    head: ['how', 'entries/s', 'of C', 'CPU us/entry', 'of C', 'in kernel', 'rounds'],
    rows: [...results].map(([name, efforts]) => [
      name,
      whole(median(efforts.map(rate))),
      fixed(ratios.get(name) ?? Number.NaN, 3),
      fixed(median(efforts.map(cpuPerEntry)), 2),
      // As a rate: a machine that is busy with something else takes wall time from us, and less processor time.
      fixed(pairedRatio(yardstick.map(cpuPerEntry), efforts.map(cpuPerEntry)), 3),
      fixed(median(efforts.map(kernelPerEntry)), 2),
      String(efforts.length),
    ]),
    notes: [
      `aim ${aim} of C: ${verdict(ratios.get('weft, view -> plan -> apply') ?? Number.NaN, aim, 'more')}`,
      `weft: view -> plan ${fixed(median(laps.map((lap) => lap.thinking)))} ms, apply ` +
        `${fixed(median(laps.map((lap) => lap.applying)))} ms, then announcing ${fixed(median(laps.map((lap) => lap.afterwards)))} ms;` +
        ` a full compare ${fixed(median(laps.map((lap) => lap.comparing)))} ms`,
      ...yardstickNotes(kinds, endpoints),
    ],
  };
}

async function onGround<T>(bench: Bench, work: (ground: Ground) => Promise<T>): Promise<T> {
  await using ground = await layGround(bench.prefix);
  return await work(ground);
}

/** What the one before has removed is freed a little later (RCU); it should not be freed beside the next. */
const settle = (): Promise<void> => pause(100);

/** A yardstick that runs slowly makes everything else look good: the facts say what it can do. */
function yardstickNotes(
  kinds: Readonly<Record<'fdb' | 'neigh', readonly Effort[]>>,
  endpoints: number,
): string[] {
  const fdb = median(kinds.fdb.map(rate));
  const neigh = median(kinds.neigh.map(rate));
  // What per-CPU memory the kernel has at hand for an FDB entry differs by several times from one moment to the next.
  const { least, most } = spread(kinds.fdb.map(rate));
  const said = `C alone: FDB ${whole(fdb)}/s (${whole(least)} to ${whole(most)}), neighbours ${whole(neigh)}/s`;
  if (endpoints !== 10_000) return [said];
  const slow = [
    ...(fdb < 0.8 * factRates.fdb ? [`FDB at ${fixed(fdb / factRates.fdb, 2)}`] : []),
    ...(neigh < 0.8 * factRates.neigh ? [`neighbours at ${fixed(neigh / factRates.neigh, 2)}`] : []),
  ];
  if (slow.length === 0) return [`${said} (at or above 0.8 of the facts' rate)`];
  return [
    said,
    `WARNING: the C program runs below 0.8 of the facts' rate: ${slow.join(', ')}; ratios to it flatter`,
  ];
}
