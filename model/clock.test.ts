import { expect, test } from '@jest/globals';
import { sleep, type Clock } from './clock.ts';

/** A clock on which time passes when told. */
function handClock(): { clock: Clock; pass: () => void; pending: () => number } {
  const timers = new Set<() => void>();
  const after = (_ms: number, callback: () => void) => {
    timers.add(callback);
    const cancel = (): void => void timers.delete(callback);
    return { cancel, [Symbol.dispose]: cancel };
  };
  const pass = (): void => {
    for (const callback of [...timers]) {
      timers.delete(callback);
      callback();
    }
  };
  return { clock: { monotonic: () => 0, wall: () => 0, after }, pass, pending: () => timers.size };
}

test('sleeps until its time is over', async () => {
  const { clock, pass, pending } = handClock();
  const slept = sleep(clock, 10, new AbortController().signal);
  expect(pending()).toBe(1);
  pass();
  await expect(slept).resolves.toBeUndefined();
});

test('an abort ends the sleep with its reason and cancels the timer', async () => {
  const { clock, pending } = handClock();
  const stop = new AbortController();
  const slept = sleep(clock, 10, stop.signal);
  stop.abort(new Error('stopping'));
  await expect(slept).rejects.toThrow('stopping');
  expect(pending()).toBe(0);
});

test('does not begin after an abort', async () => {
  const { clock, pending } = handClock();
  await expect(sleep(clock, 10, AbortSignal.abort(new Error('stopped')))).rejects.toThrow('stopped');
  expect(pending()).toBe(0);
});

test('leaves no listener behind', async () => {
  const { clock, pass } = handClock();
  const stop = new AbortController();
  const listeners: unknown[] = [];
  const { signal } = stop;
  const remove = signal.removeEventListener.bind(signal);
  signal.removeEventListener = (...args: Parameters<typeof remove>): void => {
    listeners.push(args[0]);
    remove(...args);
  };
  const slept = sleep(clock, 10, signal);
  pass();
  await slept;
  expect(listeners).toEqual(['abort']);
});
