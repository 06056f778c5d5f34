import type { Network } from '../../model/network.ts';
import type { Node } from '../../model/node.ts';
import { overlaps, type Prefix } from '../../model/prefix.ts';

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
