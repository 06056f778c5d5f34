import { keys } from '../../kvstore/keys.ts';
import type { NodeId } from '../../model/node.ts';
import type { View } from '../view/view.ts';

/**
 * Nodes that have endpoints in networks which this node follows, and no record: it was deleted by hand, or lost with a store. Cheap
 * while there are none: endpoints are looked at when they change, and all of them only when a record goes.
 */
export class Strangers {
  readonly #view: View;
  #found = new Set<NodeId>();
  #recorded: ReadonlySet<NodeId> = new Set();

  /** `onFound`: there is one more. */
  constructor(view: View, onFound: () => void) {
    this.#view = view;
    view.listen({
      endpoints: (network, ids) => {
        const { size } = this.#found;
        const records = view.endpoints(network);
        for (const id of ids) {
          const node = records?.get(keys.endpoint(network, id))?.value.node;
          if (node !== undefined && view.node(node) === undefined) this.#found.add(node);
        }
        if (this.#found.size > size) onFound();
      },
      nodes: () => {
        const before = this.#recorded;
        this.#recorded = new Set(view.nodeList().map(({ id }) => id));
        const isGone = [...before].some((id) => !this.#recorded.has(id));
        if (isGone) this.#found = new Set(this.#holders());
      },
    });
  }

  /** Those of now. */
  nodes(): ReadonlySet<NodeId> {
    if (this.#found.size === 0) return this.#found;
    const holders = this.#holders();
    for (const node of this.#found)
      if (!holders.has(node) || this.#view.node(node) !== undefined) this.#found.delete(node);
    return this.#found;
  }

  #holders(): ReadonlySet<NodeId> {
    const holders = new Set<NodeId>();
    for (const network of this.#view.joined())
      for (const { value } of this.#view.endpoints(network)?.records.values() ?? []) holders.add(value.node);
    return holders;
  }
}
