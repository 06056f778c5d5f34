import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import * as lab from '../kernel-contract-objects.ts';
import { KeyedMap, sameKey } from './keyed-map.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './object.ts';
import { sandboxScope } from './scope.ts';

const everything = [
  ...lab.everything(sandboxScope('/run/netns/c1')),
  lab.otherFdb,
  lab.otherNeighbour,
  lab.strays.fdb.object,
  { ...lab.neighbour, dev: 'br0' },
];
const objects = [...everything, ...everything.map(lab.inSecondNetwork)];
const anyObject = fc.constantFrom(...objects);

test('a keyed map answers as a map by the texts of the keys would', () => {
  const move = fc.record({ object: anyObject, value: fc.option(fc.nat(), { nil: undefined }) });
  fc.assert(
    fc.property(fc.array(move, { maxLength: 40 }), (moves) => {
      const keyed = new KeyedMap<number>();
      const plain = new Map<ObjectKey, number>();
      for (const { object, value } of moves) {
        if (value === undefined) expect(keyed.delete(object)).toBe(plain.delete(keyOf(object)));
        else {
          keyed.set({ ...object }, value);
          plain.set(keyOf(object), value);
        }
      }
      for (const o of objects)
        expect([keyed.get(o), keyed.has(o)]).toEqual([plain.get(keyOf(o)), plain.has(keyOf(o))]);
      expect(keyed.size).toBe(plain.size);
      expect([...keyed.values()].sort()).toEqual([...plain.values()].sort());
    }),
  );
});

test('two objects have the same key when the texts of their keys are the same', () => {
  const differing: (readonly [LinuxObject, LinuxObject])[] = [];
  for (const a of objects)
    for (const b of objects) if (sameKey(a, b) !== (keyOf(a) === keyOf(b))) differing.push([a, b]);
  expect(differing).toEqual([]);
});
