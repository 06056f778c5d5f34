import { expect, test } from '@jest/globals';
import { FakeClock } from '../model/testing/fake-clock.ts';
import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import { announcementFrame } from './announce.ts';
import { Announcer } from './announcer.ts';
import type { Announcement } from './kernel.ts';
import { scope, secondScope } from './kernel-contract-objects.ts';

const announcement = (n: number, mac = '02:57:00:00:00:09'): Announcement => ({
  ip: `10.7.${n >> 8}.${n & 255}` as Ip,
  mac: mac as Mac,
});
const many = (count: number, from = 0): Announcement[] =>
  Array.from({ length: count }, (_, i) => announcement(from + i));

interface Sent {
  readonly scope: string;
  readonly bridge: string;
  readonly frames: readonly Uint8Array[];
}

function setUp() {
  const clock = new FakeClock();
  const sent: Sent[] = [];
  const announcer = new Announcer(clock, async (at, bridge, frames) => {
    sent.push({ scope: at, bridge, frames });
    await Promise.resolve();
  });
  return { clock, sent, announcer, count: () => sent.reduce((sum, { frames }) => sum + frames.length, 0) };
}

test('a few go out at once, each on the bridge of its network', async () => {
  const { announcer, sent } = setUp();
  await announcer.announce(scope, 'br0', many(2));
  await announcer.announce(secondScope, 'br1', many(1));
  expect(sent.map((s) => [s.scope, s.bridge, s.frames.length])).toEqual([
    [scope, 'br0', 2],
    [secondScope, 'br1', 1],
  ]);
  expect(sent[1]?.frames).toEqual([announcementFrame(announcement(0))]);
});

test('of many, the first two hundred go out at once and a thousand a second follow', async () => {
  const { announcer, clock, count } = setUp();
  await announcer.announce(scope, 'br0', many(500));
  expect(count()).toBe(200);
  await clock.advance(49);
  expect(count()).toBe(200);
  await clock.advance(1);
  expect(count()).toBe(250);
  await clock.advance(250);
  expect(count()).toBe(500);
  await clock.advance(10_000);
  expect(count()).toBe(500);
});

test('after a while as many as at first may go out at once', async () => {
  const { announcer, clock, count } = setUp();
  await announcer.announce(scope, 'br0', many(200));
  await announcer.announce(scope, 'br0', many(10));
  expect(count()).toBe(200);
  await clock.advance(10_000);
  await announcer.announce(scope, 'br0', many(300));
  expect(count()).toBe(200 + 10 + 200);
});

test('of one address only the latest holder is announced', async () => {
  const { announcer, clock, sent } = setUp();
  await announcer.announce(scope, 'br0', many(201));
  await announcer.announce(scope, 'br0', [announcement(200, '02:57:00:00:00:0a')]);
  await clock.advance(50);
  expect(sent.at(-1)?.frames).toEqual([announcementFrame(announcement(200, '02:57:00:00:00:0a'))]);
});

test('more than a few thousand are not kept waiting', async () => {
  const { announcer, clock, count } = setUp();
  await announcer.announce(scope, 'br0', many(20_000));
  await clock.advance(60_000);
  expect(count()).toBe(4096);
});

test('what cannot be sent is lost, and the rest goes on', async () => {
  const clock = new FakeClock();
  let calls = 0;
  const announcer = new Announcer(clock, () => {
    calls += 1;
    return Promise.reject(new Error('the bridge is gone'));
  });
  await announcer.announce(scope, 'br0', many(201));
  await clock.advance(50);
  expect(calls).toBe(2);
});

test('after close nothing is sent', async () => {
  const { announcer, clock, count } = setUp();
  await announcer.announce(scope, 'br0', many(500));
  announcer.close();
  await clock.advance(10_000);
  expect(count()).toBe(200);
});
