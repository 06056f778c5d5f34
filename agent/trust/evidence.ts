import { keys } from '../../kvstore/keys.ts';
import { decodeCluster } from '../../kvstore/records/cluster-json.ts';
import { decodeNode } from '../../kvstore/records/node.ts';
import type { Entry, Revision, Store } from '../../kvstore/store.ts';
import { origin } from '../../kvstore/transfer/take.ts';
import type { Cluster, NodeId } from '../../model/node.ts';
import type { Oddity } from '../view/collection.ts';

/** What this node knows of the store that it has had so far. */
export interface Known {
  readonly cluster: string;
  readonly epoch: number;
  /** When the key `cluster` was made; it is made once in the life of a store. */
  readonly created?: Revision | undefined;
  /** Serial of this node's own record as it was last seen. */
  readonly serial?: number | undefined;
  /** This node was out of contact for so long that it may have been collected or forgotten, fence and all. */
  readonly mayBeForgotten?: boolean;
}

/** What the store that answers now says of itself. */
export interface Found {
  readonly cluster: { readonly facts: Cluster; readonly entry: Entry } | undefined;
  /** It is being filled by a restore, a copy or another agent: from where. */
  readonly filledFrom: string | undefined;
  readonly serial: number | undefined;
  /** Somebody has declared this node dead, in this very store: that its record is gone is no wonder. */
  readonly isFenced: boolean;
}

export type Finding =
  /** `isAccepted`: somebody has said that what it holds is the truth. */
  | { readonly kind: 'ours'; readonly isAccepted: boolean }
  | { readonly kind: 'lost'; readonly why: string }
  | { readonly kind: 'foreign'; readonly cluster: string };

/** Is the store the one we knew? Pure. `oddity`: of an update that it sent. */
export function weigh(known: Known, found: Found, oddity?: Oddity): Finding {
  const { cluster } = found;
  if (cluster !== undefined && cluster.facts.id !== known.cluster)
    return { kind: 'foreign', cluster: cluster.facts.id };
  if (found.filledFrom !== undefined)
    return { kind: 'lost', why: `it is being filled from ${found.filledFrom}` };
  if (cluster === undefined)
    return { kind: 'lost', why: `it does not hold cluster ${known.cluster} any more` };
  if (cluster.facts.epoch > known.epoch) return { kind: 'ours', isAccepted: true };
  const why = oddity ?? oldness(known, found, cluster.entry);
  return why === undefined ? { kind: 'ours', isAccepted: false } : { kind: 'lost', why };
}

function oldness(known: Known, found: Found, cluster: Entry): string | undefined {
  if (known.created !== undefined && cluster.created !== known.created)
    return 'its key cluster was made anew';
  if (known.serial === undefined || found.isFenced) return undefined;
  if (found.serial === undefined && known.mayBeForgotten === true) return undefined;
  if (found.serial === undefined) return 'it has no record of this node any more';
  return found.serial < known.serial ? 'its record of this node is older than the last one' : undefined;
}

/** Reads what the judgement needs. @throws errors of the store. */
export async function readEvidence(store: Store, node: NodeId, signal: AbortSignal): Promise<Found> {
  const read = (key: string): Promise<Entry | undefined> => store.get(key, { signal });
  const cluster = await read(keys.cluster);
  // Asked for second: a store that is being filled has this key for as long as it has a cluster and not yet all the rest.
  const [mark, own, fence] = await Promise.all([
    read(keys.restoring),
    read(keys.node(node)),
    read(keys.fence(node)),
  ]);
  return {
    cluster:
      cluster === undefined
        ? undefined
        : { facts: decodeCluster(cluster.key, cluster.value), entry: cluster },
    filledFrom: mark === undefined ? undefined : origin(mark),
    serial: own === undefined ? undefined : decodeNode(own.key, own.value).serial,
    isFenced: fence !== undefined,
  };
}
