import type { Clock } from '../model/clock.ts';

/** The machine's clock. Timers do not keep the process alive. */
export const systemClock: Clock = {
  monotonic: () => performance.now(),
  wall: () => Date.now(),
  after(ms, callback) {
    const handle = setTimeout(callback, ms);
    handle.unref();
    const cancel = (): void => {
      clearTimeout(handle);
    };
    return { cancel, [Symbol.dispose]: cancel };
  },
};
