import { reading, type Family } from './exposition.ts';

/** What this process is and has used, with one turn of its event loop: that is how its lag shows. */
export async function processUse(): Promise<readonly Family[]> {
  const { user, system } = process.cpuUsage();
  const { rss, heapUsed } = process.memoryUsage();
  const { active } = performance.eventLoopUtilization();
  const start = performance.now();
  await new Promise((resolve) => setImmediate(resolve));
  const lag = performance.now() - start;
  return [
    reading('process_cpu_seconds_total', {}, (user + system) / 1e6),
    reading('process_resident_memory_bytes', {}, rss),
    reading('weft_heap_bytes', {}, heapUsed),
    reading('weft_event_loop_busy_seconds_total', {}, active / 1000),
    reading('weft_event_loop_lag_seconds', {}, lag / 1000),
  ];
}
