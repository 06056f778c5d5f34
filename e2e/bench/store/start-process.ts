/**
 * Lists and watches the endpoints of the benchmark's network once, and says what that took.
 *
 *   start-process.ts weft|alone URL
 */
import { setImmediate as pause } from 'node:timers/promises';
import { systemClock } from '../../../agent/clock.ts';
import { View } from '../../../agent/view/view.ts';
import { endpointsPrefix, network } from './cast.ts';
import { say } from './line-process.ts';
import { openRawStore } from './raw/open.ts';
import { openBenchStore, type Way } from './ways.ts';

export interface Start {
  readonly endpoints: number;
  readonly ms: number;
  /** Processor time of this process, in milliseconds. */
  readonly cpuMs: number;
  /** Bytes, before, at the most, and afterwards when what is no longer needed has been given back. */
  readonly rss: { readonly before: number; readonly most: number; readonly after: number };
  /** Bytes of the heap and of buffers beside it. */
  readonly heap: { readonly before: number; readonly after: number };
}

interface Reached {
  readonly endpoints: () => number;
  readonly begin: () => Promise<unknown>;
}

/** As agent/main.ts does after a burst of work. */
function tidy(): { readonly rss: number; readonly heap: number } {
  globalThis.gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed + external };
}

/** Connected; the work has not begun. */
async function reach(way: Way, url: string): Promise<Reached> {
  if (way === 'alone') {
    const store = await openRawStore(url);
    await store.list('nothing/');
    let count = 0;
    return { endpoints: () => count, begin: async () => (count = await store.list(endpointsPrefix)) };
  }
  const store = await openBenchStore(url);
  await store.identity();
  const view = new View(store, systemClock);
  return {
    endpoints: () => view.endpoints(network.id)?.records.size ?? 0,
    begin: async () => {
      const endpoints = view.join(network.id);
      const { signal } = new AbortController();
      await view.until(() => (endpoints.state === 'insync' ? true : undefined), signal);
    },
  };
}

const [way, url] = process.argv.slice(2) as [Way, string];
const { begin, endpoints } = await reach(way, url);
const before = tidy();
const cpu = process.cpuUsage();
const start = performance.now();
await begin();
const ms = performance.now() - start;
const { user, system } = process.cpuUsage(cpu);
const most = process.resourceUsage().maxRSS * 1024;
// The answer that came last is held until its turn is over.
await pause();
const after = tidy();
say({
  endpoints: endpoints(),
  ms,
  cpuMs: (user + system) / 1000,
  rss: { before: before.rss, most, after: after.rss },
  heap: { before: before.heap, after: after.heap },
} satisfies Start);
process.exit(0);
