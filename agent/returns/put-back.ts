import { conflictTxn, putBackTxn, readConflicts, type ClaimConflict, type Txn } from '../../ipam/claims.ts';
import { keys } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { decodeNetworkState, encodeNetworkState } from '../../kvstore/records/network-json.ts';
import type { Entry, Store, TxnResult } from '../../kvstore/store.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { hasCode } from '../../model/errors.ts';
import type { Network } from '../../model/network.ts';
import { describeClaim, holderOf } from '../operations/holder.ts';
import type { SandboxLife } from '../sandbox-life.ts';
import type { Recorded } from '../view/collection.ts';
import type { View } from '../view/view.ts';

export interface PutBackPorts {
  readonly view: View;
  readonly store: Store;
  readonly sandboxes: Pick<SandboxLife, 'lives' | 'isAwaited'>;
}

export type PutBack =
  /** The store has it again, active or in conflict. */
  | { readonly kind: 'back'; readonly recorded: Recorded<Endpoint> }
  /** It is over: there is nothing to put it back to. */
  | { readonly kind: 'ended'; readonly why: string }
  /** Not now. */
  | { readonly kind: 'later'; readonly why: string };

/** Longest text that a record takes. */
const holderLength = 253;
const attempts = 8;

/**
 * Puts an own endpoint that the store has lost back as it was. When somebody else has an address, the MAC or the name of it by now, it
 * is put in conflict: the holder wins. To be called under the endpoint's lock, with a view in sync.
 */
export async function putBack(lost: Endpoint, ports: PutBackPorts, signal: AbortSignal): Promise<PutBack> {
  const { view, store, sandboxes } = ports;
  if (view.networkById(lost.network) === undefined && view.networkStates.bad.size > 0)
    return { kind: 'later', why: 'its network is not known, but a record of one cannot be read' };
  // One that may still come back after a reboot is the business of whoever watches sandboxes.
  if (!sandboxes.lives(lost.sandbox) && !sandboxes.isAwaited(lost.sandbox))
    return { kind: 'ended', why: 'its sandbox is gone' };
  let current: ReadonlyMap<string, Entry | undefined> = new Map();
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const network = view.networkById(lost.network);
    if (network === undefined) return { kind: 'ended', why: 'its network is gone' };
    if (network.phase.kind === 'removing' && network.phase.force)
      return { kind: 'ended', why: `its network ${network.name} is being removed by force` };
    const key = keys.networkState(network.name);
    const state = view.networkStates.get(key);
    if (state === undefined) return { kind: 'ended', why: 'its network is gone' };
    const at = { key, revision: state.revision, network };
    const endpoint: Endpoint = { ...lost, state: { kind: 'active' } };
    const outcome = await commit(inUse(putBackTxn(endpoint, at, current), at), store, signal);
    if (outcome === undefined) continue;
    if (outcome.ok) return back(endpoint, outcome.revision);
    current = outcome.current;
    const settled = await readRefusal(outcome.current, endpoint, at, ports, signal);
    if (settled !== undefined) return settled;
  }
  return { kind: 'later', why: 'the store kept changing under our hands' };
}

/** The network as the transaction is to find it. */
interface Place {
  readonly key: string;
  readonly revision: number;
  readonly network: Network;
}

/**
 * The same for a network that is being removed for want of endpoints: it has one now. Whoever ends the removal may have looked for
 * endpoints before, so that its state has to change with the transaction.
 */
function inUse(txn: Txn, { key, network }: Place): Txn {
  if (network.phase.kind !== 'removing') return txn;
  const value = encodeNetworkState({ ...network, phase: { kind: 'active' } });
  return { ...txn, ops: [...txn.ops, { kind: 'put', key, value }] };
}

const back = (value: Endpoint, revision: number): PutBack => ({
  kind: 'back',
  recorded: { value, revision },
});

/** Undefined: what stood in the way is known now, and another try makes sense. */
async function readRefusal(
  current: ReadonlyMap<string, Entry | undefined>,
  endpoint: Endpoint,
  at: Place,
  { view, store }: PutBackPorts,
  signal: AbortSignal,
): Promise<PutBack | undefined> {
  const found = current.get(keys.endpoint(endpoint.network, endpoint.id));
  if (found !== undefined) return back(decodeEndpoint(found.key, found.value), found.revision);
  if (current.get(keys.fence(endpoint.node)) !== undefined)
    return { kind: 'later', why: 'this node is fenced and has not joined again' };
  const state = current.get(at.key);
  if (state === undefined) return { kind: 'later', why: 'the store does not have its network' };
  if (state.revision !== at.revision) {
    const value = decodeNetworkState(state.key, state.value);
    view.networkStates.learn(at.key, { value, revision: state.revision });
    return undefined;
  }
  const conflicts = readConflicts(endpoint, current);
  if (conflicts.length === 0) return undefined;
  const holder = describeHolders(conflicts, endpoint, view);
  const loser = { ...endpoint, state: { kind: 'conflict', holder } } as const;
  const outcome = await commit(inUse(conflictTxn(loser, at, current), at), store, signal);
  return outcome?.ok === true ? back(loser, outcome.revision) : undefined;
}

/** Such as `endpoint db on node h2 (address 10.7.0.5)`. */
function describeHolders(conflicts: readonly ClaimConflict[], { network }: Endpoint, view: View): string {
  const byHolder = Map.groupBy(conflicts, (c) => holderOf(c.claim, network, view));
  const told = Array.from(byHolder, ([holder, held]) => `${holder} (${held.map(describeClaim).join(', ')})`);
  return told.join('; ').slice(0, holderLength);
}

async function commit(
  { conditions, ops }: Txn,
  store: Store,
  signal: AbortSignal,
): Promise<TxnResult | undefined> {
  try {
    return await store.txn(conditions, ops, { signal });
  } catch (error) {
    // If it was applied, the next one is refused and shows the endpoint.
    if (hasCode(error, 'STORE_AMBIGUOUS')) return undefined;
    throw error;
  }
}
