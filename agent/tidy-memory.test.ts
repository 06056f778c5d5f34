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

test('what an idle agent needs is collected more and more seldom, until it works again', async () => {
  const clock = new FakeClock();
  const now = { rss: 100, effort: 0 };
  const at: number[] = [];
  using _ = tidyMemory({
    clock,
    rss: () => now.rss * mebibyte,
    effort: () => now.effort,
    collect: () => {
      at.push(Math.round(clock.monotonic() / 1000));
      now.rss = 90;
    },
  });
  const idle = async (seconds: number): Promise<void> => {
    for (let n = 0; n < seconds; n += 1) {
      now.rss += 1;
      await clock.advance(1000);
    }
  };
  await idle(3600);
  expect(at.slice(0, 5)).toEqual([0, 5, 15, 35, 75].map((second) => expect.closeTo(second, -0.5)));
  expect(at.length).toBeLessThan(14);
  const before = at.length;
  now.effort = 0.5;
  await idle(2);
  now.effort = 0;
  await idle(60);
  expect(at.length - before).toBe(4);
});
