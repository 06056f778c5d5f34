import type { Clock } from '../model/clock.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { NetworkId } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import type { View } from './view/view.ts';

/** How long the store may take to answer at the start before this node goes by what it knew last. */
const patience = 2000;

/**
 * Waits until the store has said everything once and knows that this node lives; not for long where an earlier life `knew` enough
 * to begin with. Has it spoken?
 */
export async function storeSpeaks(
  node: NodeId,
  knew: boolean,
  { view, clock }: { readonly view: View; readonly clock: Clock },
  signal: AbortSignal,
): Promise<boolean> {
  const isThere = (): true | undefined => (view.state === 'insync' && view.isAlive(node) ? true : undefined);
  if (!knew) return view.until(isThere, signal);
  const enough = new AbortController();
  using _ = clock.after(patience, () => {
    enough.abort();
  });
  await view.until(isThere, AbortSignal.any([enough.signal, signal])).catch(() => undefined);
  signal.throwIfAborted();
  return isThere() ?? false;
}

/** The endpoints of a node, as far as the view holds them. */
export function ownEndpoints(view: View, node: NodeId): readonly Endpoint[] {
  const all = view.joined().flatMap((id) => [...(view.endpoints(id)?.records.values() ?? [])]);
  return all.map(({ value }) => value).filter((endpoint) => endpoint.node === node);
}

/** The networks in which the view holds an endpoint of the node. */
export function networksKnown(view: View, node: NodeId): ReadonlySet<NetworkId> {
  return new Set(ownEndpoints(view, node).map(({ network }) => network));
}
