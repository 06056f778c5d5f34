import { silentLogger } from '../../model/logger.ts';
import { openConsulStore } from '../consul/open.ts';
import type { StoreCredentials } from '../credentials.ts';
import type { Logger } from '../../model/logger.ts';
import type { Store } from '../store.ts';
import { realClock } from './clock.ts';
import { shortLease } from './consul-server.ts';

export interface ClientWish {
  readonly host?: string;
  readonly logger?: Logger;
  readonly credentials?: StoreCredentials;
  /** TLS; without it credentials are a token. */
  readonly secure?: boolean;
}

/** The real client of servers, or of proxies before them, on these ports of loopback. */
export const openClient = (
  ports: readonly number[],
  prefix: string,
  { logger = silentLogger, host = '127.0.0.1', credentials, secure = false }: ClientWish = {},
): Promise<Store> =>
  openConsulStore(
    { endpoints: ports.map((port) => ({ host, port })), prefix, minLeaseTtl: shortLease, secure },
    {
      clock: realClock,
      logger,
      fraction: Math.random,
      ...(credentials === undefined ? {} : { credentials }),
    },
  );
