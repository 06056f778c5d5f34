import { afterAll, describe, test } from '@jest/globals';
import type { Exception, FaultCase, FaultSubject, Ground, Scene } from './fault-case.ts';
import { Lanes } from './lanes.ts';
import { keepResults, longVariable, type CaseResult } from './results.ts';

export interface SuiteWish<H> {
  /** Names the suite, for one back end may have several. */
  readonly name: string;
  readonly cases: readonly FaultCase<H>[];
  /**
   * Hands that touch nothing but what is the case's own: with these alone, or none, cases run side by side. Absent: all run one
   * after the other.
   */
  readonly own?: ReadonlySet<keyof H>;
}

/** Only cases with this in their names run, for who looks for one fault; nothing is kept then. */
const filterVariable = 'WEFT_FAULT';
const patience = { short: 120_000, long: 1_200_000 };

/** Runs every case that the back end has the hands for, and keeps what became of all, for `make stores`. */
export function faultSuite<H, G extends Ground>(subject: FaultSubject<H, G>, wish: SuiteWish<H>): void {
  const form = process.env[longVariable] === '1' ? 'long' : 'short';
  const results = new Map<FaultCase<H>, CaseResult>();
  const lacking = new Map(wish.cases.map((each) => [each, whyNot(subject, each)]));
  const asked = process.env[filterVariable];
  const runnable = wish.cases.filter(
    (each) => lacking.get(each) === undefined && (asked === undefined || each.name.includes(asked)),
  );
  const { own } = wish;
  const isQuiet = ({ heavy, needs }: FaultCase<H>): boolean =>
    own !== undefined && heavy !== true && needs.every((hand) => own.has(hand));
  const perform = async (each: FaultCase<H>): Promise<void> => {
    const began = performance.now();
    const took = (): number => Math.round(performance.now() - began);
    try {
      const figure = await runOnce(subject, each, form === 'long');
      results.set(each, {
        name: each.name,
        kind: 'passed',
        ms: took(),
        ...(typeof figure === 'string' ? { figure } : {}),
      });
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      results.set(each, { name: each.name, kind: 'failed', ms: took(), message });
      throw error;
    }
  };
  const quiet = new Lanes(runnable.filter(isQuiet), perform);
  const keep = async () => {
    if (asked === undefined)
      keepResults({
        suite: wish.name,
        backEnd: subject.backEnd,
        form,
        date: new Date().toISOString(),
        version: await subject.version(),
        cases: wish.cases.flatMap((each): CaseResult[] => {
          const why = lacking.get(each);
          if (why !== undefined) return [{ name: each.name, kind: 'exception', ...why }];
          const result = results.get(each);
          return result === undefined ? [] : [result];
        }),
      });
  };
  describe(`${subject.backEnd}, ${wish.name}:`, () => {
    // The quiet ones first: afterwards nobody is disturbed by what the others do to the server.
    for (const each of [...runnable].sort((a, b) => Number(isQuiet(b)) - Number(isQuiet(a)))) {
      test(each.name, () => (isQuiet(each) ? quiet.run(each) : perform(each)), patience[form]);
    }
    if (runnable.length > 0) afterAll(keep);
  });
  // Where nothing runs in it, nothing runs after it.
  if (runnable.length === 0) afterAll(keep);
}

/** The first hand that the back end does not have for this case. */
function whyNot<H, G extends Ground>(
  { hands }: FaultSubject<H, G>,
  each: FaultCase<H>,
): Exception | undefined {
  return each.needs
    .map((name): Exception | undefined => {
      const hand: Exception | ((ground: G) => unknown) = hands[name];
      return typeof hand === 'function' ? undefined : hand;
    })
    .find((hand) => hand !== undefined);
}

async function runOnce<H, G extends Ground>(
  subject: FaultSubject<H, G>,
  each: FaultCase<H>,
  long: boolean,
): Promise<unknown> {
  await using stack = new AsyncDisposableStack();
  const scene = async (): Promise<Scene<H>> => {
    const ground = stack.use(await subject.ground());
    const hands: Partial<H> = {};
    for (const name of each.needs) {
      const make = subject.hands[name];
      if (typeof make === 'function') hands[name] = make(ground);
    }
    const { store, witness, lines } = ground;
    const another = (): ReturnType<Ground['another']> => ground.another();
    return { store, witness, lines, another, hands: hands as H, long, fork: scene };
  };
  return await each.run(await scene());
}
