import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Mirror, type MirrorOutcome, type StateUpdate } from './mirror.ts';
import { encodeText, type Change, type Entry } from './store.ts';

const entry = (key: string, revision: number, created = revision): Entry => ({
  key,
  value: encodeText(`${key}@${revision}`),
  revision,
  created,
});
const snapshot = (revision: number, entries: readonly Entry[], identity = 'store'): StateUpdate => ({
  kind: 'snapshot',
  revision,
  entries,
  identity,
});
const changes = (revision: number, ...list: readonly (Entry | string)[]): StateUpdate => ({
  kind: 'changes',
  revision,
  changes: list.map((c): Change =>
    typeof c === 'string' ? { kind: 'delete', key: c } : { kind: 'put', entry: c },
  ),
});
/** `a@5 -b(deleted)` */
const shown = ({ upserts, removals }: MirrorOutcome): string =>
  [
    ...upserts.map(({ entry: e }) => `${e.key}@${e.revision}`),
    ...removals.map(({ key, how }) => `-${key}(${how})`),
  ].join(' ');

function played(...updates: readonly StateUpdate[]): readonly string[] {
  const mirror = new Mirror();
  return updates.map((update) => shown(mirror.take(update)));
}

test('a snapshot is compared with what is known', () => {
  expect(
    played(
      snapshot(5, [entry('a', 1), entry('b', 2), entry('c', 3)]),
      snapshot(9, [entry('a', 1), entry('b', 8), entry('d', 9)]),
    ),
  ).toEqual(['a@1 b@2 c@3', 'b@8 d@9 -c(missing)']);
});

test('changes are passed on', () => {
  expect(played(snapshot(1, [entry('a', 1)]), changes(4, entry('b', 3), 'a'))).toEqual([
    'a@1',
    'b@3 -a(deleted)',
  ]);
});

test('what was deleted before their eyes is not missed afterwards', () => {
  expect(played(snapshot(1, [entry('a', 1)]), changes(2, 'a'), snapshot(3, []))).toEqual([
    'a@1',
    '-a(deleted)',
    '',
  ]);
});

test('a change that was seen already, or is older, is nothing', () => {
  expect(
    played(
      snapshot(5, [entry('a', 5)]),
      changes(5, entry('a', 5)),
      changes(4, entry('a', 4)),
      changes(4, 'a'),
    ),
  ).toEqual(['a@5', '', '', '']);
});

test('a snapshot may go back', () => {
  expect(played(snapshot(5, [entry('a', 5)]), snapshot(3, [entry('a', 2)]))).toEqual(['a@5', 'a@2']);
});

test('a key that was deleted and made again is news, although nobody saw it go', () => {
  expect(played(snapshot(5, [entry('a', 3)]), snapshot(9, [entry('a', 8)]))).toEqual(['a@3', 'a@8']);
});

test('equal revisions of another life of the store are news', () => {
  expect(
    played(
      snapshot(5, [entry('a', 5)], 'one'),
      snapshot(5, [entry('a', 5)], 'two'),
      snapshot(5, [entry('a', 5)], 'two'),
    ),
  ).toEqual(['a@5', 'a@5', '']);
  expect(played(snapshot(5, [entry('a', 2)]), snapshot(4, [entry('a', 2)]))).toEqual(['a@2', 'a@2']);
});

test('the deletion of a key that a snapshot missed is told: somebody may hold it', () => {
  expect(played(snapshot(1, [entry('a', 1)]), snapshot(2, [], 'other'), changes(3, 'a'))).toEqual([
    'a@1',
    '-a(missing)',
    '-a(deleted)',
  ]);
});

/** A store's history, seen in jumps: each step writes or deletes a key, or lets the watcher look. */
type Step =
  | { readonly do: 'put' | 'delete'; readonly key: string }
  | { readonly do: 'changes' | 'snapshot' | 'repeat' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constantFrom('put' as const, 'delete' as const),
      key: fc.constantFrom('a', 'b', 'c', 'd'),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ do: fc.constantFrom('changes' as const, 'snapshot' as const, 'repeat' as const) }),
  },
);

/** The updates that a watcher of this history gets; the last one is up to date. */
function watched(steps: readonly Step[]): {
  readonly updates: readonly StateUpdate[];
  readonly truth: ReadonlyMap<string, Entry>;
} {
  const truth = new Map<string, Entry>();
  const updates: StateUpdate[] = [snapshot(0, [])];
  let changed = new Map<string, Change>();
  let revision = 0;
  const flush = (update: StateUpdate): void => {
    updates.push(update);
    changed = new Map();
  };
  const delta = (): StateUpdate => ({ kind: 'changes', revision, changes: [...changed.values()] });
  for (const s of steps) {
    if (s.do === 'put') {
      revision += 1;
      const made = entry(s.key, revision, truth.get(s.key)?.created ?? revision);
      truth.set(s.key, made);
      changed.set(s.key, { kind: 'put', entry: made });
    } else if (s.do === 'delete') {
      revision += 1;
      truth.delete(s.key);
      changed.set(s.key, { kind: 'delete', key: s.key });
    } else if (s.do === 'snapshot') flush(snapshot(revision, [...truth.values()]));
    else if (s.do === 'changes') flush(delta());
    else {
      const last = updates.at(-1);
      if (last?.kind === 'changes' && changed.size === 0) updates.push(last);
    }
  }
  flush(delta());
  return { updates, truth };
}

test('whoever carries out what it says ends with what the store holds, without a needless write', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const { updates, truth } = watched(steps);
      const mirror = new Mirror();
      const held = new Map<string, Entry>();
      for (const update of updates) {
        const { upserts, removals } = mirror.take(update);
        for (const { entry: e } of upserts) {
          expect(held.get(e.key)?.revision).not.toBe(e.revision);
          held.set(e.key, e);
        }
        for (const { key } of removals) held.delete(key);
      }
      expect(held).toEqual(truth);
    }),
  );
});
