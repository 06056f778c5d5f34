import { beforeEach, expect, test } from '@jest/globals';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { Gate } from './gate.ts';

let clock: FakeClock;
let asked: number;
let isAway: boolean;
let closing: AbortController;
let gate: Gate;
let passed: number;
const forever = new AbortController().signal;
const come = (signal = forever): void => void gate.pass(signal).then(() => (passed += 1));

beforeEach(() => {
  clock = new FakeClock();
  asked = 0;
  passed = 0;
  isAway = true;
  closing = new AbortController();
  const ask = async (): Promise<void> => {
    asked += 1;
    if (isAway) throw new Error('away');
  };
  gate = new Gate({ clock, fraction: () => 0.5, ask, closing: closing.signal });
});

test('it is open while all is well, and nothing is asked', async () => {
  come();
  await clock.advance(60_000);
  expect([passed, asked, clock.pending]).toEqual([1, 0, 0]);
});

test('however many wait and for how long, one question a second is asked, and they go on together', async () => {
  gate.shut();
  for (let n = 0; n < 100; n += 1) {
    come();
    gate.shut();
  }
  await clock.advance(600_000);
  expect([passed, asked]).toEqual([0, 600]);
  isAway = false;
  await clock.advance(1000);
  expect([passed, asked, clock.pending]).toEqual([100, 601, 0]);
});

test('the answer that somebody else gets opens it at once', async () => {
  gate.shut();
  come();
  gate.open();
  await clock.advance(0);
  expect(passed).toBe(1);
  await clock.advance(60_000);
  expect(asked).toBe(0);
});

test('whoever gives up does not wait, and a client that is closed asks no more', async () => {
  gate.shut();
  const own = new AbortController();
  come(own.signal);
  await clock.advance(0);
  expect(passed).toBe(0);
  own.abort();
  await clock.advance(0);
  expect(passed).toBe(1);
  closing.abort();
  await clock.advance(60_000);
  expect([asked, clock.pending]).toEqual([0, 0]);
});
