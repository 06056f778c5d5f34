import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { AddressSet } from './address-set.ts';

const values = fc.bigInt({ min: 0n, max: 70n });

test('is what a list of all that was put in is', () => {
  const change = fc.record({ op: fc.constantFrom('add', 'add', 'delete'), value: values });
  fc.assert(
    fc.property(fc.array(change, { maxLength: 200, size: 'max' }), values, (changes, from) => {
      const set = new AddressSet();
      const model: bigint[] = [];
      for (const { op, value } of changes) {
        if (op === 'add') {
          set.add(value);
          model.push(value);
        } else {
          set.delete(value);
          const at = model.indexOf(value);
          if (at >= 0) model.splice(at, 1);
        }
        let free = from;
        while (model.includes(free)) free += 1n;
        expect(set.firstFree(from, 100n)).toBe(free);
        expect(set.firstFree(from, free - 1n)).toBeUndefined();
        expect(set.count(value)).toBe(model.filter((v) => v === value).length);
      }
    }),
    { numRuns: 100 },
  );
});

test('behind any crowd the first free address is a matter of few steps, as is every change', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 1n << 127n }),
      fc.integer({ min: 1, max: 3000 }),
      fc.nat(),
      (base, size, place) => {
        const set = new AddressSet();
        for (let n = 0; n < size; n += 1) set.add(base + BigInt(n));
        const power = Math.ceil(Math.log2(size + 1)) + 1;
        expect(set.looks).toBeLessThanOrEqual(size * 3);
        const before = set.looks;
        const from = base + BigInt(place % size);
        expect(set.firstFree(from, 1n << 128n)).toBe(base + BigInt(size));
        expect(set.looks - before).toBeLessThanOrEqual(2 * power * (power + 2));
      },
    ),
    { numRuns: 100 },
  );
});
