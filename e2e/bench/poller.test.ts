import { expect, test } from '@jest/globals';
import { firstReplyIn, wallClock } from './poller.ts';

test('the first reply is told from the complaints before it', () => {
  const text = [
    'PING 10.7.0.9 (10.7.0.9) 56(84) bytes of data.',
    '[1764083000.000100] From 10.7.0.2 icmp_seq=1 Destination Host Unreachable',
    '[1764083001.250500] 64 bytes from 10.7.0.9: icmp_seq=110 ttl=64 time=0.9 ms',
    '[1764083001.260500] 64 bytes from 10.7.0.9: icmp_seq=111 ttl=64 time=0.1 ms',
  ];
  expect(firstReplyIn(text.slice(0, 2).join('\n'))).toBeUndefined();
  expect(firstReplyIn(text.join('\n'))).toBeCloseTo(1764083001250.5, 3);
});

test('the wall clock is the one of the system', () => {
  const before = Date.now();
  const now = wallClock();
  expect(now).toBeGreaterThanOrEqual(before - 1);
  expect(now).toBeLessThanOrEqual(Date.now() + 1);
});
