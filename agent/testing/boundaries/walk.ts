import { unrest } from '../simulation/quiet.ts';
import { Doors } from './doors.ts';
import type { Operation } from './operations.ts';
import type { Counts, Point } from './point.ts';
import { Stage } from './stage.ts';

/** What came of an operation that was interrupted, and was asked for again. */
export interface Walk {
  readonly counts: Counts;
  /** The place was there: the process has ended at it, or the answer was lost. */
  readonly isReached: boolean;
  /** What it answered the first time; empty: the process ended before. */
  readonly answer: string;
  /** Empty: nothing was lost, nothing is left over, and the answers agree. */
  readonly failures: readonly string[];
  readonly story: readonly string[];
}

/** The same on every run: nothing here is left to luck. */
const seed = 1;
/** Milliseconds of rest in which agents make up for what is left. */
const rest = 12_000;

/**
 * Interrupts an operation at one place, lets the agent come back, and asks for the same again, twice. `usual`: what it answers
 * when nothing disturbs it.
 */
export async function walk(operation: Operation, point?: Point, usual = ''): Promise<Walk> {
  await using stage = await Stage.begin(seed);
  const { sea, actor } = stage;
  await operation.prepare(stage);
  await sea.pass(1000);
  const before = actor.running;
  const doors = new Doors(actor, point);
  const said: string[] = [];
  sea.perform(
    operation.name,
    () => operation.call(stage),
    (text) => (said.push(text), text),
    () => said.push('failed'),
  );
  // The kernel may be at work when all has been answered.
  const isOver = (): boolean => actor.running !== before || (said.length > 0 && point?.door !== 'kernel');
  await stage.until('the end of the operation', isOver);
  if (point?.door === 'answer') actor.crash();
  // What follows from it.
  else if (point === undefined) await sea.pass(1000);
  const { counts } = doors;
  const isCrashed = actor.running !== before;
  const isReached = isCrashed || (point?.door === 'store' && counts.transactions > point.nth);
  const there = lasting(stage);
  for (const machine of sea.machines) if (machine.running === undefined) machine.start();
  await stage.until('all to be ready', () => sea.ready.length === 2);
  const { intents, view } = { ...actor.agent.operations };
  await stage.until(
    'the intents to be finished',
    () => intents.open().length === 0 && view.state === 'insync',
  );
  const wrong: string[] = operation.isMending ? [] : [...(await check(stage, 'after the restart'))];
  const answers: string[] = [];
  for (const when of ['asked again', 'asked for the third time']) {
    const answer = await stage.settled(operation.call(stage)).catch((error: unknown) => String(error));
    answers.push(answer);
    sea.tell(`${when}, it answers ${answer}`);
    wrong.push(...(await check(stage, when)));
  }
  const [first = ''] = said;
  if (isCrashed) wrong.push(...judge(operation, answers, operation.isAnew ? (answers[0] ?? '') : usual));
  else wrong.push(...judge(operation, answers, first));
  const now = new Set(lasting(stage));
  if (operation.done === undefined && operation.isAnew !== true)
    wrong.push(...there.filter((key) => !now.has(key)).map((key) => `${key} was there, and is lost`));
  await sea.pass(rest);
  wrong.push(...(await unrest(sea)), ...(await removeAll(stage)), ...sea.failures);
  return { counts, isReached, failures: wrong, story: sea.story, answer: first };
}

/** `usual`: what it has answered, or would have if nothing had disturbed it. */
function judge({ done }: Operation, [first, second]: readonly string[], usual: string): readonly string[] {
  const wrong: string[] = [];
  if (usual === 'failed') wrong.push('it failed');
  if (first !== usual && first !== done) wrong.push(`asked again it answers ${first}, not ${usual}`);
  if (second !== (done ?? usual))
    wrong.push(`asked for the third time it answers ${second}, not ${done ?? usual}`);
  return wrong;
}

/** Keys of what somebody may have been told of. */
function lasting({ sea }: Stage): readonly string[] {
  return [...sea.content().entries.keys()].filter((key) => /^(net\/[^/]+\/endpoint|vnis)\//.test(key));
}

/** `weft ip check`, asked of both. */
async function check(stage: Stage, when: string): Promise<readonly string[]> {
  const wrong: string[] = [];
  for (const { service, name } of stage.sea.ready) {
    const { findings } = await stage.settled(service.checkAddresses({ fix: false }));
    wrong.push(...findings.map(({ what }) => `weft ip check of ${name} ${when}: ${what}`));
  }
  return wrong;
}

/** Everything is removed; what is left then was leaked. */
async function removeAll(stage: Stage): Promise<readonly string[]> {
  const { sea, other } = stage;
  for (const { name } of sea.content().networks)
    await stage.settled(other.service.removeNetwork({ name, force: true }));
  await sea.pass(2000);
  const left = [...sea.content().entries.keys()].filter((key) =>
    /^(net|vnis|network-state|networks)\//.test(key),
  );
  return left.map((key) => `${key} is left when everything was removed`);
}
