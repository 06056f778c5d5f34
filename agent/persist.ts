import { sleep, type Clock } from '../model/clock.ts';
import { asWeftError, type WeftError } from '../model/errors.ts';
import type { Backoff } from './backoff.ts';

export interface PersistPorts {
  readonly clock: Clock;
  readonly backoff: Pick<Backoff, 'delay'>;
  readonly signal: AbortSignal;
  /** Hears of each failure. @throws what is not to be tried again. */
  readonly failed: (error: WeftError) => void;
}

/** Tries until it works. @throws what `failed` throws, and the reason of the signal. */
export async function persist<T>(
  task: () => Promise<T>,
  { clock, backoff, signal, failed }: PersistPorts,
): Promise<T> {
  for (let failures = 1; ; failures += 1) {
    try {
      return await task();
    } catch (error) {
      signal.throwIfAborted();
      failed(asWeftError(error));
      await sleep(clock, backoff.delay(failures), signal);
    }
  }
}
