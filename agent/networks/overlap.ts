import type { Network } from '../../model/network.ts';
import type { Node } from '../../model/node.ts';
import { overlaps, spanOf, type Prefix } from '../../model/prefix.ts';

/** What a new subnet must not collide with. */
export interface Surroundings {
  /** Accepted networks other than the one that is judged. */
  readonly networks: readonly Network[];
  readonly nodes: readonly Node[];
}

/**
 * Why these subnets cannot be had, or undefined. A node's routes count because its containers' traffic to them would be
 * swallowed by the network; default routes do not.
 */
export function findOverlap(subnets: readonly Prefix[], around: Surroundings): string | undefined {
  for (const subnet of subnets) {
    for (const network of around.networks) {
      const other = network.subnets.find((s) => overlaps(subnet, s.prefix));
      if (other !== undefined) return `subnet ${subnet} overlaps ${other.prefix} of network ${network.name}`;
    }
    for (const node of around.nodes) {
      const route = node.routes.find((r) => !r.endsWith('/0') && overlaps(subnet, r));
      if (route !== undefined) return `subnet ${subnet} overlaps route ${route} of node ${node.name}`;
    }
  }
  return undefined;
}

/** Two networks with a subnet that both have, although neither may. */
export interface Overlap {
  readonly one: Network;
  readonly other: Network;
  readonly subnets: readonly [Prefix, Prefix];
}

/**
 * Networks that overlap although they were accepted: by stores that did not know of each other, one of which was put in the place of
 * the other. In the order of their addresses, neighbours only, so that the cost is that of sorting.
 */
export function acceptedOverlaps(networks: readonly Network[]): readonly Overlap[] {
  const strict = networks.filter(({ allowOverlap, phase }) => !allowOverlap && phase.kind === 'active');
  const all = strict.flatMap((network) =>
    network.subnets.map(({ prefix }) => ({ network, prefix, span: spanOf(prefix) })),
  );
  const order = (a: (typeof all)[number], b: (typeof all)[number]): number => {
    if (a.span.family !== b.span.family) return a.span.family - b.span.family;
    return a.span.first < b.span.first ? -1 : a.span.first > b.span.first ? 1 : 0;
  };
  const found: Overlap[] = [];
  let widest: (typeof all)[number] | undefined;
  for (const next of all.toSorted(order)) {
    if (widest !== undefined && widest.network !== next.network && overlaps(widest.prefix, next.prefix))
      found.push({ one: widest.network, other: next.network, subnets: [widest.prefix, next.prefix] });
    const isWider = widest?.span.family !== next.span.family || next.span.last > widest.span.last;
    if (isWider) widest = next;
  }
  return found;
}
