import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import type { Family } from '../../model/ip.ts';
import type { NetworkId } from '../../model/network.ts';
import { defaultRouteGiver } from '../../vxlan/default-route.ts';

/** An own endpoint that may give its sandbox a default route. */
export interface Candidate {
  readonly endpoint: Endpoint;
  /** Names the network namespace; the same for all endpoints in it, by whatever path they were attached. */
  readonly sandbox: string;
}

/** Whose routes are others now that one candidate is. */
export interface Handover {
  /** They give one that they did not give; the candidate itself may be among them. To be programmed first. */
  readonly gaining: readonly Endpoint[];
  /** Others that give one less, and none more. */
  readonly losing: readonly Endpoint[];
}

const families: readonly Family[] = [4, 6];

/**
 * Who gives each sandbox of this node its default routes. The endpoints of one sandbox are in several networks, each of which is
 * programmed by itself: all of them ask here. It is kept by sandbox, and knows only endpoints that may give a route.
 */
export class DefaultRoutes {
  readonly #sandboxes = new Map<string, Map<EndpointId, Endpoint>>();
  readonly #places = new Map<EndpointId, string>();

  /** The candidate is so now, or is none any more. */
  note(id: EndpointId, candidate: Candidate | undefined): Handover {
    const [before, now] = [this.#places.get(id), candidate?.sandbox];
    if (before === undefined && now === undefined) return nothingMoves;
    const touched = new Set([before, now].filter((sandbox) => sandbox !== undefined));
    const beside = [...touched].flatMap((sandbox) => [...(this.#sandboxes.get(sandbox)?.values() ?? [])]);
    const gave = new Map(beside.map((endpoint) => [endpoint.id, this.familiesOf(endpoint.id)]));
    if (before !== undefined && before !== now) this.#leave(id, before);
    if (candidate !== undefined) this.#enter(candidate);
    const own = candidate === undefined ? [] : [candidate.endpoint];
    const all = [...own, ...beside.filter((other) => other.id !== id)];
    const [gaining, losing]: [Endpoint[], Endpoint[]] = [[], []];
    for (const one of all) {
      const [were, are] = [gave.get(one.id) ?? none, this.familiesOf(one.id)];
      if (are.some((family) => !were.includes(family))) gaining.push(one);
      else if (were.length > are.length && one.id !== id) losing.push(one);
    }
    return { gaining, losing };
  }

  /** The families in which the endpoint gives its sandbox the default route. */
  familiesOf(id: EndpointId): readonly Family[] {
    const sandbox = this.#places.get(id);
    const givers = sandbox === undefined ? undefined : this.#sandboxes.get(sandbox);
    if (givers === undefined) return none;
    return families.filter((family) => defaultRouteGiver(givers.values(), family) === id);
  }

  /** Is any of the network's endpoints a candidate? */
  concerns(network: NetworkId): boolean {
    for (const givers of this.#sandboxes.values())
      for (const endpoint of givers.values()) if (endpoint.network === network) return true;
    return false;
  }

  #enter({ endpoint, sandbox }: Candidate): void {
    const givers = this.#sandboxes.get(sandbox);
    if (givers === undefined) this.#sandboxes.set(sandbox, new Map([[endpoint.id, endpoint]]));
    else givers.set(endpoint.id, endpoint);
    this.#places.set(endpoint.id, sandbox);
  }

  #leave(id: EndpointId, sandbox: string): void {
    const givers = this.#sandboxes.get(sandbox);
    givers?.delete(id);
    if (givers?.size === 0) this.#sandboxes.delete(sandbox);
    this.#places.delete(id);
  }
}

const nothingMoves: Handover = { gaining: [], losing: [] };
const none: readonly Family[] = [];
