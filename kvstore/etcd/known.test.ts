import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { Known, type Step } from './known.ts';

const steps = fc.array(
  fc.record({ key: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'), exists: fc.boolean() }),
  {
    maxLength: 20,
  },
);

test('what is known after steps is what a plain map would hold, and earlier values stay as they were', () => {
  fc.assert(
    fc.property(fc.array(steps, { maxLength: 8 }), (rounds) => {
      const model = new Map<string, number>();
      let known = Known.of([]);
      let revision = 0;
      for (const round of rounds) {
        revision += 1;
        const before = known;
        const snapshot = new Map(model);
        const made: Step[] = round.map((step) => ({ ...step, revision }));
        for (const { key, exists } of made) {
          if (exists) model.set(key, revision);
          else model.delete(key);
        }
        known = before.after(made);
        expect(known.differences(asKnown(model)).size).toBe(0);
        expect(asKnown(model).differences(known).size).toBe(0);
        expect(before.differences(asKnown(snapshot)).size).toBe(0);
      }
    }),
  );
});

test('many steps, more than are kept apart, add up', () => {
  let known = Known.of([
    { key: 'first', revision: 1 },
    { key: 'erased', revision: 1 },
  ]).after([{ key: 'erased', revision: 1, exists: false }]);
  for (let n = 2; n < 2000; n += 1)
    known = known.after([{ key: `k${n % 700}`, revision: n, exists: n % 3 > 0 }]);
  expect(known.revisionOf('first')).toBe(1);
  expect(known.revisionOf('erased')).toBeUndefined();
  expect(known.revisionOf('k599')).toBe(1999);
  expect(known.revisionOf('k598')).toBeUndefined();
});

test('differences name what is expected: another revision, a key too few, a key too many', () => {
  const here = Known.of([
    { key: 'same', revision: 1 },
    { key: 'older', revision: 2 },
    { key: 'gone there', revision: 3 },
  ]).after([{ key: 'new here', revision: 4, exists: true }]);
  const there = Known.of([
    { key: 'same', revision: 1 },
    { key: 'older', revision: 9 },
    { key: 'new there', revision: 8 },
  ]);
  expect([...here.differences(there)].sort()).toEqual([
    ['gone there', undefined],
    ['new here', undefined],
    ['new there', 8],
    ['older', 9],
  ]);
});

const asKnown = (model: ReadonlyMap<string, number>): Known =>
  Known.of([...model].map(([key, revision]) => ({ key, revision })));
