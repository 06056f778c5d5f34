import type { Store } from '../../kvstore/store.ts';
import type { Clock } from '../../model/clock.ts';
import { clusterIn } from '../boot.ts';
import type { Self } from '../reconcile/self.ts';
import type { Trust } from '../trust/trust.ts';
import type { View } from '../view/view.ts';
import type { AcceptPorts } from './accept.ts';
import type { RemovePorts } from './remove.ts';
import { sceneReaders } from './scene.ts';

export interface NetworkPortsPorts extends Pick<AcceptPorts, 'random'> {
  readonly store: Store;
  readonly view: View;
  readonly trust: Pick<Trust, 'guards'>;
  readonly clock: Pick<Clock, 'wall'>;
  readonly self: () => Self;
  /** @throws STORE_UNAVAILABLE while nothing may be written to the store. */
  readonly demandStore: (what: string) => void;
}

/** What it takes to decide about networks, as long as this node may. */
export class NetworkPorts {
  readonly #ports: NetworkPortsPorts;
  readonly #readers = sceneReaders();

  constructor(ports: NetworkPortsPorts) {
    this.#ports = ports;
  }

  /** @throws STORE_UNAVAILABLE while nothing may be written to the store. */
  accept(signal: AbortSignal): AcceptPorts {
    const { store, view, trust, random, clock, self, demandStore } = this.#ports;
    demandStore('no network can be accepted');
    const now = (): string => new Date(clock.wall()).toISOString();
    const cluster = clusterIn(view) ?? self().cluster;
    return { store, readers: this.#readers, cluster, guards: trust.guards(), signal, random, now };
  }

  /** @throws STORE_UNAVAILABLE while nothing may be written to the store. */
  remove(signal: AbortSignal): RemovePorts {
    const { store, view, demandStore } = this.#ports;
    demandStore('no network can be removed');
    const nodeName = (id: string): string => view.nodeList().find((n) => n.id === id)?.name ?? id;
    return { store, signal, nodeName };
  }
}
