import { keys } from '../../kvstore/keys.ts';
import { decodeAlive, encodeAlive } from '../../kvstore/records/alive.ts';
import { decodeFence } from '../../kvstore/records/fence.ts';
import { decodeNode, encodeNode } from '../../kvstore/records/node.ts';
import {
  decodeText,
  encodeText,
  type Condition,
  type Entry,
  type Lease,
  type Op,
  type Store,
} from '../../kvstore/store.ts';
import { hasCode, WeftError } from '../../model/errors.ts';
import type { Generation, Node, NodeId } from '../../model/node.ts';

/** What a node says of itself. */
export type NodeContent = Omit<Node, 'serial'>;

/** What is written when a node joins. */
export interface Joining {
  readonly node: NodeContent;
  /** The serial of the next write of the record; saved before it is used. */
  nextSerial(): number;
  readonly generation: Generation;
  /** Earlier generations of ours. */
  readonly past: readonly Generation[];
}

/**
 * Puts `nodes/<id>`, the claims on name and VTEP addresses and `alive/<id>` under the lease, and lifts the fence of a collector, in one
 * transaction. A record that says the same as ours already is not written again. `guards`: what must hold besides.
 *
 * @throws NODE_CONFLICT when a live node has our name, a VTEP address of ours, or our id; both are named.
 */
export async function joinCluster(
  store: Store,
  lease: Lease,
  joining: Joining,
  signal: AbortSignal,
  guards: readonly Condition[] = [],
): Promise<void> {
  const { node } = joining;
  for (let attempt = 0; attempt < 8; attempt += 1) {
    const read = (key: string): Promise<Entry | undefined> => store.get(key, { signal });
    const conditions: Condition[] = [...guards];
    const ops: Op[] = [];
    const recorded = await read(keys.node(node.id));
    conditions.push(sameAs(keys.node(node.id), recorded));
    const old = recorded === undefined ? undefined : decodeNode(recorded.key, recorded.value);
    const alive = await read(keys.alive(node.id));
    checkGeneration(alive, old, joining);
    if (old === undefined || !saysTheSame(old, node)) {
      const value = encodeNode({ ...node, serial: joining.nextSerial() });
      ops.push({ kind: 'put', key: keys.node(node.id), value });
    }
    for (const key of claimKeys(node)) {
      const claim = await read(key);
      const taken = await checkClaim(key, claim, node, read);
      conditions.push(...taken.conditions);
      if (taken.write) ops.push({ kind: 'put', key, value: encodeText(node.id) });
    }
    const kept = new Set(claimKeys(node));
    for (const key of old === undefined ? [] : claimKeys(old))
      if (!kept.has(key)) ops.push({ kind: 'delete', key });
    conditions.push(sameAs(keys.alive(node.id), alive));
    const beat = encodeAlive({ node: node.id, generation: joining.generation });
    ops.push({ kind: 'put', key: keys.alive(node.id), value: beat, lease });
    const fence = await read(keys.fence(node.id));
    // A fence that comes up between this look and the transaction must not outlive it.
    conditions.push(sameAs(keys.fence(node.id), fence));
    if (fence !== undefined && !isDrain(fence)) ops.push({ kind: 'delete', key: fence.key });
    const result = await store.txn(conditions, ops, { signal });
    if (result.ok) return;
  }
  throw new WeftError(
    'STORE_UNAVAILABLE',
    `node ${node.name} could not join: its keys kept changing under our hands`,
  );
}

/** Draining goes on in another life of the node; what was raised in its absence is over. */
function isDrain({ key, value }: Entry): boolean {
  try {
    return decodeFence(key, value).kind === 'drain';
  } catch (error) {
    if (hasCode(error, 'RECORD_INVALID')) return false;
    throw error;
  }
}

const claimKeys = (node: NodeContent): readonly string[] => [
  keys.nodeNameClaim(node.name),
  ...node.vteps.map(keys.nodeVtepClaim),
];

const sameAs = (key: string, entry: Entry | undefined): Condition =>
  entry === undefined ? { kind: 'absent', key } : { kind: 'unchanged', key, revision: entry.revision };

function saysTheSame({ serial: _, ...recorded }: Node, content: NodeContent): boolean {
  const sorted = (value: NodeContent): string => JSON.stringify(Object.entries(value).toSorted());
  return sorted(recorded) === sorted(content);
}

/** A claim of a dead node is taken over, on condition that it stays dead. */
async function checkClaim(
  key: string,
  claim: Entry | undefined,
  node: NodeContent,
  read: (key: string) => Promise<Entry | undefined>,
): Promise<{ readonly conditions: readonly Condition[]; readonly write: boolean }> {
  const conditions = [sameAs(key, claim)];
  if (claim === undefined) return { conditions, write: true };
  const holder = decodeText(claim.value) as NodeId;
  if (holder === node.id) return { conditions, write: false };
  if ((await read(keys.alive(holder))) !== undefined) {
    const what = key.slice('node-claims/'.length).replace('/', ' ');
    const record = await read(keys.node(holder));
    const name = record === undefined ? '' : `${decodeNode(record.key, record.value).name} `;
    throw new WeftError(
      'NODE_CONFLICT',
      `node ${node.name} (${node.id}) cannot join: ${what} belongs to the live node ${name}(${holder}); ` +
        'give this node another --name or --advertise',
      { details: { claim: key, holder, node: node.id } },
    );
  }
  return { conditions: [...conditions, { kind: 'absent', key: keys.alive(holder) }], write: true };
}

/**
 * An `alive/` key with our id and a generation that we never saved is a clone of this machine: never a fight. A clone that was
 * made of a running node knows its generation as well, but has another name or address than the living one.
 */
function checkGeneration(alive: Entry | undefined, recorded: Node | undefined, joining: Joining): void {
  if (alive === undefined) return;
  const { node, generation, past } = joining;
  const found = decodeAlive(alive.key, alive.value).generation;
  const isSame = (g: Generation): boolean => g.counter === found.counter && g.random === found.random;
  if (isSame(generation)) return;
  const isUs =
    recorded === undefined ||
    (recorded.name === node.name && recorded.vteps.some((ip) => node.vteps.includes(ip)));
  if (isUs && past.some(isSame)) return;
  const other = recorded === undefined ? '' : ` (${recorded.name}, ${recorded.vteps.join(', ')})`;
  throw new WeftError(
    'NODE_CONFLICT',
    `another live agent${other} uses the node id ${node.id} of this node ${node.name} (${node.vteps.join(', ')}); was this ` +
      'machine cloned, or is weftd running twice? Remove node.json from the state directory of the copy to give it an id ' +
      'of its own. A node that was only renamed can join when its old lease has expired',
    { details: { node: node.id } },
  );
}
