import { expect, test } from '@jest/globals';
import { notingLogger } from './testing/noting-logger.ts';
import { Turn } from './turn.ts';

const [a, b, c] = [{ address: 'a' }, { address: 'b' }, { address: 'c' }];

test('a server that fails is left once, for everybody, for the next one in turn', () => {
  const turn = new Turn([a, b, c], notingLogger([]));
  const { left } = turn;
  turn.failed(b, 'it is not its turn');
  expect([turn.server, left.aborted]).toEqual([a, false]);
  turn.failed(a, 'silent');
  expect([turn.server, left.aborted, turn.left.aborted]).toEqual([b, true, false]);
  expect(left.reason).toMatchObject({ message: 'left for b: silent' });
  turn.failed(a, 'another call finds the same');
  expect(turn.server).toBe(b);
  turn.failed(b, 'silent');
  turn.failed(c, 'silent');
  expect(turn.server).toBe(a);
});

test('a single server is never left', () => {
  const turn = new Turn([a], notingLogger([]));
  const { left } = turn;
  turn.failed(a, 'silent');
  expect([turn.server, left.aborted]).toEqual([a, false]);
});

test('the log has one line when another server answers, however many attempts it took', () => {
  const lines: string[] = [];
  const turn = new Turn([a, b, c], notingLogger(lines));
  turn.failed(a, 'never answered');
  turn.answered(b);
  expect(lines).toEqual([]);
  for (const each of [b, c, a, b, c]) turn.failed(each, 'silent');
  expect(lines).toEqual([]);
  turn.answered(a);
  turn.answered(a);
  expect(lines).toEqual(['info another server of the store is asked']);
  for (const each of [a, b, c]) turn.failed(each, 'silent');
  turn.answered(a);
  expect(lines.length).toBe(1);
});
