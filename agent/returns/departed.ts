import { keys } from '../../kvstore/keys.ts';
import type { Clock } from '../../model/clock.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { Caretaker } from '../caretaker.ts';
import type { Detached } from '../operations/detach.ts';
import { Scheduler } from '../reconcile/scheduler.ts';
import type { Intents } from '../state/intents.ts';
import type { View } from '../view/view.ts';

export interface DepartedPorts {
  readonly view: View;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  readonly intents: Pick<Intents, 'get' | 'isGone'>;
  /** Undefined until this node may decide anything. */
  node(): NodeId | undefined;
  detach(network: NetworkId, endpoint: EndpointId): Promise<Detached>;
}

/** Milliseconds after which it is tried again. */
const retryDelay = 2000;

/**
 * Takes own endpoints out of the store that were detached here and are in it again: the request of an attach came when nobody waited
 * for it any more, or an older state of the store was put back. Until then nobody programs them here.
 */
export class Departed implements Caretaker {
  readonly #ports: DepartedPorts;
  readonly #seen = new Map<EndpointId, Endpoint>();
  readonly #scheduler: Scheduler<EndpointId>;

  constructor(ports: DepartedPorts) {
    this.#ports = ports;
    this.#scheduler = new Scheduler((id) => this.#attend(id), ports.clock);
    ports.view.listen({
      endpoints: (network, ids) => {
        for (const id of ids) {
          const endpoint = ports.view.endpoints(network)?.get(keys.endpoint(network, id))?.value;
          if (endpoint === undefined || !this.#isUnwanted(id)) continue;
          this.#seen.set(id, endpoint);
          this.#scheduler.mark(id);
        }
      },
      state: () => {
        this.lookAgain();
      },
    });
  }

  /** After joining, and when the store is back. */
  lookAgain(): void {
    for (const id of this.#seen.keys()) this.#scheduler.mark(id);
  }

  close(): Promise<void> {
    return this.#scheduler.close();
  }

  /** What an operation has begun is its own business. */
  #isUnwanted(id: EndpointId): boolean {
    const { intents } = this.#ports;
    return intents.isGone(id) && intents.get(id) === undefined;
  }

  async #attend(id: EndpointId): Promise<void> {
    const { view, events, logger } = this.#ports;
    const endpoint = this.#seen.get(id);
    if (endpoint === undefined || this.#ports.node() === undefined || view.state !== 'insync') return;
    // What an earlier life knew may still show it.
    if (!view.isConfirmed(endpoint.network)) return;
    if (!this.#isUnwanted(id)) {
      this.#seen.delete(id);
      return;
    }
    try {
      const outcome = await this.#ports.detach(endpoint.network, id);
      this.#seen.delete(id);
      if (outcome !== 'detached') return;
      const name = view.networkById(endpoint.network)?.name ?? endpoint.network;
      const message = `endpoint ${endpoint.name ?? endpoint.sandbox.key} of network ${name} was detached here and in the store again; it is detached once more`;
      events.tell('endpoint-ended', message, { network: name, endpoint: id, addresses: endpoint.addresses });
    } catch (error) {
      const { code, message } = asWeftError(error);
      logger.warn('endpoint that was detached cannot be taken out of the store yet', {
        endpoint: id,
        code,
        error: message,
      });
      this.#scheduler.markLater(id, retryDelay);
    }
  }
}
