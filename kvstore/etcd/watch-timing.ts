import { retryDelay } from '../backoff.ts';
import type { Reason } from './watch.machine.ts';

/**
 * Milliseconds until the timer of a watch. `fraction` is a number from 0 to below 1: watches that were woken together
 * shall not come back together.
 */
export function delay(why: Reason, failures: number, fraction: number): number {
  switch (why) {
    case 'retry':
      return retryDelay(failures, fraction);
    case 'settle':
      return 3000;
    case 'steady':
      return 3000;
    case 'check':
      return 300_000 * (0.7 + 0.6 * fraction);
  }
}
