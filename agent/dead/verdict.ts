import type { NodeId } from '../../model/node.ts';
import { isGivenUp, type Picture } from './picture.ts';

/** What is to be done about a node that is away. */
export type Verdict =
  /** Its time, or our turn, has not come. */
  | { readonly kind: 'waiting'; readonly ms: number }
  /** The grace is over, and still nobody may act. */
  | { readonly kind: 'refused'; readonly why: string }
  /** A live node acts already. */
  | { readonly kind: 'others'; readonly by: NodeId }
  /**
   * We act. `fence`: nobody has begun; `take-over`: who had begun is away himself; `go-on`: it is our own fence; `end`: nothing
   * but the fence is left, for as long as the grace.
   */
  | { readonly kind: 'due'; readonly step: 'fence' | 'take-over' | 'go-on' | 'end' };

export interface Rules {
  /** Milliseconds for which a node has to be away. */
  readonly grace: number;
  /** The live node of rank n acts n times this later, so that one acts and the others only step in. */
  readonly step: number;
}

/** The verdict on one node that is away. `since`: of any node, since when it has been away. Pure. */
export function judge(
  node: NodeId,
  picture: Picture,
  since: (node: NodeId) => number | undefined,
  now: number,
  { grace, step }: Rules,
): Verdict {
  const { self, alive, fences, nodes } = picture;
  const begun = since(node);
  if (begun === undefined) return { kind: 'waiting', ms: grace };
  const after = (due: number, what: 'fence' | 'take-over' | 'end'): Verdict => {
    const ms = due + rankOf(picture) * step - now;
    if (ms > 0) return { kind: 'waiting', ms };
    const why = objection(node, picture);
    return why === undefined ? { kind: 'due', step: what } : { kind: 'refused', why };
  };
  const fence = fences.get(node);
  if (fence === undefined || !isGivenUp(picture, node)) return after(begun + grace, 'fence');
  if (fence.by !== self && alive.has(fence.by)) return { kind: 'others', by: fence.by };
  if (!nodes.has(node)) return after(begun + grace, 'end');
  if (fence.by !== self) return after(Math.max(begun, since(fence.by) ?? begun), 'take-over');
  const why = objection(node, picture);
  return why === undefined ? { kind: 'due', step: 'go-on' } : { kind: 'refused', why };
}

function rankOf({ self, alive }: Picture): number {
  return Math.max(0, [...alive].toSorted().indexOf(self));
}

/** Why nobody may act on this picture. What an operator has decided needs no majority. */
export function objection(node: NodeId, picture: Picture): string | undefined {
  const { self, doubt, alive, nodes, fences } = picture;
  if (doubt !== undefined) return doubt.why;
  if (!alive.has(self)) return 'this node has lost its own lease';
  if (fences.get(node)?.kind === 'forget') return undefined;
  const known = [...nodes.keys()].filter((id) => !isGivenUp(picture, id));
  const living = known.filter((id) => alive.has(id)).length;
  if (2 * living >= known.length) return undefined;
  return `only ${living} of ${known.length} nodes are alive, and fewer than half decide nothing`;
}
