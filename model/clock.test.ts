import { expect, test } from '@jest/globals';
import { sleep } from './clock.ts';
import { FakeClock } from './testing/fake-clock.ts';

test('sleeps until its time is over, and no shorter', async () => {
  const clock = new FakeClock();
  let awake = false;
  const slept = sleep(clock, 10, new AbortController().signal).then(() => (awake = true));
  await clock.advance(9);
  expect(awake).toBe(false);
  await clock.advance(1);
  expect(awake).toBe(true);
  await slept;
});

test('an abort ends the sleep with its reason and cancels the timer', async () => {
  const clock = new FakeClock();
  const stop = new AbortController();
  const slept = sleep(clock, 10, stop.signal);
  stop.abort(new Error('stopping'));
  await expect(slept).rejects.toThrow('stopping');
  expect(clock.pending).toBe(0);
});

test('does not begin after an abort', async () => {
  const clock = new FakeClock();
  await expect(sleep(clock, 10, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  expect(clock.pending).toBe(0);
});

test('leaves no listener behind', async () => {
  const clock = new FakeClock();
  const { signal } = new AbortController();
  const removed: string[] = [];
  const remove = signal.removeEventListener.bind(signal);
  signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
    removed.push(args[0]);
    remove(...args);
  };
  const slept = sleep(clock, 10, signal);
  await clock.advance(10);
  await slept;
  expect(removed).toEqual(['abort']);
});
