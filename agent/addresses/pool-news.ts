import type { Clock, Timer } from '../../model/clock.ts';
import type { Events } from '../../model/event.ts';
import type { NetworkId } from '../../model/network.ts';
import type { Caretaker } from '../caretaker.ts';
import type { View } from '../view/view.ts';
import { easedMark, fullMark, poolsAbove } from './fullness.ts';

export interface PoolNewsPorts {
  readonly view: View;
  readonly clock: Pick<Clock, 'after'>;
  readonly events: Events;
}

/** Milliseconds for which changes are gathered before somebody looks. */
const pause = 1000;

/** Tells once when a pool of a network that this node takes part in is nearly used up; again only after it had room. */
export class PoolNews implements Caretaker {
  readonly #ports: PoolNewsPorts;
  readonly #changed = new Set<NetworkId>();
  /** Pools that were told of, by network. */
  readonly #told = new Map<NetworkId, ReadonlySet<string>>();
  #timer: Timer | undefined;
  #closed = false;

  constructor(ports: PoolNewsPorts) {
    this.#ports = ports;
    ports.view.listen({
      endpoints: (network) => {
        this.#changed.add(network);
        this.#soon();
      },
    });
  }

  /** What has changed is looked at by itself. */
  lookAgain(): void {}

  close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    return Promise.resolve();
  }

  #soon(): void {
    if (this.#closed) return;
    this.#timer ??= this.#ports.clock.after(pause, () => {
      this.#timer = undefined;
      for (const network of this.#changed) this.#look(network);
      this.#changed.clear();
    });
  }

  #look(id: NetworkId): void {
    const { view, events } = this.#ports;
    const network = view.networkById(id);
    if (network === undefined) {
      this.#told.delete(id);
      return;
    }
    const told = this.#told.get(id) ?? new Set();
    const full = poolsAbove(fullMark, network, view);
    for (const { pool, used, total } of full) {
      if (told.has(pool)) continue;
      const message = `pool ${pool} of network ${network.name} is nearly used up: ${used} of ${total} addresses`;
      events.tell('pool-nearly-full', message, {
        network: network.name,
        pool,
        used: String(used),
        total: String(total),
      });
    }
    const still = poolsAbove(easedMark, network, view).filter(({ pool }) => told.has(pool));
    this.#told.set(id, new Set([...full, ...still].map(({ pool }) => pool)));
  }
}
