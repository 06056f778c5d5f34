import { expect, test } from '@jest/globals';
import { readNotice } from './neighbours.ts';

const at = Date.UTC(2026, 10, 25, 22, 2, 47) + 223.398;

test('a neighbour that comes, and one that goes, to the microsecond', () => {
  const came = '[2026-11-25T22:02:47.223398] 10.9.0.3 dev br0 lladdr 02:00:00:00:00:02 PERMANENT ';
  expect(readNotice(came)).toEqual({ what: 'came', address: '10.9.0.3', at: expect.closeTo(at, 3) });
  const went = '[2026-11-25T22:02:47.223398] Deleted fd00::3 dev br0 FAILED ';
  expect(readNotice(went)).toEqual({ what: 'went', address: 'fd00::3', at: expect.closeTo(at, 3) });
});

test.each([
  '[2026-11-25T22:02:47.236617] 10.9.0.3 dev br0 FAILED ',
  '[2026-11-25T22:02:47.236617] 10.9.0.3 dev br0 lladdr 02:00:00:00:00:02 REACHABLE ',
  '',
])('%s tells nothing of ours', (line) => {
  expect(readNotice(line)).toBeUndefined();
});
