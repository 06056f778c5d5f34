import type { ClaimConflict } from '../../ipam/claims.ts';
import { isOver, type FoundReservation } from '../../ipam/reservation.ts';
import { WeftError } from '../../model/errors.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { findReservation, reservationBehind } from '../addresses/reservations.ts';
import type { OperationPorts } from './ports.ts';

/** What an attach says of reservations that it may take. */
export interface ReservationWish {
  readonly network: Name;
  readonly addresses: readonly Ip[];
  readonly name?: Name | undefined;
  /** Take this one, with its addresses and, unless there is another wish, its name. */
  readonly reservation?: Name | undefined;
  /** Whose reservations it may take; absent: those of nobody in particular. */
  readonly owner?: string | undefined;
}

/** The reservation that an attach names. @throws RESERVATION_NOT_FOUND (also when it is over), NAME_TAKEN (it is another owner's). */
export async function namedReservation(
  wish: ReservationWish,
  { id }: Network,
  { store, clock }: OperationPorts,
  signal: AbortSignal,
): Promise<readonly FoundReservation[]> {
  if (wish.reservation === undefined) return [];
  const found = await findReservation(id, wish.reservation, { store, signal });
  const subject = `reservation ${wish.reservation}`;
  const details = { network: wish.network, reservation: wish.reservation };
  if (found === undefined) {
    const text = `network ${wish.network} has no ${subject}`;
    throw new WeftError('RESERVATION_NOT_FOUND', text, { details });
  }
  const { owner, addresses } = found;
  if (isOver(found, clock.wall())) {
    const expiresAt = new Date(found.expiresAt).toISOString();
    const flags = addresses.map((ip) => `--ip ${ip}`).join(' ');
    const text =
      `${subject} of network ${wish.network} (${addresses.join(', ')}) cannot be taken: it has expired at ${expiresAt}; ` +
      `attach with ${flags}, which ${addresses.length === 1 ? 'is' : 'are'} free unless somebody has ` +
      `${addresses.length === 1 ? 'it' : 'them'} by now, or \`weft ip reserve\` it again`;
    throw new WeftError('RESERVATION_NOT_FOUND', text, { details: { ...details, addresses, expiresAt } });
  }
  if (owner === (wish.owner ?? '')) return [found];
  const whose = owner === '' ? 'has no owner' : `is of ${owner}`;
  const given = wish.owner ?? 'no owner';
  const text = `${subject} of network ${wish.network} cannot be taken: it ${whose}, and ${given} was given`;
  throw new WeftError('NAME_TAKEN', text, { details: { ...details, owner } });
}

/** Reservations of the caller's own on addresses that he asked for: he may have them. */
export async function ownReservations(
  conflicts: readonly ClaimConflict[],
  wish: ReservationWish,
  { id }: Network,
  { store }: OperationPorts,
  signal: AbortSignal,
): Promise<readonly FoundReservation[]> {
  const own = conflicts.filter(
    (c) =>
      c.what === 'address' &&
      c.claim.kind === 'reservation' &&
      c.claim.owner === (wish.owner ?? '') &&
      wish.addresses.includes(c.address),
  );
  const byHolder = new Map(own.map((c) => [c.claim.holder, c]));
  const found = await Promise.all(
    [...byHolder.values()].map((c) => reservationBehind(id, c, { store, signal })),
  );
  return found.filter((each) => each !== undefined);
}

/** The wish with what the reservations bring along. */
export function wishWith<W extends ReservationWish>(wish: W, taken: readonly FoundReservation[]): W {
  if (taken.length === 0 && wish.reservation === undefined) return wish;
  const name = wish.name ?? wish.reservation;
  const addresses = [...new Set([...wish.addresses, ...taken.flatMap((each) => each.addresses)])];
  return { ...wish, ...(name === undefined ? {} : { name }), addresses };
}

/** Conflicts with somebody else; what is taken with a reservation stands in nobody's way as long as it is as it was found. */
export function withoutTaken(
  conflicts: readonly ClaimConflict[],
  taken: readonly FoundReservation[],
): readonly ClaimConflict[] {
  const names = new Set<string>(taken.map(({ name }) => name));
  return conflicts.filter(({ claim }) => claim.kind !== 'reservation' || !names.has(claim.holder));
}
