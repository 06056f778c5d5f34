import type { Clock } from '../../model/clock.ts';

/** The machine's clock for the client of a store. Its timers keep no command from ending. */
export const machineClock: Clock = {
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
