import { expect, test } from '@jest/globals';
import { unlessAborted } from './unless-aborted.ts';

test('is the promise, whatever comes of it', async () => {
  const { signal } = new AbortController();
  expect(await unlessAborted(Promise.resolve(7), signal)).toBe(7);
  await expect(unlessAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
});

test('ends with the reason of the signal, before or while it waits, and not afterwards', async () => {
  const control = new AbortController();
  const never = new Promise<never>(() => undefined);
  const done = unlessAborted(Promise.resolve(7), control.signal);
  expect(await done).toBe(7);
  const waiting = unlessAborted(never, control.signal);
  control.abort(new Error('late'));
  await expect(waiting).rejects.toThrow('late');
  await expect(unlessAborted(never, control.signal)).rejects.toThrow('late');
  // What fails when nobody waits any more is nobody's trouble.
  await expect(unlessAborted(Promise.reject(new Error('no')), control.signal)).rejects.toThrow('late');
});
