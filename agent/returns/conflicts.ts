import type { Endpoint } from '../../model/endpoint.ts';
import type { NodeId } from '../../model/node.ts';
import type { View } from '../view/view.ts';

/** The endpoints of its network that gave way to this one: in conflict over something that it has. */
export function contestants(winner: Endpoint, all: Iterable<Endpoint>): readonly Endpoint[] {
  if (winner.state.kind !== 'active') return [];
  return [...all].filter((one) => one.state.kind === 'conflict' && sharesWith(winner, one));
}

function sharesWith(a: Endpoint, b: Endpoint): boolean {
  if (a.id === b.id) return false;
  if (a.mac === b.mac || (a.name !== undefined && a.name === b.name)) return true;
  return a.addresses.some((ip) => b.addresses.includes(ip));
}

/** As people know it, such as `endpoint web on node h2`. */
export function endpointText(endpoint: Endpoint, view: Pick<View, 'node'>): string {
  return `endpoint ${endpoint.name ?? endpoint.sandbox.key} on node ${view.node(endpoint.node)?.name ?? endpoint.node}`;
}

export interface Conflicts {
  /** Own endpoints that gave way. */
  readonly losers: readonly Endpoint[];
  /** Own endpoints to which others gave way, with those. */
  readonly winners: readonly { readonly endpoint: Endpoint; readonly others: readonly Endpoint[] }[];
}

/** Every conflict that a node takes part in, as far as it follows the networks. */
export function conflictsOf(self: NodeId, view: View): Conflicts {
  const losers: Endpoint[] = [];
  const winners: { endpoint: Endpoint; others: readonly Endpoint[] }[] = [];
  for (const network of view.joined()) {
    const all = Array.from(view.endpoints(network)?.records.values() ?? [], ({ value }) => value);
    const inConflict = all.filter(({ state }) => state.kind === 'conflict');
    losers.push(...inConflict.filter(({ node }) => node === self));
    if (inConflict.length === 0) continue;
    for (const endpoint of all.filter(({ node }) => node === self)) {
      const others = contestants(endpoint, inConflict);
      if (others.length > 0) winners.push({ endpoint, others });
    }
  }
  return { losers, winners };
}
