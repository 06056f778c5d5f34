import { expect, test } from '@jest/globals';
import { Feuds, feudWindow, manyRepairs } from './feuds.ts';

const [a, b] = ['network:1 fdb vxlan0 a', 'network:1 fdb vxlan0 b'];

/** Repairs of `a` a second apart until it is fought over; returns when. */
function begun(feuds: Feuds): number {
  for (let i = 1; i < manyRepairs; i += 1) expect(feuds.repaired(a, i * 1000)).toBeUndefined();
  expect(feuds.repaired(a, manyRepairs * 1000)).toEqual(expect.objectContaining({ repairs: manyRepairs }));
  return manyRepairs * 1000;
}

test('an object that is repaired again and again within a minute is fought over', () => {
  const feuds = new Feuds();
  begun(feuds);
  expect([...feuds].map(([key]) => key)).toEqual([a]);
});

test('one that is repaired now and then is not', () => {
  const feuds = new Feuds();
  for (let i = 0; i < 50; i += 1) {
    expect(feuds.repaired(a, (i * feudWindow) / (manyRepairs - 1))).toBeUndefined();
  }
  expect([...feuds]).toEqual([]);
});

test('the pauses grow from a second to a minute', () => {
  const feuds = new Feuds();
  let now = begun(feuds);
  const pauses: number[] = [];
  for (let i = 0; i < 9; i += 1) {
    const pause = feuds.patience([a], now);
    pauses.push(pause);
    expect(feuds.patience([a], now + pause - 1)).toBe(1);
    now += pause;
    expect(feuds.patience([a], now)).toBe(0);
    feuds.repaired(a, now);
  }
  expect(pauses).toEqual([1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000, 60_000]);
});

test('another object is not kept waiting, and no object means somebody who does not know which', () => {
  const feuds = new Feuds();
  const now = begun(feuds);
  expect([feuds.patience([a, b], now), feuds.patience([b], now), feuds.patience([], now)]).toEqual([0, 0, 0]);
});

test('it is over when the object was left in peace for a minute after its pause, and is forgotten', () => {
  const feuds = new Feuds();
  const now = begun(feuds);
  feuds.repaired(b, now);
  expect(feuds.ended(now + feudWindow + 999)).toEqual([]);
  expect(feuds.ended(now + feudWindow + 1000)).toEqual([a]);
  expect([[...feuds], feuds.isEmpty]).toEqual([[], true]);
  begun(feuds);
});
