import { renderFigures } from '../bench/table.ts';
import { brief, campaign, type Campaign } from '../crash/campaign.ts';
import { operations, type OperationName } from '../crash/operations.ts';
import type { Seen } from '../crash/survey.ts';
import type { Verdict } from './soak.ts';

export interface CrashesWish {
  readonly lab: string;
  readonly stores: readonly ('file' | 'etcd')[];
}

const names = Object.keys(operations) as OperationName[];

/** Kills an agent before every call of every operation by which it changes anything, and after the last; a table of what was left. */
export async function crashes({ lab, stores }: CrashesWish, say: (what: string) => void): Promise<Verdict> {
  const all: Campaign[] = [];
  for (const store of stores) all.push(await campaign({ lab, store, operations: names, choose: each }, say));
  const complaints = all.flatMap(({ store, surprises, kills }) => [
    ...surprises.map((surprise) => `${store}: ${surprise}`),
    ...kills.flatMap(({ operation, kind, hit, strays }) =>
      strays.length === 0 ? [] : [`${store}: ${operation}, ${kind}, before ${hit ?? '-'}: ${brief(strays)}`],
    ),
  ]);
  const end = complaints.length === 0 ? 'every end was that of an undisturbed run' : complaints.join('\n');
  return { ok: complaints.length === 0, text: `${tableOf(all)}${end}` };
}

/** Of the thread's ways from namespace to namespace, which leave nothing anywhere, the first stands for all. */
function each(seen: readonly Seen[]): readonly Seen[] {
  const ways = seen.filter(({ call }) => call.name === 'setns');
  return seen.filter((one) => one.call.name !== 'setns' || one === ways[0]);
}

function tableOf(all: readonly Campaign[]): string {
  return renderFigures({
    title: 'An agent killed by SIGKILL, started again, and the operation repeated',
    head: [
      'store',
      'operation',
      'calls',
      'kinds',
      'kills',
      'another call hit',
      'over before',
      'left or lost',
    ],
    rows: all.flatMap(({ store, points, kills }) =>
      names.map((operation) => {
        const ours = kills.filter((kill) => kill.operation === operation);
        const { calls = 0, kinds = 0 } = points[operation] ?? {};
        const others = ours.filter(({ isOther }) => isOther).length;
        const missed = ours.filter(({ hit }) => hit === undefined).length;
        const wrong = ours.filter(({ strays }) => strays.length > 0).length;
        return [store, operation, ...[calls, kinds, ours.length, others, missed, wrong].map(String)];
      }),
    ),
    notes: [
      'calls: those of an undisturbed run by which something lasts beyond the process; kills: before each, and after the last one',
      'another call hit, over before: threads and timers do not run alike each time; each is tried five times',
    ],
  });
}
