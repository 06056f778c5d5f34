import type { Revision } from '../../kvstore/store.ts';
import type { FenceKind, NodeId } from '../../model/node.ts';

/** A fence as the store holds it. */
export interface RaisedFence {
  readonly kind: FenceKind;
  readonly by: NodeId;
  readonly revision: Revision;
}

/** What a node knows of the others at one moment. */
export interface Picture {
  /** The node that looks. */
  readonly self: NodeId;
  /**
   * Why the picture may not be acted upon. `broken`: it may have missed something, so that no absence seen before it counts;
   * otherwise it is only unfinished.
   */
  readonly doubt?: { readonly why: string; readonly broken: boolean };
  /** Every node that has a record, with the record's revision. */
  readonly nodes: ReadonlyMap<NodeId, Revision>;
  readonly alive: ReadonlySet<NodeId>;
  /** Nodes without a record that have endpoints. */
  readonly strangers: ReadonlySet<NodeId>;
  readonly fences: ReadonlyMap<NodeId, RaisedFence>;
}

/** A node that is being collected or was forgotten counts no more; one that is drained does. */
export function isGivenUp({ fences }: Picture, node: NodeId): boolean {
  const kind = fences.get(node)?.kind;
  return kind === 'collect' || kind === 'forget';
}

/** Everybody of whom there is a record, a fence or an endpoint, and who is not alive. */
export function absentNodes({ self, nodes, alive, fences, strangers }: Picture): readonly NodeId[] {
  return [...new Set([...nodes.keys(), ...fences.keys(), ...strangers])].filter(
    (id) => id !== self && !alive.has(id),
  );
}
