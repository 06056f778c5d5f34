/**
 * Runs schedules of the simulation: `node agent/testing/simulation/main.ts --seed N [--steps N]` tells the story of one,
 * `--runs N [--from N]` runs many and stops at the first that fails.
 */
import { parseArgs } from 'node:util';
import { defaultSteps, simulate } from './run.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string' },
    steps: { type: 'string' },
    log: { type: 'boolean' },
    runs: { type: 'string' },
    from: { type: 'string' },
    'keep-going': { type: 'boolean' },
  },
});
const number = (text: string | undefined, fallback: number): number =>
  text === undefined ? fallback : Number(text);
const steps = number(values.steps, defaultSteps);
const say = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

if (values.seed !== undefined) {
  const { story, failures } = await simulate({
    seed: Number(values.seed),
    steps,
    withLog: values.log === true,
  });
  for (const line of story) say(line);
  say(failures.length === 0 ? 'all is well' : `WRONG: ${failures.join('\n       ')}`);
  process.exitCode = failures.length === 0 ? 0 : 1;
} else {
  const first = number(values.from, 1);
  const runs = number(values.runs, 100);
  const began = process.hrtime.bigint();
  const seconds = (): number => Number(process.hrtime.bigint() - began) / 1e9;
  let simulated = 0;
  for (let seed = first; seed < first + runs; seed += 1) {
    const outcome = await simulate({ seed, steps });
    simulated += outcome.simulated;
    const done = seed - first + 1;
    if (outcome.failures.length > 0) {
      say(`seed ${seed}: ${outcome.failures[0] ?? ''}`);
      process.exitCode = 1;
      if (values['keep-going'] !== true) break;
    }
    if (done % 100 === 0 || done === runs)
      say(
        `${done} schedules in ${seconds().toFixed(1)} s (${(done / seconds()).toFixed(1)} a second), ${(simulated / 3.6e6).toFixed(1)} hours simulated`,
      );
  }
}
process.exit();
