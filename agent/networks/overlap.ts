import type { Network } from '../../model/network.ts';
import type { Node } from '../../model/node.ts';
import { overlaps, spanOf, type Prefix, type Span } from '../../model/prefix.ts';
import { takenBy } from './taken.ts';

/**
 * Why these subnets cannot be had, or undefined: what is in the way, and whose it is. `networks`: accepted ones, other than the one
 * that is judged.
 */
export function findOverlap(
  subnets: readonly Prefix[],
  { networks, nodes }: { readonly networks: readonly Network[]; readonly nodes: readonly Node[] },
): string | undefined {
  const wished = subnets.map((subnet) => ({ subnet, span: spanOf(subnet) }));
  for (const { prefix, what } of takenBy(networks, nodes)) {
    const span = spanOf(prefix);
    const hit = wished.find((each) => meets(each.span, span));
    if (hit !== undefined) return `subnet ${hit.subnet} overlaps ${what}`;
  }
  return undefined;
}

const meets = (a: Span, b: Span): boolean => a.family === b.family && a.first <= b.last && b.first <= a.last;

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
