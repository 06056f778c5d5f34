/**
 * Watches the endpoints of the benchmark's network and says which it sees, and when.
 *
 *   watcher-process.ts weft|alone URL
 */
import { systemClock } from '../../../agent/clock.ts';
import { View } from '../../../agent/view/view.ts';
import { endpointsPrefix, network } from './cast.ts';
import { say, sharedClock } from './line-process.ts';
import { openRawStore } from './raw/open.ts';
import { openBenchStore, type Way } from './ways.ts';

/** The first has no ids: it watches now. */
export interface Sight {
  readonly ids: readonly string[];
  /** By the shared clock. */
  readonly at: number;
}

const see = (ids: readonly string[]): void => say({ ids, at: sharedClock() } satisfies Sight);

async function watchView(url: string): Promise<void> {
  const view = new View(await openBenchStore(url), systemClock);
  const endpoints = view.join(network.id);
  await view.until(() => (endpoints.state === 'insync' ? true : undefined), new AbortController().signal);
  // The maps are up to date when it is called.
  view.listen({ endpoints: (_network, ids) => see([...ids]) });
}

async function watchAlone(url: string): Promise<void> {
  const store = await openRawStore(url);
  await store.watch(endpointsPrefix, (keys) => {
    const at = sharedClock();
    say({ ids: keys.map((key) => key.slice(endpointsPrefix.length)), at } satisfies Sight);
  });
}

const [way, url] = process.argv.slice(2) as [Way, string];
process.stdin.resume().on('end', () => process.exit(0));
await (way === 'weft' ? watchView(url) : watchAlone(url));
see([]);
