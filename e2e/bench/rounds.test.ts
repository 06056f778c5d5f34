import { expect, test } from '@jest/globals';
import { alternate } from './rounds.ts';

test('candidates take turns, each comes after each, and each has its results in the order of the rounds', async () => {
  const turns: string[] = [];
  const candidate = (name: string) => ({
    name,
    async measure(round: number) {
      turns.push(`${name}${round}`);
      return round * 10;
    },
  });
  const results = await alternate(3, [candidate('A'), candidate('B')]);
  expect(turns).toEqual(['A0', 'B0', 'B1', 'A1', 'A2', 'B2']);
  expect(Object.fromEntries(results)).toEqual({ A: [0, 10, 20], B: [0, 10, 20] });
});

test('a candidate that fails is named and ends the rounds', async () => {
  const broken = { name: 'B', measure: () => Promise.reject(new Error('no such device')) };
  await expect(alternate(2, [broken])).rejects.toThrow('B: no such device');
});
