import { expect, test } from '@jest/globals';
import { sleep } from '../clock.ts';
import { FakeClock } from './fake-clock.ts';

test('timers fire in order, at their time, and only within the time that passes', async () => {
  const clock = new FakeClock();
  const fired: string[] = [];
  const note = (name: string) => (): void => {
    fired.push(`${name} at ${clock.monotonic()}`);
  };
  clock.after(30, note('late'));
  clock.after(10, note('early'));
  clock.after(10, note('second'));
  clock.after(20, note('cancelled')).cancel();
  await clock.advance(29);
  expect(fired).toEqual(['early at 10', 'second at 10']);
  await clock.advance(1);
  expect(fired.at(-1)).toBe('late at 30');
  expect(clock.pending).toBe(0);
});

test('timers that promises set meanwhile belong to the same stretch', async () => {
  const clock = new FakeClock();
  const seen: number[] = [];
  const loop = async (): Promise<void> => {
    for (let n = 0; n < 3; n += 1) {
      await sleep(clock, 10);
      seen.push(clock.monotonic());
    }
  };
  const running = loop();
  await clock.advance(100);
  await running;
  expect([seen, clock.monotonic()]).toEqual([[10, 20, 30], 100]);
});
