import { expect, test } from '@jest/globals';
import { outcomeOf, portionsOf } from './portions.ts';

test('many runs are cut into portions that leave none out', () => {
  expect(portionsOf(7, 600)).toEqual([
    { from: 7, runs: 250 },
    { from: 257, runs: 250 },
    { from: 507, runs: 100 },
  ]);
  expect(portionsOf(1, 250)).toEqual([{ from: 1, runs: 250 }]);
  expect(portionsOf(1, 0)).toEqual([]);
});

const rate = '250 schedules in 20.0 s (12.5 a second), 13.4 hours simulated\n';

test.each<[string, number | null, string, string, ReturnType<typeof outcomeOf>]>([
  ['that is well', 0, rate, '', { failures: [], hours: 13.4, trouble: undefined }],
  [
    'with failures',
    1,
    `seed 8: an address is held twice\n${rate}`,
    '',
    { failures: ['seed 8: an address is held twice'], hours: 13.4, trouble: undefined },
  ],
  [
    'that failed without a word of a seed',
    1,
    '',
    'Error: EBADF\n',
    { failures: [], hours: 0, trouble: 'ended with 1: Error: EBADF' },
  ],
  ['that was killed', null, '', '', { failures: [], hours: 0, trouble: 'ended with a signal: ' }],
])('what a process says, one %s', (_, code, text, said, expected) => {
  expect(outcomeOf(code, text, said)).toEqual(expected);
});
