import { systemClock } from '../../../agent/clock.ts';
import { openStore } from '../../../kvstore/open.ts';
import type { Revision, Store } from '../../../kvstore/store.ts';
import { hasCode } from '../../../model/errors.ts';
import { silentLogger } from '../../../model/logger.ts';
import { attachOf, networkState } from './cast.ts';
import { openRawStore } from './raw/open.ts';

/** How a store is reached: `weft` as agents do, `alone` by its official API and nothing else. */
export type Way = 'weft' | 'alone';
export const ways: readonly Way[] = ['weft', 'alone'];
export const nameOf = (backEnd: string, way: Way): string => (way === 'weft' ? backEnd : `${backEnd} alone`);

/** Attaches endpoints in the store. */
export interface Writer {
  /** Writes the network. To be done once for a store, before the first attach. */
  declare(): Promise<Revision>;
  /** Writes the `n`th endpoint; `state` is what `declare` has returned. */
  attach(n: number, state: Revision): Promise<Attached>;
  close(): Promise<void>;
}

/** Attempts beyond the first: refused since somebody had something, or the answer was none. */
export interface Attached {
  readonly conflicts: number;
  readonly retries: number;
}

export const openBenchStore = (url: string): Promise<Store> =>
  openStore(url, { clock: systemClock, logger: silentLogger, fraction: Math.random });

export async function openWriter(way: Way, url: string): Promise<Writer> {
  return way === 'weft' ? productWriter(await openBenchStore(url)) : await aloneWriter(url);
}

/** No more than this for one attach: nobody stands in its way. */
const attempts = 10;

function productWriter(store: Store): Writer {
  return {
    async declare() {
      const outcome = await store.txn([], [{ kind: 'put', ...networkState }]);
      if (!outcome.ok) throw new Error('a transaction without conditions was refused');
      return outcome.revision;
    },
    async attach(n, state) {
      const { conditions, ops } = attachOf(n, state);
      let [conflicts, retries] = [0, 0];
      while (conflicts + retries < attempts) {
        try {
          if ((await store.txn(conditions, ops)).ok) return { conflicts, retries };
          conflicts += 1;
        } catch (error) {
          if (!hasCode(error, 'STORE_AMBIGUOUS', 'STORE_UNAVAILABLE')) throw error;
          retries += 1;
        }
      }
      throw new Error(`endpoint ${n}: ${conflicts} conflicts and ${retries} retries in a row`);
    },
    close: () => store.close(),
  };
}

async function aloneWriter(url: string): Promise<Writer> {
  const store = await openRawStore(url);
  return {
    declare: () => store.txn({ conditions: [], ops: [{ kind: 'put', ...networkState }] }),
    async attach(n, state) {
      await store.txn(attachOf(n, state));
      return { conflicts: 0, retries: 0 };
    },
    close: async () => store.close(),
  };
}
