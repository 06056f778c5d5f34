import { claimIn } from '../../ipam/claims.ts';
import {
  isOver,
  releaseTxn,
  reservationNamed,
  type FoundReservation,
  type Reservation,
} from '../../ipam/reservation.ts';
import { keys } from '../../kvstore/keys.ts';
import { WeftError } from '../../model/errors.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { commit } from '../commit.ts';
import { holderOf } from '../operations/holder.ts';
import { acceptedNetwork } from '../operations/lookup.ts';
import type { OperationPorts } from '../operations/ports.ts';
import { findReservation } from './reservations.ts';

export interface ReleaseWish {
  readonly network: Name;
  /** Which one: by its name, or by one of its addresses. */
  readonly which: { readonly name: Name } | { readonly address: Ip };
  readonly owner: string;
}

const attempts = 16;

/**
 * Gives a reservation up, whole. Undefined: there was none, which is success.
 *
 * @throws ADDRESS_TAKEN, NAME_TAKEN: something else holds it, or the reservation is another owner's.
 */
export async function release(
  wish: ReleaseWish,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<FoundReservation | undefined> {
  ports.self();
  await ports.reachStore(`cannot release an address of network ${wish.network}`, signal);
  const network = (await acceptedNetwork(wish.network, ports, signal)).value;
  let tried: FoundReservation | undefined;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const found = await find(wish, network, ports, signal);
    // An earlier try whose reply was lost has done it.
    if (found === undefined) return tried;
    const { conditions, ops } = releaseTxn(found);
    if (await commit(conditions, ops, { store: ports.store, signal })) {
      for (const ip of found.addresses) ports.pools.release(network.id, ip);
      return found;
    }
    tried = found;
  }
  throw new WeftError(
    'ENDPOINT_CONFLICT',
    `what was to be released in network ${wish.network} kept changing; try again`,
  );
}

/** The reservation, when there is one and it may be released: its owner may, and everybody when it is over. */
async function find(
  { which, owner, network: name }: ReleaseWish,
  network: Network,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<FoundReservation | undefined> {
  const { store, view, clock } = ports;
  const isNamed = 'name' in which;
  const key = isNamed ? keys.nameClaim(network.id, which.name) : keys.addressClaim(network.id, which.address);
  const entry = await store.get(key, { signal });
  if (entry === undefined) return undefined;
  const claim = claimIn(entry);
  const reserved = reservationNamed(claim);
  const code = isNamed ? 'NAME_TAKEN' : 'ADDRESS_TAKEN';
  const subject = `${isNamed ? `name ${which.name}` : `address ${which.address}`} of network ${name}`;
  const refuse = (why: string): WeftError =>
    new WeftError(code, `${subject} cannot be released: ${why}`, {
      details: { network: name, holder: claim.holder, kind: claim.kind, owner: claim.owner },
    });
  if (reserved === undefined) {
    const hint = claim.kind === 'endpoint' ? '; `weft detach` gives it up' : '';
    throw refuse(`it is held by ${holderOf(claim, network.id, view)}${hint}`);
  }
  const demandRight = (its: Pick<Reservation, 'owner' | 'expiresAt'>): void => {
    if (its.owner === owner || isOver(its, clock.wall())) return;
    const whose = its.owner === '' ? 'without an owner' : `of ${its.owner}`;
    throw refuse(`reservation ${reserved} is ${whose}, and ${owner === '' ? 'no owner' : owner} was given`);
  };
  demandRight(claim);
  const found = await findReservation(network.id, reserved, { store, signal });
  if (found?.claims.has(key) === true) {
    // It may have been renewed since.
    demandRight(found);
    return found;
  }
  // Half of one: `weft ip check` tells, and it goes all the same.
  const half = { network: network.id, name: reserved, addresses: isNamed ? [] : [which.address] };
  return { ...half, owner, expiresAt: claim.expiresAt, claims: new Map([[key, entry.revision]]) };
}
