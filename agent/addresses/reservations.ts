import { claimIn, type ClaimConflict } from '../../ipam/claims.ts';
import { read } from '../../ipam/inventory.ts';
import {
  foundIn,
  hasExpired,
  releaseTxn,
  reservationIn,
  reservationNamed,
  type FoundReservation,
} from '../../ipam/reservation.ts';
import { keys, parseKey } from '../../kvstore/keys.ts';
import { decodeClaim } from '../../kvstore/records/claim.ts';
import type { Entry, Store } from '../../kvstore/store.ts';
import type { Clock } from '../../model/clock.ts';
import type { Name } from '../../model/name.ts';
import type { NetworkId } from '../../model/network.ts';
import { commit } from '../commit.ts';

export interface ReservationPorts {
  readonly store: Store;
  readonly clock: Pick<Clock, 'wall'>;
  readonly signal: AbortSignal;
}

/** The reservation of this name, as the store has it now. */
export async function findReservation(
  network: NetworkId,
  name: Name,
  { store, signal }: Pick<ReservationPorts, 'store' | 'signal'>,
): Promise<FoundReservation | undefined> {
  const entry = await store.get(keys.nameClaim(network, name), { signal });
  const reservation = entry && reservationIn(network, name, read(entry, decodeClaim));
  if (entry === undefined || reservation === undefined) return undefined;
  const wanted = reservation.addresses.map((ip) => keys.addressClaim(network, ip));
  const entries = await Promise.all(wanted.map((key) => store.get(key, { signal })));
  const all = [entry, ...entries.filter((e) => e !== undefined)];
  return foundIn(
    reservation,
    all.map((each) => ({ entry: each, claim: claimIn(each) })),
  );
}

/** The reservation that keeps somebody from an address or a name. */
export async function reservationBehind(
  network: NetworkId,
  { claim }: Pick<ClaimConflict, 'claim'>,
  ports: Pick<ReservationPorts, 'store' | 'signal'>,
): Promise<FoundReservation | undefined> {
  const name = reservationNamed(claim);
  return name === undefined ? undefined : findReservation(network, name, ports);
}

/**
 * Deletes what keeps somebody away although its time has passed: reservations whole, each on condition that it is as it was found.
 * `current`: what a refused transaction has shown. True: there was such a one, and another try makes sense.
 */
export async function dropExpired(
  network: NetworkId,
  current: Iterable<Entry | undefined>,
  ports: ReservationPorts,
): Promise<boolean> {
  let isDropped = false;
  for (const entry of current) {
    const claim = entry && isClaim(entry.key) ? read(entry, decodeClaim) : undefined;
    if (entry === undefined || claim === undefined || !hasExpired(claim, ports.clock.wall())) continue;
    const found = await reservationBehind(network, { claim }, ports);
    isDropped = true;
    if (found?.claims.get(entry.key) === entry.revision) {
      const { conditions, ops } = releaseTxn(found);
      await commit(conditions, ops, ports);
    } else if (found?.claims.has(entry.key) !== true) {
      const { key, revision } = entry;
      await commit([{ kind: 'unchanged', key, revision }], [{ kind: 'delete', key }], ports);
    }
  }
  return isDropped;
}

const isClaim = (key: string): boolean => parseKey(key).kind.endsWith('-claim');
