import { expect, test } from '@jest/globals';
import { FakeClock } from '../model/testing/fake-clock.ts';
import { tidyMemory } from './tidy-memory.ts';

const mebibyte = 1024 * 1024;

test('what a burst has left behind is collected once, when it is over', async () => {
  const clock = new FakeClock();
  const now = { rss: 100, effort: 0.9, collections: 0 };
  const tidying = tidyMemory({
    clock,
    rss: () => now.rss * mebibyte,
    effort: () => now.effort,
    collect: () => {
      now.collections += 1;
      now.rss -= 10;
    },
  });
  await clock.advance(5000);
  expect(now.collections).toBe(0);
  now.effort = 0;
  await clock.advance(60_000);
  expect([now.collections, now.rss]).toEqual([1, 90]);

  now.rss = 92;
  await clock.advance(60_000);
  expect(now.collections).toBe(1);
  Object.assign(now, { rss: 120, effort: 0.5 });
  await clock.advance(60_000);
  expect(now.collections).toBe(1);
  now.effort = 0.01;
  await clock.advance(1000);
  expect([now.collections, now.rss]).toEqual([2, 110]);

  now.rss = 200;
  tidying[Symbol.dispose]();
  await clock.advance(60_000);
  expect([now.collections, clock.pending]).toEqual([2, 0]);
});
