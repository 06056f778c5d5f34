/**
 * Compares all claims of a store with their holders once, and says what that took.
 *
 *   check-process.ts URL
 */
import { checkAddresses } from '../../../agent/addresses/check.ts';
import { say } from '../store/line-process.ts';
import { openBenchStore } from '../store/ways.ts';

export interface Check {
  readonly endpoints: number;
  readonly claims: number;
  readonly findings: number;
  readonly ms: number;
  /** Processor time of this process, in milliseconds. */
  readonly cpuMs: number;
  /** The longest time for which nothing else was done, in milliseconds. */
  readonly pause: number;
  /** Bytes, before and at the most. */
  readonly rss: { readonly before: number; readonly most: number };
}

const store = await openBenchStore(process.argv[2] ?? '');
await store.identity();
globalThis.gc?.();
const before = process.memoryUsage().rss;
const cpu = process.cpuUsage();
const begin = performance.now();
let [last, pause] = [begin, 0];
const tick = (): void => {
  const now = performance.now();
  pause = Math.max(pause, now - last);
  last = now;
};
const ticking = setInterval(tick, 1);
const { endpoints, claims, findings } = await checkAddresses({ store, signal: new AbortController().signal });
tick();
clearInterval(ticking);
const ms = performance.now() - begin;
const { user, system } = process.cpuUsage(cpu);
say({
  endpoints,
  claims,
  findings: findings.length,
  ms,
  cpuMs: (user + system) / 1000,
  pause,
  rss: { before, most: process.resourceUsage().maxRSS * 1024 },
} satisfies Check);
process.exit(0);
