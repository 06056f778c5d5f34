import type { Endpoint, EndpointId } from '../model/endpoint.ts';
import { familyOf, type Family } from '../model/ip.ts';
import type { Network } from '../model/network.ts';

/** What is asked of an endpoint that may give its sandbox the default route. */
export type RouteGiver = Pick<Endpoint, 'id' | 'addresses' | 'interfaceName' | 'routePriority'>;

/** May the endpoint give its sandbox a default route? Never one of an internal network, or whose port is down. */
export function mayGiveRoute(
  network: Pick<Network, 'internal'>,
  { routePriority, state }: Pick<Endpoint, 'routePriority' | 'state'>,
): boolean {
  return routePriority > 0 && state.kind === 'active' && !network.internal;
}

/**
 * Of the endpoints of one sandbox that may give it a default route, the one that does in this family: of those with an address of
 * it the one with the highest priority; among equal ones the one whose interface has the shorter name, then the name that comes
 * first by code units (`eth2` before `eth10`). An interface has one name in a sandbox, so that there is no other tie; ids decide
 * while two endpoints claim one.
 */
export function defaultRouteGiver(givers: Iterable<RouteGiver>, family: Family): EndpointId | undefined {
  let best: RouteGiver | undefined;
  for (const giver of givers) {
    if (!giver.addresses.some((ip) => familyOf(ip) === family)) continue;
    if (best === undefined || comesBefore(giver, best)) best = giver;
  }
  return best?.id;
}

function comesBefore(a: RouteGiver, b: RouteGiver): boolean {
  if (a.routePriority !== b.routePriority) return a.routePriority > b.routePriority;
  const [one, other] = [a.interfaceName, b.interfaceName];
  if (one.length !== other.length) return one.length < other.length;
  return one === other ? a.id < b.id : one < other;
}
