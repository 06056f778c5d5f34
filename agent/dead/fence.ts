import { keys } from '../../kvstore/keys.ts';
import { decodeFence, encodeFence } from '../../kvstore/records/fence.ts';
import type { Condition, Entry, Revision, Store } from '../../kvstore/store.ts';
import { hasCode } from '../../model/errors.ts';
import type { Fence, NodeId } from '../../model/node.ts';

/** What is known of a node when its fence is raised, and must still be so. */
export interface Seen {
  /** Revision of the node's record; undefined: it has none. */
  readonly record: Revision | undefined;
  /** Revision of the fence that is replaced; undefined: there is none. */
  readonly fence: Revision | undefined;
  /** Who raised that one, if it is taken over: he must be away as well. */
  readonly from?: NodeId;
}

/**
 * Raises the fence of a node that is away, or takes over that of a collector who is away himself. Returns the fence's revision, by
 * which it is ours; undefined when something is no longer as it was seen.
 */
export async function raiseFence(
  fence: Fence,
  { record, fence: replaced, from }: Seen,
  store: Store,
  signal: AbortSignal,
): Promise<Revision | undefined> {
  const key = keys.fence(fence.node);
  const conditions: Condition[] = [
    { kind: 'absent', key: keys.alive(fence.node) },
    sameAs(keys.node(fence.node), record),
    sameAs(key, replaced),
    ...(from === undefined ? [] : [{ kind: 'absent', key: keys.alive(from) } as const]),
  ];
  try {
    const outcome = await store.txn(conditions, [{ kind: 'put', key, value: encodeFence(fence) }], {
      signal,
    });
    return outcome.ok ? outcome.revision : undefined;
  } catch (error) {
    if (!hasCode(error, 'STORE_AMBIGUOUS')) throw error;
    const entry = await store.get(key, { signal });
    return entry !== undefined && entry.revision !== replaced && isOurs(entry, fence)
      ? entry.revision
      : undefined;
  }
}

const isOurs = ({ key, value }: Entry, fence: Fence): boolean => {
  const found = decodeFence(key, value);
  return found.by === fence.by && found.kind === fence.kind;
};

export const sameAs = (key: string, revision: Revision | undefined): Condition =>
  revision === undefined ? { kind: 'absent', key } : { kind: 'unchanged', key, revision };
