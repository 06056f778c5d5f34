import { silentLogger } from '../../model/logger.ts';
import { openConsulStore } from '../consul/open.ts';
import type { Store } from '../store.ts';
import { realClock } from './clock.ts';
import { shortLease } from './consul-server.ts';

/** The real client of servers, or of proxies before them, on these ports of loopback. */
export const openClient = (
  ports: readonly number[],
  prefix: string,
  { logger = silentLogger, host = '127.0.0.1' } = {},
): Promise<Store> =>
  openConsulStore(
    { endpoints: ports.map((port) => ({ host, port })), prefix, minLeaseTtl: shortLease },
    { clock: realClock, logger, fraction: Math.random },
  );
