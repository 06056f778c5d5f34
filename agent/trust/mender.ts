import { keys } from '../../kvstore/keys.ts';
import { encodeCluster } from '../../kvstore/records/cluster-json.ts';
import type { Store } from '../../kvstore/store.ts';
import type { Clock, Timer } from '../../model/clock.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { Cluster } from '../../model/node.ts';
import type { View } from '../view/view.ts';
import { bundlesOf, type Bundle } from './bundles.ts';
import { missingFrom, rebuild } from './rebuild.ts';

export interface MenderPorts {
  readonly store: Store;
  readonly view: View;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  /** How people know this node. */
  readonly name: string;
  readonly leaseTtl: number;
  /** May a store that has lost something be filled again without being asked? */
  readonly rebuilds: boolean;
  readonly signal: AbortSignal;
  /** The facts of our cluster, as far as they are known. */
  readonly facts: () => Cluster | undefined;
}

/** Milliseconds between two tries to put back what the store could not take. */
const retryInterval = 30_000;

/** Puts into a store what it has lost and this agent knows. */
export class Mender {
  readonly #ports: MenderPorts;
  #refused: ReadonlyMap<string, string> = new Map();
  #retry: Timer | undefined;
  #running: Promise<void> = Promise.resolve();

  constructor(ports: MenderPorts) {
    this.#ports = ports;
  }

  /** What could not be put back, by key, with the reason. */
  get refused(): ReadonlyMap<string, string> {
    return this.#refused;
  }

  /** Nothing is to be put back any more. */
  giveUp(): void {
    this.#refused = new Map();
  }

  /** Does the store hold all that this node can put into it? `isTurn`: it may be filled now. */
  async mend(isTurn: boolean): Promise<boolean> {
    const { store, view, name, leaseTtl, events, signal } = this.#ports;
    const known = bundlesOf(view.remember());
    const missing = await missingFrom(store, [...this.#cluster(), ...known], signal);
    if (missing.length === 0) {
      this.giveUp();
      return true;
    }
    if (!isTurn) return false;
    const from = `what the agent of ${name} knows`;
    const done = await rebuild(missing, { store, from, leaseTtl, signal });
    if (done === undefined) return false;
    this.#refused = done.refused;
    const { written, refused } = done;
    if (written === 0) return true;
    const message = `${written} keys that the store ${store.description} had lost were put back`;
    events.tell('store-restored', message, { written, refused: [...refused.keys()].slice(0, 20) });
    return true;
  }

  /** Somebody may have what is held here; when he lets go of it, it is put back. */
  retryLater(): void {
    const { clock, view, rebuilds, signal } = this.#ports;
    this.#retry?.cancel();
    const isNothingLeft = this.#refused.size === 0 && view.held().length === 0;
    if (!rebuilds || isNothingLeft || signal.aborted) return;
    this.#retry = clock.after(retryInterval, () => {
      if (view.held().length === 0) this.giveUp();
      else if (view.state !== 'insync') this.retryLater();
      else this.#running = this.#again();
    });
  }

  close(): Promise<void> {
    this.#retry?.cancel();
    return this.#running;
  }

  /** The facts of the cluster, should their key have been deleted before our eyes. */
  #cluster(): readonly Bundle[] {
    const { view, facts } = this.#ports;
    const known = facts();
    if (known === undefined || view.cluster.get(keys.cluster) !== undefined) return [];
    return [{ items: [{ key: keys.cluster, value: encodeCluster(known) }] }];
  }

  async #again(): Promise<void> {
    try {
      await this.mend(true);
    } catch (error) {
      this.#ports.logger.warn('cannot put back what is held', { error: asWeftError(error).message });
    }
    this.retryLater();
  }
}
