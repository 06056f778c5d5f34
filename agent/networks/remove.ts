import { networkClaims } from '../../ipam/claims.ts';
import { deletions } from '../../ipam/sweep.ts';
import { keys, prefixes } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { decodeNetworkState, encodeNetworkState } from '../../kvstore/records/network-json.ts';
import type { Condition, Op, Store } from '../../kvstore/store.ts';
import type { Endpoint } from '../../model/endpoint.ts';
import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { Network, NetworkId, Phase } from '../../model/network.ts';
import { commit } from '../commit.ts';

export interface RemovePorts {
  readonly store: Store;
  readonly signal: AbortSignal;
  /** How people know a node. */
  nodeName(id: string): string;
}

interface Seen {
  readonly network: Network;
  readonly revision: number;
}

/** A network that somebody wants to be gone. */
export interface Removal {
  readonly name: Name;
  readonly force: boolean;
  /** Who wants it, for people. */
  readonly by: string;
  /** Undefined: whatever has the name. Otherwise a later network of the name is left alone. */
  readonly id?: NetworkId;
}

/** `gone`: it is not there any more, or was nothing but a wish. `nothing`: nothing of the name was there. */
export type Begun =
  | { readonly kind: 'begun'; readonly id: NetworkId }
  | { readonly kind: 'gone' }
  | { readonly kind: 'nothing' };

/** `kept`: it is not being removed any more, since an endpoint had slipped in. `waits`: to be looked at again. */
export type Ending = 'gone' | 'kept' | 'waits';

/**
 * Begins the removal of a network: its phase goes to `removing` by compare-and-set, and no attach can pass any more. Its wish
 * stays until the end, in case the network is still needed. Without force a network that has endpoints is left as it was.
 *
 * @throws NETWORK_IN_USE naming the endpoints and their nodes.
 */
export async function beginRemoval({ name, force, by, id }: Removal, ports: RemovePorts): Promise<Begun> {
  let isWishTried = false;
  for (let attempt = 0; attempt < 16; attempt += 1) {
    const seen = await read(name, ports);
    if (id !== undefined && seen?.network.id !== id) return { kind: 'gone' };
    if (seen === undefined) {
      const wish = await removeWish(name, ports);
      // The reply to an earlier try may have been lost.
      if (wish === 'removed' || (wish === 'nothing' && isWishTried)) return { kind: 'gone' };
      if (wish === 'nothing') return { kind: 'nothing' };
      isWishTried ||= wish === 'tried';
      continue;
    }
    const begun: Begun = { kind: 'begun', id: seen.network.id };
    const { phase } = seen.network;
    if (phase.kind === 'removing' && (phase.force || !force)) return begun;
    if (!force) refuseIfUsed(seen.network, await endpointsOf(seen.network, ports), ports);
    if (await setPhase(seen, { kind: 'removing', force, by }, ports)) return begun;
  }
  throw new WeftError(
    'STORE_UNAVAILABLE',
    `network ${name} kept changing while it was to be removed; try again`,
  );
}

/**
 * Ends the removal of the network with this name and id when no endpoint is left: reservations go first, then
 * state, VNI, claims and the wish in one transaction; a wish that was written after the removal had begun stays, as that of a new network. An endpoint that slipped
 * in before an unforced removal makes the network active again. Whoever calls this is not the only one, so that it may find
 * what somebody else has done.
 */
export async function finishRemoval(name: Name, id: NetworkId, ports: RemovePorts): Promise<Ending> {
  const seen = await read(name, ports);
  if (seen?.network.id !== id) return 'gone';
  const { network, revision } = seen;
  if (network.phase.kind !== 'removing') return 'kept';
  const endpoints = await endpointsOf(network, ports);
  if (endpoints.length > 0) {
    if (network.phase.force) return 'waits';
    return (await setPhase(seen, { kind: 'active' }, ports)) ? 'kept' : 'waits';
  }
  const state = keys.networkState(name);
  if (!(await removeReservations(seen, ports))) return 'waits';
  const claims = networkClaims(network).map((c): Op => ({ kind: 'delete', key: c.key }));
  const wish = await ports.store.get(keys.network(name), { signal: ports.signal });
  const old = wish !== undefined && wish.revision < revision ? wish : undefined;
  const conditions: Condition[] = [{ kind: 'unchanged', key: state, revision }];
  if (old !== undefined) conditions.push({ kind: 'unchanged', key: old.key, revision: old.revision });
  const ops: Op[] = [
    { kind: 'delete', key: state },
    { kind: 'delete', key: keys.vni(network.vni) },
    ...claims,
    ...(old === undefined ? [] : [{ kind: 'delete', key: old.key } as const]),
  ];
  return (await commit(conditions, ops, ports)) ? 'gone' : 'waits';
}

/** Whatever is claimed in a network without endpoints, but for what is its own. False: the network has changed. */
async function removeReservations({ network, revision }: Seen, ports: RemovePorts): Promise<boolean> {
  const { entries } = await ports.store.list(prefixes.claims(network.id), { signal: ports.signal });
  const own = new Set(networkClaims(network).map(({ key }) => key));
  const others = entries.filter(({ key }) => !own.has(key));
  const same: Condition = { kind: 'unchanged', key: keys.networkState(network.name), revision };
  for (const { conditions, ops } of deletions(others, [same]))
    if (!(await commit(conditions, ops, ports))) return false;
  return true;
}

async function read(name: Name, { store, signal }: RemovePorts): Promise<Seen | undefined> {
  const entry = await store.get(keys.networkState(name), { signal });
  const state = entry === undefined ? undefined : decodeNetworkState(entry.key, entry.value);
  return entry === undefined || state === undefined || !('id' in state)
    ? undefined
    : { network: state, revision: entry.revision };
}

/**
 * A wish that was refused, or not yet accepted, has no endpoints; it and its refusal simply go. `accepted`: it was meanwhile, and
 * has more than that.
 */
async function removeWish(
  name: Name,
  ports: RemovePorts,
): Promise<'nothing' | 'removed' | 'tried' | 'accepted'> {
  const names = [keys.network(name), keys.networkState(name)];
  const [wish, state] = await Promise.all(names.map((key) => ports.store.get(key, ports)));
  if (state !== undefined && 'id' in decodeNetworkState(state.key, state.value)) return 'accepted';
  const found = [wish, state].filter((e) => e !== undefined);
  if (found.length === 0) return 'nothing';
  const unchanged = found.map(({ key, revision }): Condition => ({ kind: 'unchanged', key, revision }));
  const still: Condition = { kind: 'absent', key: keys.networkState(name) };
  const isDone = await commit(
    state === undefined ? [...unchanged, still] : unchanged,
    found.map(({ key }) => ({ kind: 'delete', key })),
    ports,
  );
  return isDone ? 'removed' : 'tried';
}

async function endpointsOf(network: Network, { store, signal }: RemovePorts): Promise<readonly Endpoint[]> {
  const { entries } = await store.list(prefixes.endpoints(network.id), { signal });
  return entries.map((e) => decodeEndpoint(e.key, e.value));
}

function refuseIfUsed(network: Network, endpoints: readonly Endpoint[], ports: RemovePorts): void {
  if (endpoints.length === 0) return;
  const shown = endpoints
    .slice(0, 10)
    .map((e) => `${e.name ?? e.sandbox.key} (${e.addresses.join(', ')}) on ${ports.nodeName(e.node)}`);
  const more = endpoints.length > shown.length ? ` and ${endpoints.length - shown.length} more` : '';
  throw new WeftError(
    'NETWORK_IN_USE',
    `network ${network.name} has ${endpoints.length} endpoint(s): ${shown.join('; ')}${more}. Detach them, or use --force`,
    { details: { network: network.name, endpoints: endpoints.map((e) => ({ id: e.id, node: e.node })) } },
  );
}

function setPhase(seen: Seen, phase: Phase, ports: RemovePorts): Promise<boolean> {
  const key = keys.networkState(seen.network.name);
  const value = encodeNetworkState({ ...seen.network, phase });
  return commit([{ kind: 'unchanged', key, revision: seen.revision }], [{ kind: 'put', key, value }], ports);
}
