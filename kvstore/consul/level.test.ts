import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { silentLogger } from '../../model/logger.ts';
import { Follower } from '../contract-subject.ts';
import { LevelWatch } from '../level-watch.ts';
import { encodeText, type Entry } from '../store.ts';
import { differenceOf, Level, type Proof, type Reading, type Told } from './level.ts';

const entry = (key: string, revision: number): Entry => ({
  key,
  value: encodeText('x'),
  revision,
  created: revision,
});
const reading = (index: number, keys: Readonly<Record<string, number>>, floor = 0): Reading => ({
  index,
  floor,
  entries: Object.entries(keys).map(([key, revision]) => entry(key, revision)),
});
const told = (revision: number, keys: Readonly<Record<string, number>>): Told => ({
  identity: 'one',
  revision,
  revisions: new Map(Object.entries(keys)),
});

/** What a watch that knows `before` is told of a reading, in a few words. */
function says(before: Told, now: Reading, proof?: Proof): string {
  const level = Level.next(before, now, differenceOf(before, now), proof);
  const news = level.identity === before.identity ? level.changes('', before.revision) : undefined;
  if (news === undefined) {
    const { revision, entries } = level.snapshot('');
    return `snapshot ${level.identity} at ${revision}: ${entries.map(({ key }) => key).join(' ')}`;
  }
  const words = news.changes.map((c) => (c.kind === 'put' ? `+${c.entry.key}` : `-${c.key}`));
  return [`changes at ${news.revision}:`, ...words].join(' ');
}

const known = told(10, { a: 5, b: 9 });
const same = { identity: 'one', last: 20 };

test.each([
  ['nothing new', reading(10, { a: 5, b: 9 }), false, 'changes at 10:'],
  ['a put', reading(12, { a: 5, b: 12 }), false, 'changes at 12: +b'],
  ['a new key', reading(12, { a: 5, b: 9, c: 12 }), false, 'changes at 12: +c'],
  ['as new as our own write elsewhere', reading(10, { a: 5, b: 9 }, 15), false, 'changes at 15:'],
  ['a deletion that the server has forgotten', reading(9, { a: 5, b: 9 }), false, 'changes at 10:'],
  ['a deletion', reading(12, { a: 5 }), true, 'changes at 12: -b'],
  ['nothing left', reading(12, {}), true, 'changes at 12: -a -b'],
  ['missing, and when is forgotten', reading(5, { a: 5 }), true, 'snapshot one at 10: a'],
] as const)('%s', (_, now, doubtful, expected) => {
  expect(differenceOf(known, now).doubtful).toBe(doubtful);
  expect(says(known, now, doubtful ? same : undefined)).toBe(expected);
});

test.each([
  ['another store', reading(7, { a: 3 }), { identity: 'two', last: 7 }, 'snapshot two at 7: a'],
  [
    'another store that is further',
    reading(99, { a: 98 }),
    { identity: 'two', last: 99 },
    'snapshot two at 99: a',
  ],
  [
    'put back to before a key was made',
    reading(5, { a: 5 }),
    { identity: 'one', last: 5 },
    'snapshot one at 5: a',
  ],
  ['put back: a key is older', reading(8, { a: 5, b: 8 }), same, 'snapshot one at 8: a b'],
  ['what was lost is made anew', reading(8, {}, 30), { identity: 'one', last: 8 }, 'snapshot one at 8: '],
] as const)('%s is doubtful and told as a snapshot', (_, now, proof, expected) => {
  expect(differenceOf(known, now).doubtful).toBe(true);
  expect(says(known, now, proof)).toBe(expected);
});

test('a new key that is older than what was told is of another life', () => {
  const empty = told(10, {});
  const now = reading(7, { a: 7 });
  expect(differenceOf(empty, now).doubtful).toBe(true);
  expect(says(empty, now, { identity: 'two', last: 7 })).toBe('snapshot two at 7: a');
});

test('a watch that stands elsewhere than the others is told everything', () => {
  const now = reading(12, { a: 5, b: 12 });
  const level = Level.next(known, now, differenceOf(known, now));
  expect(level.changes('', 10)?.changes.length).toBe(1);
  expect(level.changes('', 7)).toBeUndefined();
});

test('a watch of a part hears of that part only', () => {
  const before = told(10, { 'net/1/a': 5, 'net/2/a': 6 });
  const now = reading(12, { 'net/1/a': 11, 'net/2/a': 12 });
  const level = Level.next(before, now, differenceOf(before, now));
  expect(level.changes('net/1/', 10)?.changes.map((c) => c.kind === 'put' && c.entry.key)).toEqual([
    'net/1/a',
  ]);
  expect(level.snapshot('net/2/').entries.map(({ key }) => key)).toEqual(['net/2/a']);
});

/** What happens to a store between two readings of it. */
const deeds = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({ kind: fc.constant('put' as const), key: fc.constantFrom('a', 'b', 'c') }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ kind: fc.constant('delete' as const), key: fc.constantFrom('a', 'b', 'c') }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('elsewhere' as const, 'forget' as const) }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constantFrom('save' as const, 'restore' as const, 'wipe' as const) }),
    },
  ),
  { maxLength: 6 },
);

test('whatever happens between readings, the watch ends with what is there, and goes back only when the store does', () => {
  fc.assert(
    fc.property(fc.array(deeds, { maxLength: 12 }), (rounds) => {
      const store = new Model();
      const follower = new Follower();
      const watch = new LevelWatch('', follower.sink, silentLogger, () => undefined);
      let level = Level.first(store.identity, store.reading());
      const tell = (): void => {
        const update = watch.next(level);
        if (update !== undefined) watch.deliver(update);
      };
      tell();
      for (const round of rounds) {
        for (const deed of round) store.do(deed);
        const now = store.reading();
        const difference = differenceOf(level.told, now);
        const proof = difference.doubtful || store.hasBroken ? store.proof : undefined;
        level = Level.next(level.told, now, difference, proof);
        tell();
        const held = [...follower.state.values()].map((e) => [e.key, e.revision]);
        expect(new Map(held as [string, number][])).toEqual(store.keys);
      }
      if (!store.hasBroken) {
        expect(follower.broken).toEqual([]);
        if (!store.hasForgotten) expect(follower.kinds.filter((kind) => kind === 'snapshot').length).toBe(1);
      }
    }),
    { numRuns: 500 },
  );
});

/** A store as Consul is one: the index of a prefix is that of its last change, until a deletion is forgotten. */
class Model {
  keys = new Map<string, number>();
  /** Was it ever put back or wiped? */
  hasBroken = false;
  hasForgotten = false;
  #life = 1;
  #last = 1;
  #gone = 0;
  #saved = { keys: new Map<string, number>(), last: 1, gone: 0 };

  get identity(): string {
    return `life ${this.#life}`;
  }

  get proof(): Proof {
    return { identity: this.identity, last: this.#last };
  }

  reading(): Reading {
    const index = Math.max(this.#gone, ...this.keys.values());
    return reading(index === 0 ? this.#last : index, Object.fromEntries(this.keys));
  }

  do(deed: { readonly kind: string; readonly key?: string }): void {
    const { kind, key = '' } = deed;
    if (kind === 'put') this.keys.set(key, (this.#last += 1));
    else if (kind === 'delete') {
      if (this.keys.delete(key)) this.#gone = this.#last += 1;
    } else if (kind === 'elsewhere') this.#last += 1;
    else if (kind === 'forget') {
      this.#gone = 0;
      this.#last += 1;
      this.hasForgotten = true;
    } else if (kind === 'save')
      this.#saved = { keys: new Map(this.keys), last: this.#last, gone: this.#gone };
    else {
      this.hasBroken = true;
      if (kind === 'wipe') this.#life += 1;
      const { keys, last, gone } = kind === 'wipe' ? { keys: [], last: 1, gone: 0 } : this.#saved;
      this.keys = new Map(keys);
      this.#last = last;
      this.#gone = gone;
    }
  }
}
