import { tell } from '../testing/scene.ts';
import { amiss } from './amiss.ts';
import { classOf, subject } from './classify.ts';
import { sideEffects, type CallClass } from './known-calls.ts';
import type { OperationName } from './operations.ts';
import { Stage } from './stage.ts';
import { strike, strikeAfter, watch } from './strike.ts';
import { survey, type Seen } from './survey.ts';

export interface CampaignWish {
  readonly lab: string;
  readonly store: 'file' | 'etcd';
  readonly operations: readonly OperationName[];
  /** Which of the calls that an operation makes the agent is killed before; besides, it is killed after the last of them. */
  readonly choose: (seen: readonly Seen[], operation: OperationName) => readonly Seen[];
}

/** One kill. */
export interface Kill {
  readonly operation: OperationName;
  /** What it was meant to hit. */
  readonly kind: string;
  /** What it has hit; undefined: the operation was over before. */
  readonly hit: string | undefined;
  /** Is that of another kind? */
  readonly isOther: boolean;
  readonly strays: readonly string[];
}

export interface Campaign {
  readonly store: 'file' | 'etcd';
  /** How many calls of each operation, and of how many kinds, last beyond the process. */
  readonly points: Readonly<
    Partial<Record<OperationName, { readonly calls: number; readonly kinds: number }>>
  >;
  readonly kills: readonly Kill[];
  /** Calls that the list does not know, or not there; those that it knows and that are not made. */
  readonly surprises: readonly string[];
}

/** A kill is repeated when another call was hit: threads and timers do not run alike each time. */
const attempts = 5;

const last = 'after the last';

/** Watches each operation once, kills it at the points that were chosen, and tells what became of the world. */
export async function campaign(wish: CampaignWish, say: (what: string) => void): Promise<Campaign> {
  const { store } = wish;
  const kills: Kill[] = [];
  const surprises: string[] = [];
  const points: Record<string, { calls: number; kinds: number }> = {};
  const lab = { name: wish.lab, hosts: 2, store, underlay: 4, agents: 'leave' } as const;
  await tell(lab, async (scene) => {
    let stage = await Stage.open(scene);
    for (const operation of wish.operations) {
      const { seen, unknown } = survey(await watch(stage, operation, sideEffects));
      const lasting = seen.filter(({ kind }) => kind.lasts);
      points[operation] = { calls: lasting.length, kinds: new Set(lasting.map(({ kind }) => kind)).size };
      const strange = [
        ...unknown.map((call) => `${operation}: unknown: ${subject(call).slice(0, 200)}`),
        ...amiss(operation, seen, store),
      ];
      for (const each of strange) say(`${store}: ${each}`);
      surprises.push(...strange);
      const chosen = wish.choose(lasting, operation);
      say(`${store}: ${operation} has ${lasting.length} points; ${chosen.length + 1} kills`);
      for (const one of [...chosen, undefined]) {
        const kill = await killAt(stage, operation, one);
        kills.push(kill);
        if (kill.strays.length === 0) continue;
        say(`${store}: ${operation}, ${kill.kind}, hit ${kill.hit ?? 'nothing'}: ${brief(kill.strays)}`);
        // What was left is in the way of all that follows.
        stage = await stage.anew();
      }
    }
  });
  return { store, points, kills, surprises };
}

/** An agent that does not come back, or an operation that cannot be repeated, is something left as well. */
async function killAt(stage: Stage, operation: OperationName, one: Seen | undefined): Promise<Kill> {
  try {
    return await (one === undefined ? afterwards(stage, operation) : before(stage, operation, one));
  } catch (error) {
    const strays = [`no end: ${error instanceof Error ? error.message : String(error)}`];
    return { operation, kind: one?.kind.name ?? last, hit: one && subject(one.call), isOther: false, strays };
  }
}

async function before(stage: Stage, operation: OperationName, { kind, point }: Seen): Promise<Kill> {
  let aim = point;
  for (let attempt = 1; ; attempt += 1) {
    const { trace, hit, strays } = await strike(stage, operation, aim);
    const found = hit === undefined ? undefined : classOf(hit)?.name;
    const isOther = hit !== undefined && found !== kind.name;
    if (found === kind.name || strays.length > 0 || attempt === attempts)
      return {
        operation,
        kind: kind.name,
        hit: hit === undefined ? undefined : subject(hit),
        isOther,
        strays,
      };
    // Where such a call was this time.
    aim = survey(trace).seen.find((one) => one.kind === kind)?.point ?? point;
  }
}

async function afterwards(stage: Stage, operation: OperationName): Promise<Kill> {
  const of = { operation, kind: last, hit: 'the end', isOther: false };
  return { ...of, strays: await strikeAfter(stage, operation) };
}

/** For a short campaign: of each kind one call, in the first operation that makes it each time. */
export function onceEach(): CampaignWish['choose'] {
  const done = new Set<CallClass>();
  return (seen, operation) =>
    seen.filter(({ kind }) => {
      if (done.has(kind) || !kind.in.includes(operation)) return false;
      done.add(kind);
      return true;
    });
}

/** A few of the lines, each short. */
export function brief(lines: readonly string[]): string {
  const some = lines.slice(0, 6).map((line) => (line.length > 120 ? `${line.slice(0, 120)}...` : line));
  return [...some, ...(lines.length > some.length ? [`and ${lines.length - some.length} more`] : [])].join(
    '; ',
  );
}
