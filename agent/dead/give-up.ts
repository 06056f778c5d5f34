import { detachTxn } from '../../ipam/claims.ts';
import { keys, prefixes } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { decodeNode } from '../../kvstore/records/node.ts';
import {
  decodeText,
  type Condition,
  type Entry,
  type Op,
  type Revision,
  type Store,
} from '../../kvstore/store.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { hasCode } from '../../model/errors.ts';
import type { NetworkId } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import { commit } from '../commit.ts';

/** A fence that is ours, as long as it has this revision. */
export interface OwnFence {
  readonly node: NodeId;
  readonly revision: Revision;
}

export interface GiveUpPorts {
  readonly store: Store;
  readonly signal: AbortSignal;
  /** Every network in which the node may have endpoints. */
  readonly networks: readonly NetworkId[];
}

export interface GivenUp {
  /** Endpoints that were removed. */
  readonly endpoints: number;
  /** `removed`: its record is gone by us; `gone`: it was before; `lost`: the node is back, or the fence is another's, and the rest stays. */
  readonly node: 'removed' | 'gone' | 'lost';
}

/** How often one endpoint, or the node's own keys, are read again because they changed meanwhile. */
const attempts = 8;

/**
 * Removes the endpoints of a fenced node with their claims, one transaction each, then its record with the claims on its name and
 * VTEPs; each on condition that the node is away, that the fence is ours, and that nothing has changed since it was read. The
 * fence stays. Repeatable: what is gone is gone.
 */
export async function giveUp(fence: OwnFence, ports: GiveUpPorts): Promise<GivenUp> {
  let endpoints = 0;
  for (const network of ports.networks) {
    const { entries } = await ports.store.list(prefixes.endpoints(network), { signal: ports.signal });
    for (const entry of entries) {
      if (ownerOf(entry) !== fence.node) continue;
      const outcome = await removeEndpoint(entry, fence, ports);
      if (outcome === 'lost') return { endpoints, node: 'lost' };
      if (outcome === 'removed') endpoints += 1;
    }
  }
  return { endpoints, node: await removeNode(fence, ports) };
}

/** The fence itself, which kept late writes of the node away for a while: the last that is left of it. */
export async function dropFence(fence: OwnFence, { store, signal }: GiveUpPorts): Promise<boolean> {
  const key = keys.fence(fence.node);
  const nothingElse: Condition = { kind: 'absent', key: keys.node(fence.node) };
  return commit([...holding(fence), nothingElse], [{ kind: 'delete', key }], { store, signal });
}

const holding = ({ node, revision }: OwnFence): readonly Condition[] => [
  { kind: 'absent', key: keys.alive(node) },
  { kind: 'unchanged', key: keys.fence(node), revision },
];

/** A record that cannot be read is nobody's. */
function ownerOf(entry: Entry): NodeId | undefined {
  return endpointIn(entry)?.node;
}

function endpointIn({ key, value }: Entry): Endpoint | undefined {
  try {
    return decodeEndpoint(key, value);
  } catch (error) {
    if (hasCode(error, 'RECORD_INVALID')) return undefined;
    throw error;
  }
}

async function removeEndpoint(
  first: Entry,
  fence: OwnFence,
  { store, signal }: GiveUpPorts,
): Promise<'removed' | 'gone' | 'lost'> {
  let entry: Entry | undefined = first;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const endpoint = entry === undefined ? undefined : endpointIn(entry);
    if (entry === undefined || endpoint?.node !== fence.node) return attempt === 0 ? 'gone' : 'removed';
    const read = (key: string): Promise<Entry | undefined> => store.get(key, { signal });
    const { conditions, ops } = await detachTxn(endpoint, entry.revision, read);
    if (await commit([...holding(fence), ...conditions], ops, { store, signal })) return 'removed';
    if (!(await stillOurs(fence, store, signal))) return 'lost';
    entry = await read(first.key);
  }
  return 'lost';
}

async function removeNode(fence: OwnFence, { store, signal }: GiveUpPorts): Promise<GivenUp['node']> {
  const key = keys.node(fence.node);
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const record = await store.get(key, { signal });
    if (record === undefined) return attempt === 0 ? 'gone' : 'removed';
    const { name, vteps } = decodeNode(key, record.value);
    const claims = await Promise.all(
      [keys.nodeNameClaim(name), ...vteps.map(keys.nodeVtepClaim)].map((each) => store.get(each, { signal })),
    );
    // Somebody else may have taken name or address over: then they are his.
    const own = claims.filter(
      (c) => c !== undefined && decodeText(c.value) === fence.node,
    ) as readonly Entry[];
    const all = [record, ...own];
    const conditions = all.map((e): Condition => ({ kind: 'unchanged', key: e.key, revision: e.revision }));
    const ops = all.map((e): Op => ({ kind: 'delete', key: e.key }));
    if (await commit([...holding(fence), ...conditions], ops, { store, signal })) return 'removed';
    if (!(await stillOurs(fence, store, signal))) return 'lost';
  }
  return 'lost';
}

async function stillOurs({ node, revision }: OwnFence, store: Store, signal: AbortSignal): Promise<boolean> {
  const [alive, fence] = await Promise.all([
    store.get(keys.alive(node), { signal }),
    store.get(keys.fence(node), { signal }),
  ]);
  return alive === undefined && fence?.revision === revision;
}
