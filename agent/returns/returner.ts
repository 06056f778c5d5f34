import { keys } from '../../kvstore/keys.ts';
import type { Store } from '../../kvstore/store.ts';
import type { Clock } from '../../model/clock.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import { asWeftError } from '../../model/errors.ts';
import type { Events } from '../../model/event.ts';
import type { Logger } from '../../model/logger.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { KeyedLock } from '../keyed-lock.ts';
import { Scheduler } from '../reconcile/scheduler.ts';
import type { Intents } from '../state/intents.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';
import { OwnEndpoints } from './own-endpoints.ts';
import { putBack, type PutBackPorts } from './put-back.ts';

export interface ReturnerPorts {
  readonly view: View;
  readonly store: Store;
  readonly sandboxes: PutBackPorts['sandboxes'];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly events: Events;
  readonly locks: KeyedLock;
  readonly intents: Pick<Intents, 'get' | 'isGone'>;
  /** This node, also before it has joined. */
  readonly self: NodeId;
  /** Undefined until this node may decide anything. */
  node(): NodeId | undefined;
  signal(): AbortSignal;
  /** What is wanted of this endpoint is different now, although the view is the same. */
  changed(network: NetworkId, id: EndpointId): void;
}

/** An own endpoint that is not in the store, and why not yet. */
export interface Missing {
  readonly endpoint: Endpoint;
  readonly why: string;
}

/** Milliseconds after which it is tried again. */
const retryDelay = 2000;

/**
 * Puts own endpoints back that the store has lost without our doing: only their owner ends them. Until that is settled they stay
 * in the kernel as they are.
 */
export class Returner {
  readonly #ports: ReturnerPorts;
  readonly #own: OwnEndpoints;
  readonly #networks = new Map<EndpointId, NetworkId>();
  readonly #why = new Map<EndpointId, string>();
  readonly #scheduler: Scheduler<EndpointId>;

  /** To be made before whoever acts on the view's endpoints. */
  constructor(ports: ReturnerPorts) {
    this.#ports = ports;
    const { intents } = ports;
    const isOurDoing = (id: EndpointId): boolean => intents.get(id) !== undefined || intents.isGone(id);
    this.#own = new OwnEndpoints(ports.self, isOurDoing);
    this.#scheduler = new Scheduler((id) => this.#attend(id), ports.clock);
    ports.view.listen({
      endpoints: (network, ids) => {
        for (const id of this.#own.take(network, ids, ports.view)) {
          this.#networks.set(id, network);
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
    for (const { value } of this.#own.all()) this.#scheduler.mark(value.id);
  }

  /** This node's endpoints as the view holds them. Cost follows their number, not that of all. */
  own(): readonly Endpoint[] {
    return this.#own.known();
  }

  /** What is missing of a network, as it last was. */
  readonly lost = (network: NetworkId): ReadonlyMap<EndpointId, Recorded<Endpoint>> =>
    this.#own.lost(network);

  missing(): readonly Missing[] {
    return this.#own.all().map(({ value: endpoint }) => {
      return { endpoint, why: this.#why.get(endpoint.id) ?? 'it is being put back' };
    });
  }

  /** The same as it was in the store. */
  readonly remembered = (): readonly Recorded<Endpoint>[] => this.#own.all();

  /** One of them by its id or name. */
  find(network: NetworkId, word: string): EndpointId | undefined {
    const all = [...this.#own.lost(network).values()];
    return all.find(({ value }) => value.id === word || value.name === word)?.value.id;
  }

  /** It was detached here: nothing is put back. Was it lost? To be called under the endpoint's lock. */
  drop(network: NetworkId, id: EndpointId): boolean {
    this.#why.delete(id);
    const wasLost = this.#own.settle(network, id);
    if (wasLost) this.#ports.changed(network, id);
    return wasLost;
  }

  close(): Promise<void> {
    return this.#scheduler.close();
  }

  /** Puts it back if it is lost. To be called under the endpoint's lock. */
  async restore(network: NetworkId, id: EndpointId, signal: AbortSignal): Promise<void> {
    const lost = this.#own.lost(network).get(id)?.value;
    if (lost === undefined) return;
    const { view, store, sandboxes, events } = this.#ports;
    const name = view.networkById(network)?.name ?? network;
    const fields = { network: name, endpoint: id, addresses: lost.addresses };
    const what = `endpoint ${lost.name ?? lost.sandbox.key} of network ${name}`;
    const { life } = view.join(network);
    const outcome = await putBack(lost, { view, store, sandboxes }, signal);
    switch (outcome.kind) {
      case 'back': {
        const { state } = outcome.recorded.value;
        this.#why.delete(id);
        // Into a store that is another one by now: it is lost as before.
        if (view.join(network).life !== life) {
          this.#scheduler.markLater(id, retryDelay);
          return;
        }
        view.join(network).learn(keys.endpoint(network, id), outcome.recorded);
        // What the watch has shown already is no news.
        this.#own.settle(network, id);
        if (state.kind === 'active') events.tell('endpoint-put-back', `${what} is back in the store`, fields);
        else {
          const { holder } = state;
          const message = `${what} is in conflict with ${holder}: its port is down`;
          events.tell('endpoint-conflict', message, { ...fields, holder });
        }
        return;
      }
      case 'ended':
        this.drop(network, id);
        events.tell('endpoint-ended', `${what} is over: ${outcome.why}`, { ...fields, why: outcome.why });
        return;
      case 'later':
        this.#why.set(id, outcome.why);
        this.#scheduler.markLater(id, retryDelay);
    }
  }

  async #attend(id: EndpointId): Promise<void> {
    const { view, locks, logger } = this.#ports;
    const network = this.#networks.get(id);
    if (network === undefined || this.#ports.node() === undefined || view.state !== 'insync') return;
    try {
      await locks.run(id, () => this.restore(network, id, this.#ports.signal()));
    } catch (error) {
      const { code, message } = asWeftError(error);
      if (this.#why.get(id) !== message)
        logger.warn('endpoint cannot be put back yet', { endpoint: id, code, error: message });
      this.#why.set(id, message);
      this.#scheduler.markLater(id, retryDelay);
    }
    if (!this.#own.lost(network).has(id)) this.#networks.delete(id);
  }
}
