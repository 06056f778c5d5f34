import { keys } from '../kvstore/keys.ts';
import { decodeClaim, encodeClaim } from '../kvstore/records/claim.ts';
import { encodeEndpoint } from '../kvstore/records/endpoint.ts';
import type { Condition, Entry, Op, Revision } from '../kvstore/store.ts';
import type { Claim, Endpoint } from '../model/endpoint.ts';
import { hasCode } from '../model/errors.ts';
import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import type { Name } from '../model/name.ts';
import type { Network } from '../model/network.ts';

/** A claim key with what it claims. The key is the allocation: it can exist only once. */
type Claimed =
  | { readonly what: 'address'; readonly address: Ip }
  | { readonly what: 'mac'; readonly mac: Mac }
  | { readonly what: 'name'; readonly name: Name };

/** Who holds what an endpoint wanted. */
export type ClaimConflict = Claimed & { readonly claim: Claim };

/** A transaction of the store. */
export interface Txn {
  readonly conditions: readonly Condition[];
  readonly ops: readonly Op[];
}

/** The claims that a network holds itself, so that no endpoint can have them: gateways and auxiliary addresses. */
export function networkClaims(
  network: Network,
): readonly { readonly key: string; readonly value: Uint8Array }[] {
  const claim = (ip: Ip, kind: Claim['kind'], holder: string): { key: string; value: Uint8Array } => ({
    key: keys.addressClaim(network.id, ip),
    value: encodeClaim({ kind, holder, owner: network.creator, expiresAt: 0 }),
  });
  return network.subnets.flatMap(({ gateway, auxiliary }) => [
    claim(gateway, 'gateway', 'gateway'),
    ...[...auxiliary].map(([name, ip]) => claim(ip, 'auxiliary', name)),
  ]);
}

/**
 * Puts the endpoint with the claims on its addresses, MAC and name, on condition that the network is as it was seen and
 * that nobody has the endpoint or one of the claims. Aliases are shared and claim nothing. To a node that is fenced nothing can
 * be attached: whoever collects it would not see the newcomer.
 */
export function attachTxn(
  endpoint: Endpoint,
  networkState: { readonly key: string; readonly revision: Revision },
): Txn {
  const key = keys.endpoint(endpoint.network, endpoint.id);
  const claims = endpointClaims(endpoint);
  return {
    conditions: [
      { kind: 'unchanged', ...networkState },
      { kind: 'absent', key },
      { kind: 'absent', key: keys.fence(endpoint.node) },
      ...claims.map((claim): Condition => ({ kind: 'absent', key: claim.key })),
    ],
    ops: [
      { kind: 'put', key, value: encodeEndpoint(endpoint) },
      ...claims.map((claim): Op => ({ kind: 'put', ...claim })),
    ],
  };
}

/**
 * The same for an endpoint that has been in the store before: what is left of its claims stays, on condition that it stays ours.
 * `current`: what a refused `attachTxn` has shown.
 */
export function putBackTxn(
  endpoint: Endpoint,
  networkState: { readonly key: string; readonly revision: Revision },
  current: ReadonlyMap<string, Entry | undefined>,
): Txn {
  const { conditions, ops } = attachTxn(endpoint, networkState);
  const own = new Map<string, Condition>();
  for (const { key } of claimsOf(endpoint)) {
    const entry = current.get(key);
    if (entry !== undefined && isHeldBy(endpoint, entry))
      own.set(key, { kind: 'unchanged', key, revision: entry.revision });
  }
  return { conditions: conditions.map((each) => own.get(each.key) ?? each), ops };
}

/**
 * Puts an endpoint that has lost claims to others, and takes none. `current`: what a refused `putBackTxn` has shown, which must
 * still be so: an endpoint that could have its claims is not in conflict.
 */
export function conflictTxn(
  endpoint: Endpoint & { readonly state: { readonly kind: 'conflict' } },
  networkState: { readonly key: string; readonly revision: Revision },
  current: ReadonlyMap<string, Entry | undefined>,
): Txn {
  const key = keys.endpoint(endpoint.network, endpoint.id);
  const others = claimsOf(endpoint).flatMap((claim) => current.get(claim.key) ?? []);
  return {
    conditions: [
      { kind: 'unchanged', ...networkState },
      { kind: 'absent', key },
      { kind: 'absent', key: keys.fence(endpoint.node) },
      ...others.map((e): Condition => ({ kind: 'unchanged', key: e.key, revision: e.revision })),
    ],
    ops: [{ kind: 'put', key, value: encodeEndpoint(endpoint) }],
  };
}

/** The claims that an endpoint holds, as they are written. */
export function endpointClaims(
  endpoint: Endpoint,
): readonly { readonly key: string; readonly value: Uint8Array }[] {
  const value = encodeClaim({ kind: 'endpoint', holder: endpoint.id, owner: endpoint.node, expiresAt: 0 });
  return claimsOf(endpoint).map(({ key }) => ({ key, value }));
}

/** Which claims made `attachTxn` fail, from what the store holds at its conditions' keys. Empty: it was something else. */
export function readConflicts(
  endpoint: Endpoint,
  current: ReadonlyMap<string, Entry | undefined>,
): readonly ClaimConflict[] {
  return claimsOf(endpoint).flatMap(({ key, claimed }) => {
    const entry = current.get(key);
    if (entry === undefined) return [];
    const claim = claimIn(entry);
    return claim.kind === 'endpoint' && claim.holder === endpoint.id ? [] : [{ ...claimed, claim }];
  });
}

/**
 * Deletes the endpoint, written at `revision`, and those of its claims that it still holds: one that somebody else has by
 * now, or that cannot be read, stays. Nothing may have changed since it was read.
 */
export async function detachTxn(
  endpoint: Endpoint,
  revision: Revision,
  read: (key: string) => Promise<Entry | undefined>,
): Promise<Txn> {
  const key = keys.endpoint(endpoint.network, endpoint.id);
  const entries = await Promise.all(claimsOf(endpoint).map((claim) => read(claim.key)));
  const held = entries.filter(
    (entry) => entry !== undefined && isHeldBy(endpoint, entry),
  ) as readonly Entry[];
  return {
    conditions: [
      { kind: 'unchanged', key, revision },
      ...held.map((e): Condition => ({ kind: 'unchanged', key: e.key, revision: e.revision })),
    ],
    ops: [{ kind: 'delete', key }, ...held.map((e): Op => ({ kind: 'delete', key: e.key }))],
  };
}

function claimsOf({
  network,
  addresses,
  mac,
  name,
}: Endpoint): readonly { readonly key: string; readonly claimed: Claimed }[] {
  return [
    ...addresses.map((address) => ({
      key: keys.addressClaim(network, address),
      claimed: { what: 'address', address } as const,
    })),
    { key: keys.macClaim(network, mac), claimed: { what: 'mac', mac } },
    ...(name === undefined
      ? []
      : [{ key: keys.nameClaim(network, name), claimed: { what: 'name', name } as const }]),
  ];
}

function isHeldBy(endpoint: Endpoint, entry: Entry): boolean {
  const claim = readClaim(entry);
  return claim?.kind === 'endpoint' && claim.holder === endpoint.id;
}

/** A claim that nobody can read still keeps others away: its key is there. */
const unreadable: Claim = {
  kind: 'reservation',
  holder: 'with an unreadable record',
  owner: '',
  expiresAt: 0,
};

/** What a claim says to those whom it keeps away. */
export function claimIn(entry: Entry): Claim {
  return readClaim(entry) ?? unreadable;
}

function readClaim(entry: Entry): Claim | undefined {
  try {
    return decodeClaim(entry.key, entry.value);
  } catch (error) {
    if (hasCode(error, 'RECORD_INVALID')) return undefined;
    throw error;
  }
}
