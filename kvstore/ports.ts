import type { Clock } from '../model/clock.ts';
import type { Logger } from '../model/logger.ts';
import type { StoreCredentials } from './credentials.ts';

/** What a back end is handed. */
export interface StorePorts {
  readonly clock: Clock;
  readonly logger: Logger;
  /** A number from 0 to below 1, for jitter. */
  fraction(): number;
  /** Absent: there are none. */
  readonly credentials?: StoreCredentials;
}
