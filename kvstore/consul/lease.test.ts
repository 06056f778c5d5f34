import { expect, test } from '@jest/globals';
import { WeftError } from '../../model/errors.ts';
import { silentLogger } from '../../model/logger.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { Calls } from './calls.ts';
import type { Channel } from './channel.ts';
import { CallFailed } from './errors.ts';
import { grantLease } from './lease.ts';

const silence = new CallFailed('192.0.2.250:8500', { details: 'request timed out', unsent: false });

test('while the store is known to be away a lease asks nothing, and it is kept once the store is back', async () => {
  const clock = new FakeClock();
  const closing = new AbortController();
  const renewals: number[] = [];
  let isSilent = false;
  const channel = {
    createSession: async () => 'session',
    renewSession: async () => {
      renewals.push(clock.monotonic());
      if (isSilent) throw silence;
    },
  };
  const contact = {
    away: undefined as Error | undefined,
    doubts: 0,
    doubt: () => void (contact.doubts += 1),
  };
  const lease = await grantLease(15_000, {
    clock,
    logger: silentLogger,
    fraction: () => 0,
    calls: new Calls([channel as unknown as Channel], {
      clock,
      logger: silentLogger,
      closing: closing.signal,
    }),
    contact,
    minLeaseTtl: 10_000,
    closing: closing.signal,
  });
  await clock.advance(4000);
  expect(renewals).toEqual([4000]);

  isSilent = true;
  await clock.advance(4000);
  expect([renewals.length, contact.doubts]).toEqual([2, 1]);
  contact.away = new WeftError('STORE_UNAVAILABLE', 'away');
  await clock.advance(5000);
  expect([renewals.length, lease.lost.aborted]).toEqual([2, false]);

  isSilent = false;
  contact.away = undefined;
  await clock.advance(20_000);
  expect(renewals.length).toBeGreaterThan(5);
  expect(lease.lost.aborted).toBe(false);
  closing.abort();
});
