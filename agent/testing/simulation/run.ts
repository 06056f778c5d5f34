import { deeds, type Deed } from './deeds.ts';
import { disasters, faults } from './faults.ts';
import type { Content } from './expected.ts';
import { heal } from './heal.ts';
import { unrest } from './quiet.ts';
import { Sea } from './sea.ts';
import type { Name } from '../../../model/name.ts';

export interface Options {
  readonly seed: number;
  /** How many things happen before all is healed. */
  readonly steps: number;
  /** May the store lose something as a whole? */
  readonly disasters?: boolean;
  /** Does the story hold what the agents log? */
  readonly withLog?: boolean;
}

export interface Outcome extends Options {
  /** What was wrong, the first thing first; empty: nothing. */
  readonly failures: readonly string[];
  readonly story: readonly string[];
  /** Milliseconds of the simulated time. */
  readonly simulated: number;
}

export const defaultSteps = 40;
/** Milliseconds after which all must be well when nothing happens any more: less than the agents' regular compare with the kernel. */
const patience = 240_000;

/** One schedule, which follows from its seed alone. */
export async function simulate({
  seed,
  steps,
  disasters: isWild = false,
  withLog = false,
}: Options): Promise<Outcome> {
  await using sea = new Sea(seed, 3 + (seed % 3 === 0 ? 1 : 0), withLog);
  await begin(sea);
  const able = possible(sea, isWild);
  for (let step = 0; step < steps && sea.failures.length === 0; step += 1) {
    // What is not possible now may be so a little later.
    for (let n = 0; n < 50 && sea.chance.weigh(able)?.act(sea) !== true; n += 1) await sea.pass(100);
    await sea.pass(howLong(sea));
  }
  if (sea.failures.length === 0) {
    heal(sea);
    await settle(sea);
  }
  const { failures, story } = sea;
  return { seed, steps, failures, story, simulated: sea.clock.monotonic() };
}

/** Some kinds of things only, others on each seed: what is rare beside all others is common beside few. */
function possible({ chance }: Sea, isWild: boolean): readonly Deed[] {
  const some = (all: readonly Deed[], share: number): readonly Deed[] => all.filter(() => chance.is(share));
  const base = [...deeds, ...faults].filter(({ name }) => ['attach', 'detach', 'start'].includes(name));
  const calamities = isWild && chance.is(0.7) ? some(disasters, 0.7) : [];
  return [...new Set([...base, ...some(deeds, 0.6), ...some(faults, 0.6), ...calamities])];
}

function howLong({ chance }: Sea): number {
  const kind = chance.fraction();
  if (kind < 0.35) return chance.below(60);
  if (kind < 0.75) return chance.between(60, 3000);
  return kind < 0.93 ? chance.between(3000, 12_000) : chance.between(20_000, 50_000);
}

async function begin(sea: Sea): Promise<void> {
  for (const machine of sea.machines) machine.start();
  for (let n = 0; n < 120 && sea.ready.length < sea.machines.length; n += 1) await sea.clock.advance(500);
  const [first] = sea.ready;
  if (first === undefined) throw new Error('no agent became ready');
  sea.perform(
    `${sea.machines.length} nodes are ready; ${first.name}: create network blue (10.7.0.0/29)`,
    () => first.service.createNetwork({ name: 'blue' as Name, declaration: { subnets: ['10.7.0.0/29'] } }),
    () => 'created',
  );
  await sea.pass(1000);
}

/** Until all is well, and stays so without a further write. */
async function settle(sea: Sea): Promise<void> {
  const end = sea.clock.monotonic() + patience;
  let left: readonly string[] = [];
  while (sea.clock.monotonic() < end && sea.failures.length === 0) {
    const before = sea.content();
    await sea.pass(4000);
    left = await unrest(sea);
    if (left.length > 0) continue;
    if (sea.content() === before) return;
    left = [`somebody still writes ${changed(before, sea.content()).join(', ')}`];
  }
  for (const each of left) sea.fail(`after ${patience / 1000} quiet seconds: ${each}`);
}

function changed(before: Content, after: Content): readonly string[] {
  const keys = new Set([...before.entries.keys(), ...after.entries.keys()]);
  return [...keys].filter((key) => before.entries.get(key)?.revision !== after.entries.get(key)?.revision);
}
