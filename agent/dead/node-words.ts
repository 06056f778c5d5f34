import { keys } from '../../kvstore/keys.ts';
import { decodeFence } from '../../kvstore/records/fence.ts';
import { decodeNode } from '../../kvstore/records/node.ts';
import type { Entry, Revision, Store } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import type { Fence, Node, NodeId } from '../../model/node.ts';
import type { View } from '../view/view.ts';

/** What the store holds of one node, read by itself. */
export interface StoredNode {
  readonly record: Revision | undefined;
  readonly alive: Revision | undefined;
  readonly fence: { readonly value: Fence; readonly revision: Revision } | undefined;
}

/** The node that an operator means by a name or an id. */
export interface Meant {
  readonly id: NodeId;
  readonly name: Node['name'];
}

/**
 * Of several nodes with one name, which happens when a dead one's was taken over, those that are down are meant.
 *
 * @throws NODE_NOT_FOUND; INPUT_INVALID when several are left.
 */
export function nodeMeant(word: string, view: View): Meant {
  const fenced = [...view.fences.records.values()].map(({ value }) => ({ id: value.node, name: value.name }));
  const all = [...view.nodeList(), ...fenced.filter(({ id }) => view.node(id) === undefined)];
  const named = all.filter((n) => n.id === word || n.name === word);
  const down = named.filter((n) => !view.isAlive(n.id));
  const [first, second] = named.length > 1 && down.length > 0 ? down : named;
  if (first === undefined)
    throw new WeftError('NODE_NOT_FOUND', `there is no node ${word}`, { details: { node: word } });
  if (second === undefined) return { id: first.id, name: first.name };
  const ids = down.map((n) => n.id);
  throw new WeftError(
    'INPUT_INVALID',
    `several nodes are named ${word}: ${ids.join(', ')}; say which by its id`,
    {
      details: { nodes: ids },
    },
  );
}

export async function readNode(id: NodeId, store: Store, signal: AbortSignal): Promise<StoredNode> {
  const get = (key: string): Promise<Entry | undefined> => store.get(key, { signal });
  const [record, alive, fence] = await Promise.all([
    get(keys.node(id)),
    get(keys.alive(id)),
    get(keys.fence(id)),
  ]);
  if (record !== undefined) decodeNode(record.key, record.value);
  return {
    record: record?.revision,
    alive: alive?.revision,
    fence:
      fence === undefined
        ? undefined
        : { value: decodeFence(fence.key, fence.value), revision: fence.revision },
  };
}
