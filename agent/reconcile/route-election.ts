import { keys } from '../../kvstore/keys.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import type { Family } from '../../model/ip.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import { mayGiveRoute } from '../../vxlan/default-route.ts';
import type { SandboxLife } from '../sandbox-life.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';
import { DefaultRoutes, type Candidate } from './default-routes.ts';

export interface RouteElectionPorts {
  readonly view: View;
  readonly sandboxes: SandboxLife;
  readonly isDetached: (endpoint: EndpointId) => boolean;
  /** Own endpoints that the store has lost without our doing. */
  lost?(network: NetworkId): ReadonlyMap<EndpointId, Recorded<Endpoint>>;
  /** The endpoint gives other routes now; `first`: before who has given them until now, so that it replaces what is there. */
  mark(endpoint: Endpoint, first: boolean): void;
}

/** Keeps the choice of who gives each sandbox its default routes up to date with the view, for all networks together. */
export class RouteElection {
  readonly #ports: RouteElectionPorts;
  readonly #routes = new DefaultRoutes();
  /** Undefined until this node knows who it is: nobody is chosen before. */
  #self: NodeId | undefined;

  constructor(ports: RouteElectionPorts) {
    this.#ports = ports;
  }

  setSelf(node: NodeId): void {
    this.#self = node;
    for (const id of this.#ports.view.joined()) this.holdIn(id);
  }

  /** Anything about the network may have changed. */
  holdIn(network: NetworkId): void {
    const records = this.#ports.view.endpoints(network)?.records.values() ?? [];
    const lost = this.#ports.lost?.(network).keys() ?? [];
    this.hold(network, [...Array.from(records, ({ value }) => value.id), ...lost]);
  }

  /** Notes which of these endpoints may give default routes, and marks those that give other ones now. */
  hold(network: NetworkId, ids: readonly EndpointId[]): void {
    if (this.#self === undefined) return;
    for (const id of ids) {
      const { gaining, losing } = this.#routes.note(id, this.#candidate(network, id));
      for (const one of gaining) this.#ports.mark(one, true);
      for (const one of losing) this.#ports.mark(one, false);
    }
  }

  /** The families in which an own endpoint gives its sandbox the default route. */
  familiesOf(endpoint: EndpointId): readonly Family[] {
    return this.#routes.familiesOf(endpoint);
  }

  /**
   * Must the network wait, because it is not known yet of one of these whether an own endpoint in it gives a default route? What
   * stands in the kernel is not touched before.
   */
  isOpenFor(network: NetworkId, starting: Iterable<NetworkId>): boolean {
    if (!this.#routes.concerns(network)) return false;
    const { view } = this.#ports;
    for (const id of starting) {
      if (view.networkById(id) === undefined) continue;
      if ((view.endpoints(id)?.state ?? 'syncing') === 'syncing') return true;
    }
    return false;
  }

  #candidate(network: NetworkId, id: EndpointId): Candidate | undefined {
    const { view, isDetached, sandboxes } = this.#ports;
    const known =
      view.endpoints(network)?.get(keys.endpoint(network, id)) ?? this.#ports.lost?.(network).get(id);
    const spec = view.networkById(network);
    if (known === undefined || spec === undefined || isDetached(id)) return undefined;
    if (known.value.node !== this.#self) return undefined;
    if (!mayGiveRoute(spec, known.value)) return undefined;
    const sandbox = sandboxes.nameNow(known.value.sandbox);
    return sandbox === undefined ? undefined : { endpoint: known.value, sandbox };
  }
}
