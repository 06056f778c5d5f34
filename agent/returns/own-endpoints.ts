import { keys } from '../../kvstore/keys.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';

type Endpoints = ReadonlyMap<EndpointId, Recorded<Endpoint>>;

const none: Endpoints = new Map();

/**
 * This node's endpoints as the view last had them, and those among them that have gone from the store although nobody here has
 * detached them: collected while this node was away, or deleted by a stranger.
 */
export class OwnEndpoints {
  readonly #self: NodeId;
  readonly #isOurDoing: (id: EndpointId) => boolean;
  readonly #known = new Map<EndpointId, Recorded<Endpoint>>();
  readonly #lost = new Map<NetworkId, Map<EndpointId, Recorded<Endpoint>>>();

  /** `isOurDoing`: is an operation of this node on this endpoint under way? */
  constructor(self: NodeId, isOurDoing: (id: EndpointId) => boolean) {
    this.#self = self;
    this.#isOurDoing = isOurDoing;
  }

  /** To be called with every change of a network's endpoints, before anybody acts on it. Returns those that are lost by it. */
  take(network: NetworkId, ids: Iterable<EndpointId>, view: Pick<View, 'endpoints'>): readonly EndpointId[] {
    const lost: EndpointId[] = [];
    const records = view.endpoints(network);
    for (const id of ids) {
      const record = records?.get(keys.endpoint(network, id));
      if (record !== undefined) {
        this.settle(network, id);
        if (record.value.node === this.#self) this.#known.set(id, record);
        continue;
      }
      const known = this.#known.get(id);
      this.#known.delete(id);
      if (known === undefined || this.#isOurDoing(id)) continue;
      const others = this.#lost.get(network) ?? new Map<EndpointId, Recorded<Endpoint>>();
      this.#lost.set(network, others.set(id, known));
      lost.push(id);
    }
    return lost;
  }

  /** Those that the view holds. */
  known(): readonly Endpoint[] {
    return Array.from(this.#known.values(), ({ value }) => value);
  }

  lost(network: NetworkId): Endpoints {
    return this.#lost.get(network) ?? none;
  }

  all(): readonly Recorded<Endpoint>[] {
    return [...this.#lost.values()].flatMap((each) => [...each.values()]);
  }

  /** It is settled: back in the store, or at its end. Returns whether it was lost. */
  settle(network: NetworkId, id: EndpointId): boolean {
    const others = this.#lost.get(network);
    const was = others?.delete(id) ?? false;
    if (others?.size === 0) this.#lost.delete(network);
    return was;
  }
}
