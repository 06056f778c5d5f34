import type { Store } from '../kvstore/store.ts';
import type { Membership } from './cluster/membership.ts';
import type { Journal } from './events/journal.ts';
import type { Registry } from './metrics/registry.ts';
import type { Unfinished } from './operations/unfinished.ts';
import type { Progress } from './progress.ts';
import type { View } from './view/view.ts';

export interface StoreNewsPorts {
  readonly view: View;
  readonly store: Store;
  readonly events: Journal;
  readonly metrics: Registry;
  readonly membership: Membership;
  readonly unfinished: Unfinished;
  readonly progress: Progress;
}

/** Tells that the store is away, or back. What could not be finished while it was away is finished then. */
export class StoreNews {
  readonly #ports: StoreNewsPorts;
  #isAway = false;

  constructor(ports: StoreNewsPorts) {
    this.#ports = ports;
    ports.view.listen({ state: () => this.look() });
  }

  /** The view has lost or found the store, or never had it. */
  look(): void {
    const { view, store, events, progress } = this.#ports;
    const { state } = view;
    // What was restored at the start is stale before the store was asked.
    if (state === 'stale' && !this.#isAway && progress.phase !== 'joining') {
      this.#isAway = true;
      const message = 'store is out of reach; traffic goes on, changes wait';
      events.tell('store-away', message, { store: store.description, error: view.trouble });
    }
    if (state !== 'insync' || !this.#isAway) return;
    this.#isAway = false;
    events.tell('store-back', 'store is back', { store: store.description });
    void this.#back();
  }

  async #back(): Promise<void> {
    const { metrics, membership, unfinished, progress } = this.#ports;
    metrics.count('weft_store_reconnects_total', {});
    if (membership.state.kind !== 'joined') membership.refresh();
    if (progress.phase === 'ready') await unfinished.finish();
  }
}
