import { describe, expect, test } from '@jest/globals';
import { WeftError } from '../../model/errors.ts';
import type { Entry } from '../store.ts';
import { Known } from './known.ts';
import type { Truth } from './list.ts';
import type { WatchEvent } from './watch-events.ts';
import { next, start, type WatchInput, type WatchState } from './watch.machine.ts';

const entry = (key: string, revision: number): Entry => ({
  key,
  value: Uint8Array.of(revision),
  revision,
  created: revision,
});
const truth = (revision: number, ...entries: readonly Entry[]): Truth => ({
  revision,
  entries,
  identity: 'c1',
});
const wrote = (key: string, revision: number): WatchEvent => ({
  key,
  revision,
  exists: true,
  change: { kind: 'put', entry: entry(key, revision) },
});
const erased = (key: string, revision: number): WatchEvent => ({
  key,
  revision,
  exists: false,
  change: { kind: 'delete', key },
});

const cut = new Error('cut');
const away = new Error('away');
const listed = (t: Truth): WatchInput => ({ kind: 'listed', truth: t });
const came = (...events: readonly WatchEvent[]): WatchInput => ({ kind: 'events', events });
const opened: WatchInput = { kind: 'opened' };
const broken: WatchInput = { kind: 'broken', error: cut };
const compacted: WatchInput = { kind: 'compacted' };
const listFailed: WatchInput = { kind: 'list-failed', error: away };
const denied: WatchInput = { kind: 'list-failed', error: new WeftError('STORE_DENIED', 'denied') };
const timer: WatchInput = { kind: 'timer' };

/** One word or two for each effect. */
function play(
  inputs: readonly WatchInput[],
  from: WatchState = start.state,
): { phase: string; said: string[] } {
  let state = from;
  const said: string[] = [];
  for (const input of inputs) {
    const reaction = next(state, input);
    ({ state } = reaction);
    for (const effect of reaction.effects) {
      if (effect.kind === 'open') said.push(`open ${effect.from}`);
      else if (effect.kind === 'wake') said.push(`wake ${effect.why}`);
      else if (effect.kind !== 'tell') said.push(effect.kind);
      else if (effect.update.kind === 'stale') said.push('stale');
      else if (effect.update.kind === 'snapshot') {
        const keys = effect.update.entries.map((e) => e.key);
        said.push(`snapshot ${effect.update.revision}: ${keys.join(' ')}`.trim());
      } else {
        const changes = effect.update.changes.map((c) =>
          c.kind === 'put' ? `${c.entry.key}=${c.entry.revision}` : `-${c.key}`,
        );
        said.push(`changes ${effect.update.revision}: ${changes.join(' ')}`.trim());
      }
    }
  }
  return { phase: state.phase, said };
}

/** Told a=5 and b=6 as of 10, stream on. */
const following: WatchState = {
  phase: 'following',
  told: { position: 10, identity: 'c1', known: Known.of([entry('a', 5), entry('b', 6)]) },
  stale: false,
  failures: 0,
  steady: true,
};
const asTold = truth(10, entry('a', 5), entry('b', 6));
const resumed = [broken, timer];
const leaving = ['drop', 'stale', 'wake retry', 'list'];

const rows: readonly {
  readonly title: string;
  readonly from?: WatchState;
  readonly inputs: readonly WatchInput[];
  readonly said: readonly string[];
  readonly phase: string;
}[] = [
  {
    title: 'begins with a snapshot and follows from the next revision on',
    inputs: [listed(truth(10, entry('a', 5))), opened, came(wrote('a', 11))],
    said: ['snapshot 10: a', 'open 11', 'wake steady', 'changes 11: a=11'],
    phase: 'following',
  },
  {
    title: 'a store that is away at the start is stale once, then a snapshot',
    inputs: [listFailed, timer, listFailed, timer, listed(truth(3))],
    said: ['drop', 'stale', 'wake retry', 'list', 'drop', 'wake retry', 'list', 'snapshot 3:', 'open 4'],
    phase: 'opening',
  },
  {
    title: 'several revisions in one answer are one update with the last change of each key',
    from: following,
    inputs: [came(wrote('a', 11), wrote('c', 11), erased('a', 12), wrote('b', 13))],
    said: ['changes 13: c=11 -a b=13'],
    phase: 'following',
  },
  {
    title: 'old events are dropped',
    from: following,
    inputs: [came(wrote('a', 9), wrote('b', 10)), came(wrote('a', 10), wrote('b', 11))],
    said: ['changes 11: b=11'],
    phase: 'following',
  },
  {
    title: 'nothing missed: contact is back without a change, and old history is not asked for',
    from: following,
    inputs: [...resumed, listed({ ...asTold, revision: 90 }), opened],
    said: [...leaving, 'open 91', 'changes 90:', 'wake steady'],
    phase: 'following',
  },
  {
    title: 'missed events come as one batch, from the last event on, when the listing is reached',
    from: following,
    inputs: [
      ...resumed,
      listed(truth(20, entry('a', 14))),
      opened,
      came(erased('b', 12)),
      came(wrote('a', 14)),
    ],
    said: [...leaving, 'open 11', 'wake settle', 'changes 20: -b a=14', 'wake steady'],
    phase: 'following',
  },
  {
    title: 'cut in the middle of missed events: again from the last event that was passed on',
    from: following,
    inputs: [
      ...resumed,
      listed(truth(20, entry('a', 14))),
      opened,
      came(erased('b', 12)),
      ...resumed,
      listed(truth(21, entry('a', 21))),
    ],
    said: [...leaving, 'open 11', 'wake settle', 'drop', 'wake retry', 'list', 'open 11'],
    phase: 'opening',
  },
  {
    title: 'history that is no longer kept: listed again, and a snapshot',
    from: following,
    inputs: [...resumed, listed(truth(20, entry('a', 14))), opened, compacted, timer, listed(truth(22))],
    said: [...leaving, 'open 11', 'wake settle', 'drop', 'wake retry', 'list', 'snapshot 22:', 'open 23'],
    phase: 'opening',
  },
  {
    title: 'compaction while following is no loss of contact',
    from: following,
    inputs: [compacted, timer, listed(asTold)],
    said: ['drop', 'wake retry', 'list', 'snapshot 10: a b', 'open 11'],
    phase: 'opening',
  },
  {
    title: 'a revision that went back is another life of the store: a snapshot',
    from: following,
    inputs: [...resumed, listed(truth(2))],
    said: [...leaving, 'snapshot 2:', 'open 3'],
    phase: 'opening',
  },
  {
    title: 'another identity is another store: a snapshot, even when the revision fits',
    from: following,
    inputs: [...resumed, listed({ ...asTold, revision: 30, identity: 'c2' })],
    said: [...leaving, 'snapshot 30: a b', 'open 31'],
    phase: 'opening',
  },
  {
    title: 'missed events that never come, and a later one does: a snapshot, and the later one on top',
    from: following,
    inputs: [...resumed, listed(truth(20, entry('a', 5))), opened, came(wrote('c', 21))],
    said: [...leaving, 'open 11', 'wake settle', 'snapshot 20: a', 'changes 21: c=21', 'wake steady'],
    phase: 'following',
  },
  {
    title: 'missed events that never come: a snapshot after a while',
    from: following,
    inputs: [...resumed, listed(truth(20, entry('a', 5))), opened, timer, came(wrote('a', 19))],
    said: [...leaving, 'open 11', 'wake settle', 'snapshot 20: a', 'wake steady'],
    phase: 'following',
  },
  {
    title: 'a snapshot that is taken instead of missed events has them in it: none comes once more',
    from: following,
    inputs: [
      ...resumed,
      listed(truth(20, entry('a', 14))),
      opened,
      came(wrote('a', 11)),
      came(wrote('c', 21)),
    ],
    said: [...leaving, 'open 11', 'wake settle', 'snapshot 20: a', 'changes 21: c=21', 'wake steady'],
    phase: 'following',
  },
  {
    title: 'comparing while following: nothing differs, nothing is said',
    from: following,
    inputs: [timer, listed({ ...asTold, revision: 40 }), came(wrote('a', 39)), came(wrote('a', 41))],
    said: ['list', 'wake check', 'changes 41: a=41'],
    phase: 'following',
  },
  {
    title: 'comparing: what comes meanwhile is held, and explains the listing',
    from: following,
    inputs: [timer, came(wrote('a', 11)), listed(truth(12, entry('a', 11))), came(erased('b', 12))],
    said: ['list', 'wake settle', 'changes 12: a=11 -b', 'wake steady'],
    phase: 'following',
  },
  {
    title: 'comparing finds a deletion that the server has forgotten to send',
    from: following,
    inputs: [timer, listed(truth(12, entry('a', 5))), timer],
    said: ['list', 'wake settle', 'snapshot 12: a', 'wake steady'],
    phase: 'following',
  },
  {
    title: 'comparing fails: what was held is passed on, and nothing is stale',
    from: following,
    inputs: [timer, came(wrote('a', 11)), listFailed],
    said: ['list', 'changes 11: a=11', 'wake check'],
    phase: 'following',
  },
  {
    title: 'comparing is denied: permission was taken, whatever the server still sends',
    from: following,
    inputs: [timer, came(wrote('a', 11)), denied],
    said: ['list', 'drop', 'stale', 'wake retry'],
    phase: 'waiting',
  },
  {
    title: 'a cut while comparing is a cut',
    from: following,
    inputs: [timer, came(wrote('a', 11)), broken],
    said: ['list', 'drop', 'stale', 'wake retry'],
    phase: 'waiting',
  },
];

describe('a watch', () => {
  test.each(rows)('$title', ({ from, inputs, said, phase }) => {
    expect(play(inputs, from)).toEqual({ phase, said });
  });

  test('counts failures until a stream has lasted', () => {
    const failuresAfter = (...inputs: readonly WatchInput[]): number =>
      inputs.reduce<WatchState>((state, input) => next(state, input).state, following).failures;
    const back = [timer, listed(asTold), opened];
    expect(failuresAfter(broken)).toBe(1);
    expect(failuresAfter(broken, ...back, broken)).toBe(2);
    expect(failuresAfter(broken, ...back, timer)).toBe(0);
  });
});
