import { setImmediate as turn } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { Scheduler } from './scheduler.ts';

function scheduler() {
  const clock = new FakeClock();
  const runs: string[] = [];
  const waiting: (() => void)[] = [];
  const one = new Scheduler<string>(async (key) => {
    runs.push(key);
    await new Promise<void>((resolve) => waiting.push(resolve));
  }, clock);
  const finish = async (): Promise<void> => {
    waiting.shift()?.();
    await turn();
  };
  return { clock, runs, one, finish };
}

test('marks of one turn are one run each, in the order of the first, one at a time', async () => {
  const { runs, one, finish } = scheduler();
  for (const key of ['b', 'a', 'b', 'a']) one.mark(key);
  expect(runs).toEqual([]);
  await turn();
  expect(runs).toEqual(['b']);
  await finish();
  expect(runs).toEqual(['b', 'a']);
  await finish();
  expect(runs).toEqual(['b', 'a']);
});

test('who is marked as the first goes ahead of all that wait, marked before or not', async () => {
  const { runs, one, finish } = scheduler();
  for (const key of ['a', 'b', 'c']) one.mark(key);
  await turn();
  one.markFirst('d');
  one.markFirst('c');
  for (let i = 0; i < 4; i += 1) await finish();
  expect(runs).toEqual(['a', 'c', 'd', 'b']);
});

test('a key that is marked while it runs, or after all is done, runs again', async () => {
  const { runs, one, finish } = scheduler();
  one.mark('a');
  await turn();
  one.mark('a');
  await finish();
  await finish();
  expect(runs).toEqual(['a', 'a']);
  one.mark('a');
  await turn();
  expect(runs).toEqual(['a', 'a', 'a']);
});

test('a later mark comes at its time, and the earliest of several counts', async () => {
  const { clock, runs, one } = scheduler();
  one.markLater('a', 100);
  one.markLater('a', 5000);
  await clock.advance(99);
  expect(runs).toEqual([]);
  await clock.advance(1);
  await turn();
  expect(runs).toEqual(['a']);
  expect(clock.pending).toBe(0);
});

test('closed, it ends what runs and begins nothing', async () => {
  const { clock, runs, one, finish } = scheduler();
  one.mark('a');
  one.mark('b');
  one.markLater('c', 10);
  await turn();
  const closed = one.close();
  one.mark('d');
  await finish();
  await closed;
  await clock.advance(100);
  expect(runs).toEqual(['a']);
});
