/**
 * Runs schedules of the simulation.
 *
 *   node agent/testing/simulation/main.ts --seed N [--steps N] [--log]   tells the story of one
 *   ... --runs N [--from N] [--keep-going]                               runs many, until one fails
 *   ... --mutant NAME --runs N                                           the same with the product broken: fails, unless one of them fails
 *   ... --mutants                                                        every mutant, each in a process of its own
 *
 * `--disasters`: the store may be wiped or replaced as well.
 */
import { spawnSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { mutants, type Mutant } from './mutants.ts';
import { mutate } from './mutate.ts';
import { portionSize, portionsOf, runPortions } from './portions.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string', default: '40' },
    log: { type: 'boolean', default: false },
    runs: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    disasters: { type: 'boolean', default: false },
    'keep-going': { type: 'boolean', default: false },
    mutant: { type: 'string' },
    mutants: { type: 'boolean', default: false },
  },
});
const steps = Number(values.steps);
const { disasters } = values;
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function one(seed: number): Promise<boolean> {
  const { simulate } = await import('./run.ts');
  const { story, failures } = await simulate({ seed, steps, disasters, withLog: values.log });
  for (const line of story) say(line);
  say(failures.length === 0 ? 'all is well' : `WRONG: ${failures.join('\n       ')}`);
  return failures.length === 0;
}

/** How many fail; after the first one no other is begun unless asked to keep going. */
async function many(first: number, runs: number): Promise<number> {
  const { simulate } = await import('./run.ts');
  const began = process.hrtime.bigint();
  let failed = 0;
  let simulated = 0;
  for (let seed = first; seed < first + runs; seed += 1) {
    const outcome = await simulate({ seed, steps, disasters });
    simulated += outcome.simulated;
    if (outcome.failures.length > 0) {
      failed += 1;
      say(`seed ${seed}: ${outcome.failures[0] ?? ''}`);
      if (!values['keep-going']) break;
    }
    const done = seed - first + 1;
    if (done % 100 !== 0 && done !== runs) continue;
    const seconds = Number(process.hrtime.bigint() - began) / 1e9;
    const rate = (done / seconds).toFixed(1);
    const hours = (simulated / 3.6e6).toFixed(1);
    say(`${done} schedules in ${seconds.toFixed(1)} s (${rate} a second), ${hours} hours simulated`);
  }
  return failed;
}

/** The same in processes of their own. How many failed? */
async function inPortions(first: number, runs: number): Promise<number> {
  const began = process.hrtime.bigint();
  let [failed, done, hours] = [0, 0, 0];
  const { steps: asked, 'keep-going': keepsGoing } = values;
  const flags = [...(disasters ? ['--disasters'] : []), ...(keepsGoing ? ['--keep-going'] : [])];
  const command = [...process.execArgv, import.meta.filename, '--steps', asked, ...flags];
  await runPortions(portionsOf(first, runs), {
    command,
    keepsGoing,
    onDone: ({ from, runs: portion }, outcome) => {
      for (const line of outcome.failures) say(line);
      if (outcome.trouble !== undefined) say(`seeds ${from} to ${from + portion - 1}: ${outcome.trouble}`);
      failed += outcome.failures.length + (outcome.trouble === undefined ? 0 : 1);
      done += portion;
      hours += outcome.hours;
      const seconds = Number(process.hrtime.bigint() - began) / 1e9;
      const rate = (done / seconds).toFixed(1);
      say(
        `${done} schedules in ${seconds.toFixed(1)} s (${rate} a second), ${hours.toFixed(1)} hours simulated`,
      );
    },
  });
  return failed;
}

/** The first seed at which the mutant fails and the product does not. */
function caughtBy({ name }: Mutant): string | undefined {
  const again = (...args: readonly string[]) => {
    const all = [...process.execArgv, import.meta.filename, ...(disasters ? ['--disasters'] : []), ...args];
    return spawnSync(process.execPath, all, { encoding: 'utf8' });
  };
  const end = Number(values.runs);
  for (let from = 1; from <= end;) {
    const runs = String(end - from + 1);
    const failed = /^seed (\d+): .*/m.exec(
      again('--mutant', name, '--from', String(from), '--runs', runs).stdout,
    );
    if (failed === null) return undefined;
    if (again('--seed', failed[1] ?? '').status === 0) return failed[0];
    from = Number(failed[1]) + 1;
  }
  return undefined;
}

/** How many survive. */
function all(): number {
  return mutants.filter((mutant) => {
    const caught = caughtBy(mutant);
    say(`${caught === undefined ? 'SURVIVES' : 'caught'}: ${mutant.name}\n    ${caught ?? ''}`);
    return caught === undefined;
  }).length;
}

async function run(): Promise<boolean> {
  if (values.mutants) return all() === 0;
  if (values.mutant !== undefined) mutate(values.mutant);
  if (values.seed !== undefined) return one(Number(values.seed));
  const [from, runs] = [Number(values.from), Number(values.runs)];
  const isMuch = runs > portionSize && values.mutant === undefined;
  const failed = await (isMuch ? inPortions(from, runs) : many(from, runs));
  return values.mutant === undefined ? failed === 0 : failed > 0;
}

process.exit((await run()) ? 0 : 1);
