import type { Clock } from '../../model/clock.ts';
import { silentLogger } from '../../model/logger.ts';
import { openEtcdStore } from '../etcd/open.ts';
import type { Store } from '../store.ts';

const clock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const handle = setTimeout(callback, ms);
    const cancel = (): void => {
      clearTimeout(handle);
    };
    return { cancel, [Symbol.dispose]: cancel };
  },
};

/** The real client of servers, or of proxies before them, on these ports of loopback. */
export const openClient = (ports: readonly number[], prefix: string): Promise<Store> =>
  openEtcdStore(
    { endpoints: ports.map((port) => ({ host: '127.0.0.1', port })), prefix },
    { clock, logger: silentLogger, fraction: Math.random },
  );
