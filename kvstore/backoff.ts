const first = 100;
const longest = 2000;

/**
 * Milliseconds until the next attempt after so many failures in a row. `fraction` is a number from 0 to below 1: those
 * who failed together shall not come back together.
 */
export function retryDelay(failures: number, fraction: number): number {
  const full = Math.min(longest, first * 2 ** Math.min(failures - 1, 10));
  return full * (0.5 + 0.5 * fraction);
}
