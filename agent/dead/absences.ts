import type { NodeId } from '../../model/node.ts';
import { absentNodes, type Picture } from './picture.ts';

interface Absence {
  readonly since: number;
  /** Revision of the node's record; undefined: it has none. */
  readonly record: number | undefined;
}

/**
 * Since when each node has been seen to be away, by the monotonic clock of the one who looks. It begins anew when the node's
 * `alive/` key or its record changes, when the view may have missed such a change, and when the one who looks stood still
 * himself for longer than `stillness`.
 */
export class Absences {
  readonly #stillness: number;
  readonly #seen = new Map<NodeId, Absence>();
  #lastLook = 0;

  constructor(stillness: number) {
    this.#stillness = stillness;
  }

  /** To be called with every change of the picture, and now and then without while somebody is away. */
  look(picture: Picture, now: number): void {
    const stoodStill = this.#seen.size > 0 && now - this.#lastLook > this.#stillness;
    this.#lastLook = now;
    if (picture.doubt?.broken === true || stoodStill) this.#seen.clear();
    if (picture.doubt?.broken === true) return;
    const absent = new Set(absentNodes(picture));
    for (const id of this.#seen.keys()) if (!absent.has(id)) this.#seen.delete(id);
    for (const id of absent) {
      const record = picture.nodes.get(id);
      const known = this.#seen.get(id);
      if (known === undefined || known.record !== record) this.#seen.set(id, { since: now, record });
    }
  }

  /** Undefined: it is not away, or nobody can tell since when. */
  since(node: NodeId): number | undefined {
    return this.#seen.get(node)?.since;
  }

  /** Who is away. */
  nodes(): readonly NodeId[] {
    return [...this.#seen.keys()];
  }
}
