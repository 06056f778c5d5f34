import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultVniRange, parseVni, vniFromRandom } from './vni.ts';

test.each([1, 4096, 0xfffffe])('%d is a VNI', (value) => {
  expect(parseVni(value)).toBe(value);
});

test.each([0, -1, 0xffffff, 1.5, NaN, Infinity])('%d is none', (value) => {
  expect(() => parseVni(value)).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
});

test('a random VNI lies in the range, whose ends are reached', () => {
  fc.assert(
    fc.property(fc.nat(0xffffffff), (random) => {
      const vni = vniFromRandom(defaultVniRange, random);
      expect(vni).toBeGreaterThanOrEqual(defaultVniRange.first);
      expect(vni).toBeLessThanOrEqual(defaultVniRange.last);
    }),
  );
  const range = { first: 7, last: 9 };
  expect([0, 1, 2, 3].map((random) => vniFromRandom(range, random))).toEqual([7, 8, 9, 7]);
});
