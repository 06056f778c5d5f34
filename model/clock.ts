/** A timer that was set; dispose cancels it and is harmless afterwards. */
export interface Timer extends Disposable {
  cancel(): void;
}

/** Time as a port: business code never reads `Date` or sets timers of its own. */
export interface Clock {
  /** Monotonic milliseconds; only differences mean something. */
  monotonic(): number;
  /** Wall-clock milliseconds since 1970 (UTC), for showing to people only. */
  wall(): number;
  /** Calls back once after `ms` milliseconds. Does not keep the process alive. */
  after(ms: number, callback: () => void): Timer;
}

/** Resolves after `ms`, or rejects with the signal's reason as soon as it aborts. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error);
    const onAbort = (): void => {
      timer.cancel();
      reject(signal?.reason as Error);
    };
    const timer = clock.after(ms, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve();
    });
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}
