import { keys } from '../kvstore/keys.ts';
import { encodeClaim } from '../kvstore/records/claim.ts';
import type { Condition, Entry, Op, Revision } from '../kvstore/store.ts';
import type { Claim } from '../model/endpoint.ts';
import type { Ip } from '../model/ip.ts';
import { isName, type Name } from '../model/name.ts';
import type { NetworkId } from '../model/network.ts';
import { claimIn, type ClaimConflict, type Txn } from './claims.ts';

/**
 * Addresses that are kept for somebody under a name. It consists of claims alone: the one on its name tells the addresses, one on
 * each of them keeps everybody else away. The name is one among those of the network's endpoints.
 */
export interface Reservation {
  readonly network: NetworkId;
  readonly name: Name;
  readonly addresses: readonly Ip[];
  /** Who asked for it; may be empty. */
  readonly owner: string;
  /** Milliseconds since 1970 after which it counts as free; 0: never. */
  readonly expiresAt: number;
}

/** One that is in the store, with the revisions of its claims by key: whoever changes it does so while they are as they were. */
export interface FoundReservation extends Reservation {
  readonly claims: ReadonlyMap<string, Revision>;
}

/** Has the time of a reservation passed? Then it keeps nobody away any more. `now`: milliseconds since 1970. */
export const hasExpired = (claim: Pick<Claim, 'kind' | 'expiresAt'>, now: number): boolean =>
  claim.kind === 'reservation' && isOver(claim, now);

/** Is a reservation over, for its owner as for everybody else? */
export const isOver = ({ expiresAt }: Pick<Reservation, 'expiresAt'>, now: number): boolean =>
  expiresAt > 0 && expiresAt <= now;

/** The claims of a reservation, as they are written. */
export function reservationClaims({
  network,
  name,
  addresses,
  owner,
  expiresAt,
}: Reservation): readonly { readonly key: string; readonly value: Uint8Array }[] {
  const claim = { kind: 'reservation', holder: name, owner, expiresAt } as const;
  const value = encodeClaim(claim);
  return [
    { key: keys.nameClaim(network, name), value: encodeClaim({ ...claim, addresses }) },
    ...addresses.map((ip) => ({ key: keys.addressClaim(network, ip), value })),
  ];
}

/** The reservation that the claim on a name stands for, when it stands for one. Its addresses are not looked at. */
export function reservationIn(
  network: NetworkId,
  name: Name,
  claim: Claim | undefined,
): Reservation | undefined {
  if (claim?.kind !== 'reservation' || claim.holder !== name || claim.addresses === undefined)
    return undefined;
  const { addresses, owner, expiresAt } = claim;
  return { network, name, addresses, owner, expiresAt };
}

/** Whose the claim on an address is by its own word: the name of a reservation. */
export function reservationNamed({ kind, holder }: Claim): Name | undefined {
  return kind === 'reservation' && isName(holder) ? holder : undefined;
}

/** Puts a reservation where nobody has any of it, on condition that the network is as it was seen. */
export function reserveTxn(
  reservation: Reservation,
  networkState: { readonly key: string; readonly revision: Revision },
): Txn {
  const claims = reservationClaims(reservation);
  return {
    conditions: [
      { kind: 'unchanged', ...networkState },
      ...claims.map(({ key }): Condition => ({ kind: 'absent', key })),
    ],
    ops: claims.map((claim): Op => ({ kind: 'put', ...claim })),
  };
}

/** Which claims made `reserveTxn` fail, from what the store holds at its conditions' keys. */
export function reserveConflicts(
  { network, name, addresses }: Reservation,
  current: ReadonlyMap<string, Entry | undefined>,
): readonly ClaimConflict[] {
  const at = (key: string): Claim | undefined => {
    const entry = current.get(key);
    return entry && claimIn(entry);
  };
  const named = at(keys.nameClaim(network, name));
  return [
    ...(named === undefined ? [] : [{ what: 'name', name, claim: named } as const]),
    ...addresses.flatMap((address) => {
      const claim = at(keys.addressClaim(network, address));
      return claim === undefined ? [] : [{ what: 'address', address, claim } as const];
    }),
  ];
}

/** The same reservation with another expiry, on condition that it is as it was found. */
export function extendTxn(found: FoundReservation, expiresAt: number): Txn {
  const claims = reservationClaims({ ...found, expiresAt }).filter(({ key }) => found.claims.has(key));
  return { conditions: unchanged(found), ops: claims.map((claim): Op => ({ kind: 'put', ...claim })) };
}

/** Deletes a reservation, on condition that it is as it was found. */
export function releaseTxn(found: FoundReservation): Txn {
  return {
    conditions: unchanged(found),
    ops: Array.from(found.claims.keys(), (key): Op => ({ kind: 'delete', key })),
  };
}

/**
 * Turns the transaction of an attach into one that takes a reservation whole: what the endpoint has of it becomes the endpoint's, the
 * rest of it goes; on condition that it is as it was found.
 */
export function takingReservation({ conditions, ops }: Txn, found: FoundReservation): Txn {
  const written = new Set(ops.map((op) => op.key));
  return {
    conditions: [...conditions.filter(({ key }) => !found.claims.has(key)), ...unchanged(found)],
    ops: [
      ...ops,
      ...[...found.claims.keys()].flatMap((key): Op[] => (written.has(key) ? [] : [{ kind: 'delete', key }])),
    ],
  };
}

/**
 * A reservation with those of its claims that it still holds. `entries`: what the store holds at its name and its addresses.
 */
export function foundIn(
  reservation: Reservation,
  entries: readonly { readonly entry: Entry; readonly claim: Claim | undefined }[],
): FoundReservation {
  const own = entries.filter(
    ({ claim }) => claim?.kind === 'reservation' && claim.holder === reservation.name,
  );
  return { ...reservation, claims: new Map(own.map(({ entry }) => [entry.key, entry.revision])) };
}

const unchanged = ({ claims }: FoundReservation): readonly Condition[] =>
  Array.from(claims, ([key, revision]): Condition => ({ kind: 'unchanged', key, revision }));
