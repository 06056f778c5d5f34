import type { Clock } from '../../model/clock.ts';

/** Real time. */
export const realClock: Clock = {
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
