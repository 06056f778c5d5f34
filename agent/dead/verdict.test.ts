import { describe, expect, test } from '@jest/globals';
import type { FenceKind, NodeId } from '../../model/node.ts';
import { Absences } from './absences.ts';
import type { Picture } from './picture.ts';
import { judge, type Verdict } from './verdict.ts';

const id = (n: number): NodeId => String(n).repeat(16) as NodeId;
const rules = { grace: 600, step: 20 };

interface Seen {
  readonly self?: number;
  readonly nodes?: readonly number[];
  readonly alive: readonly number[];
  readonly fence?: readonly [kind: FenceKind, by: number];
  readonly doubt?: Picture['doubt'];
}

/** Of five nodes the last, 5, is the one that is judged. */
function picture({ self = 1, nodes = [1, 2, 3, 4, 5], alive, fence, doubt }: Seen): Picture {
  return {
    self: id(self),
    ...(doubt === undefined ? {} : { doubt }),
    nodes: new Map(nodes.map((n) => [id(n), 10 * n])),
    alive: new Set(alive.map(id)),
    strangers: new Set(),
    fences: new Map(fence === undefined ? [] : [[id(5), { kind: fence[0], by: id(fence[1]), revision: 7 }]]),
  };
}

const due = (step: (Verdict & { kind: 'due' })['step']): Verdict => ({ kind: 'due', step });
const waiting = (ms: number): Verdict => ({ kind: 'waiting', ms });
const refused = (why: string) => ({ kind: 'refused', why: expect.stringContaining(why) });
const living = [1, 2, 3, 4];
const stale = { why: 'the store is out of reach', broken: true };
const rest = [1, 2, 3, 4];

describe('the verdict on a node that has been away since 0, of one that has been since 500 if he had begun', () => {
  test.each<[string, Seen, number, unknown]>([
    ['its time has not come', { alive: living }, 599, waiting(1)],
    ['its time has come', { alive: living }, 600, due('fence')],
    ['rank 0 is the least of the living', { self: 3, nodes: [1, 3, 4, 5], alive: [3, 4] }, 600, due('fence')],
    ['rank 1 waits a step', { self: 2, alive: living }, 600, waiting(20)],
    ['rank 3 waits three', { self: 4, alive: living }, 600, waiting(60)],
    ['and acts then', { self: 4, alive: living }, 660, due('fence')],
    ['ranks are those of the living', { self: 4, alive: [2, 4, 3] }, 640, due('fence')],
    ['half of an even number is enough', { nodes: [1, 2, 4, 5], alive: [1, 2] }, 600, due('fence')],
    ['less is not', { nodes: [1, 2, 3, 4, 5], alive: [1, 2] }, 600, refused('only 2 of 5 nodes are alive')],
    ['one of two is half', { nodes: [1, 5], alive: [1] }, 600, due('fence')],
    ['who is not alive himself does nothing', { alive: [2, 3, 4] }, 600, refused('lost its own lease')],
    ['nobody acts on a stale view', { alive: living, doubt: stale }, 600, refused('out of reach')],
    ['a drain is no collection', { alive: living, fence: ['drain', 2] }, 599, waiting(1)],
    ['it ends in one', { alive: living, fence: ['drain', 2] }, 600, due('fence')],
    [
      'a live collector is left alone',
      { alive: living, fence: ['collect', 2] },
      9999,
      { kind: 'others', by: id(2) },
    ],
    ['our own fence is gone on with', { alive: living, fence: ['collect', 1] }, 1, due('go-on')],
    [
      'but not by a minority',
      { alive: [1, 2], nodes: [1, 2, 3, 4, 5, 6], fence: ['collect', 1] },
      1,
      refused('2 of 5'),
    ],
    [
      'nor on a stale view',
      { alive: living, fence: ['forget', 1], doubt: stale },
      1,
      refused('out of reach'),
    ],
    ['what an operator said needs no majority', { alive: [1], fence: ['forget', 1] }, 1, due('go-on')],
    [
      'a dead collector is followed by rank',
      { self: 2, alive: [1, 2, 3], fence: ['collect', 4] },
      519,
      waiting(1),
    ],
    ['at once by the first', { alive: [1, 2, 3], fence: ['collect', 4] }, 500, due('take-over')],
    ['later by others', { self: 2, alive: [1, 2, 3], fence: ['collect', 4] }, 520, due('take-over')],
    ['the fenced count no more', { nodes: [1, 4, 5], alive: [1], fence: ['collect', 1] }, 1, due('go-on')],
    [
      'the last fence stays for a grace',
      { nodes: rest, alive: living, fence: ['collect', 1] },
      599,
      waiting(1),
    ],
    ['and goes', { nodes: rest, alive: living, fence: ['collect', 1] }, 600, due('end')],
    ['also that of somebody dead', { nodes: rest, alive: [1, 2, 3], fence: ['collect', 4] }, 600, due('end')],
  ])('%s', (_, seen, now, verdict) => {
    const since = (node: NodeId): number => (node === id(5) ? 0 : 500);
    expect(judge(id(5), picture(seen), since, now, rules)).toEqual(verdict);
  });

  test('nobody knows since when: it waits', () => {
    expect(judge(id(5), picture({ alive: living }), () => undefined, 9999, rules)).toEqual(waiting(600));
  });
});

describe('since when a node has been away', () => {
  const all = { alive: [1, 2, 3, 4, 5] };
  const without = { alive: living };
  const written = { ...picture(without), nodes: new Map([[id(5), 99]]) };

  /** Looks at the pictures, each at its time. */
  function after(...looks: readonly (readonly [number, Seen | Picture])[]): number | undefined {
    const absences = new Absences(100);
    for (const [now, seen] of looks)
      absences.look('self' in seen && 'fences' in seen ? seen : picture(seen), now);
    return absences.since(id(5));
  }

  test.each<[string, readonly (readonly [number, Seen | Picture])[], number | undefined]>([
    [
      'since it was first missed',
      [
        [0, all],
        [40, without],
        [90, without],
      ],
      40,
    ],
    [
      'not at all while it is alive',
      [
        [0, without],
        [40, all],
      ],
      undefined,
    ],
    [
      'anew when it was back for a moment',
      [
        [0, without],
        [40, all],
        [50, without],
      ],
      50,
    ],
    [
      'anew when its record was written',
      [
        [0, without],
        [40, written],
      ],
      40,
    ],
    [
      'anew after a stale view',
      [
        [0, without],
        [40, { ...without, doubt: stale }],
        [50, without],
      ],
      50,
    ],
    [
      'not at all while the view is stale',
      [
        [0, without],
        [40, { ...without, doubt: stale }],
      ],
      undefined,
    ],
    [
      'as before while one network is read',
      [
        [0, without],
        [40, { ...without, doubt: { ...stale, broken: false } }],
      ],
      0,
    ],
    [
      'as before when the looks are frequent',
      [
        [0, without],
        [100, without],
        [200, without],
      ],
      0,
    ],
    [
      'anew when he who looks stood still',
      [
        [0, without],
        [101, without],
      ],
      101,
    ],
    ['also of one that has only a fence', [[7, { ...without, nodes: rest, fence: ['collect', 1] }]], 7],
    [
      'anew when its record went',
      [
        [0, without],
        [7, { ...without, nodes: rest, fence: ['collect', 1] }],
      ],
      7,
    ],
    ['not at all of one that nobody knows', [[0, { ...without, nodes: rest }]], undefined],
  ])('%s', (_, looks, since) => {
    expect(after(...looks)).toBe(since);
  });

  test('nobody is away to himself', () => {
    const absences = new Absences(100);
    absences.look(picture({ self: 5, alive: living }), 0);
    expect(absences.nodes()).toEqual([]);
  });
});
