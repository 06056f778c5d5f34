import { silentLogger } from '../../model/logger.ts';
import { openEtcdStore } from '../etcd/open.ts';
import type { Store } from '../store.ts';
import { realClock } from './clock.ts';

/** The real client of servers, or of proxies before them, on these ports of loopback. */
export const openClient = (ports: readonly number[], prefix: string): Promise<Store> =>
  openEtcdStore(
    { endpoints: ports.map((port) => ({ host: '127.0.0.1', port })), prefix },
    { clock: realClock, logger: silentLogger, fraction: Math.random },
  );
