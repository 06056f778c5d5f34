import { silentLogger, type Logger } from '../../model/logger.ts';
import type { StoreCredentials } from '../credentials.ts';
import { openEtcdStore } from '../etcd/open.ts';
import type { Store } from '../store.ts';
import { realClock } from './clock.ts';

export interface ClientWish {
  /** Of loopback. */
  readonly host?: string;
  /** With them the client speaks TLS. */
  readonly credentials?: StoreCredentials;
  readonly logger?: Logger;
}

/** The real client of servers, or of proxies before them, on these ports of loopback. */
export const openClient = (
  ports: readonly number[],
  prefix: string,
  { host = '127.0.0.1', credentials, logger = silentLogger }: ClientWish = {},
): Promise<Store> =>
  openEtcdStore(
    { endpoints: ports.map((port) => ({ host, port })), secure: credentials !== undefined, prefix },
    {
      clock: realClock,
      logger,
      fraction: Math.random,
      ...(credentials === undefined ? {} : { credentials }),
    },
  );
