import type { ClaimConflict } from '../../ipam/claims.ts';
import { checkFixed } from '../../ipam/fixed.ts';
import {
  extendTxn,
  reserveConflicts,
  reserveTxn,
  type FoundReservation,
  type Reservation,
} from '../../ipam/reservation.ts';
import { keys } from '../../kvstore/keys.ts';
import type { TxnResult } from '../../kvstore/store.ts';
import { WeftError, hasCode } from '../../model/errors.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import { commit } from '../commit.ts';
import { addressWishes } from '../operations/choose.ts';
import { describeClaim, holderOf } from '../operations/holder.ts';
import { activeNetwork, stateAfter } from '../operations/lookup.ts';
import type { Choice } from '../operations/choice.ts';
import type { OperationPorts } from '../operations/ports.ts';
import { dropExpired, findReservation } from './reservations.ts';

/** What a caller asks for; what is absent is chosen. */
export interface ReserveWish {
  readonly network: Name;
  readonly name?: Name | undefined;
  /** At most one in each subnet; none: one of each family. */
  readonly addresses: readonly Ip[];
  readonly owner: string;
  /** Milliseconds from now after which it counts as free; absent: never. */
  readonly expires?: number | undefined;
}

export interface Reserved {
  /** `unchanged`: it was there already; `extended`: it was there with another expiry. */
  readonly outcome: 'reserved' | 'extended' | 'unchanged';
  readonly reservation: Reservation;
}

/** How often a lost race for an address, or news about the network, leads to another try. */
const attempts = 64;

/**
 * Keeps addresses for somebody under a name. Repeatable: the same name, owner and addresses are the same reservation, whose expiry
 * is then the one that is asked for now.
 *
 * @throws ADDRESS_TAKEN, NAME_TAKEN with the holder; ADDRESS_OUTSIDE, POOL_EXHAUSTED, NETWORK_NOT_FOUND, NETWORK_REMOVING.
 */
export async function reserve(
  wish: ReserveWish,
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Reserved> {
  const { node } = ports.self();
  await ports.reachStore(`cannot reserve an address in network ${wish.network}`, signal);
  const name = wish.name ?? nameFor(wish.addresses[0]) ?? (`r-${ports.random(4)}` as Name);
  const expiresAt = wish.expires === undefined ? 0 : ports.clock.wall() + wish.expires;
  let state = await activeNetwork(wish.network, ports, signal);
  const { id } = state.value;
  using choice = ports.pools.begin(id, '');
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const network = state.value;
    if (network.id !== id) break;
    const addresses = chosen(wish.addresses, network, node, choice);
    const reservation = { network: id, name, addresses, owner: wish.owner, expiresAt };
    const key = keys.networkState(wish.network);
    const { conditions, ops } = reserveTxn(reservation, { key, revision: state.revision });
    const outcome = await tried(ports.store.txn(conditions, ops, { signal }));
    // The reply was lost: if it was applied, the next one is refused and shows the reservation.
    if (outcome === undefined) continue;
    if (outcome.ok) return { outcome: 'reserved', reservation };
    state = stateAfter(outcome.current, wish.network) ?? state;
    if (await dropExpired(id, outcome.current.values(), { ...ports, signal })) continue;
    const conflicts = reserveConflicts(reservation, outcome.current);
    if (conflicts.some(({ what }) => what === 'name')) {
      const same = await repeated(reservation, wish, conflicts, ports, signal);
      if (same !== undefined) return same;
      continue;
    }
    learn(conflicts, wish, network, choice, ports);
  }
  throw new WeftError(
    'ENDPOINT_CONFLICT',
    `network ${wish.network} kept changing while an address was reserved in it; try again`,
    { details: { network: wish.network } },
  );
}

/** The same for the same address, so that a repeated call means the same reservation. */
const nameFor = (ip: Ip | undefined): Name | undefined =>
  ip === undefined ? undefined : (`ip-${ip.replaceAll(':', '-')}` as Name);

function chosen(
  wished: readonly Ip[],
  network: Network,
  node: Parameters<Choice['choose']>[2],
  choice: Choice,
): readonly Ip[] {
  const wishes = addressWishes(network, wished);
  const meant = wished.length === 0 ? wishes : wishes.filter(({ fixed }) => fixed !== undefined);
  for (const each of meant) if (each.fixed !== undefined) checkFixed(network, each.subnet, each.fixed);
  return choice.choose(network, meant, node);
}

/** The reservation that is there under the name, when it is what was asked for. Undefined: it has changed meanwhile. */
async function repeated(
  { network, name, expiresAt }: Reservation,
  wish: ReserveWish,
  conflicts: readonly ClaimConflict[],
  ports: OperationPorts,
  signal: AbortSignal,
): Promise<Reserved | undefined> {
  const holder = conflicts.find(({ what }) => what === 'name');
  const found = await findReservation(network, name, { ...ports, signal });
  if (found === undefined || !isSame(found, wish)) {
    if (holder?.claim.kind === 'reservation' && found === undefined) return undefined;
    const has = found === undefined ? '' : `, with ${found.addresses.join(', ')}`;
    const who = holder === undefined ? 'somebody else' : holderOf(holder.claim, network, ports.view);
    throw new WeftError('NAME_TAKEN', `in network ${wish.network} name ${name} is held by ${who}${has}`, {
      details: { network: wish.network, name, holder: holder?.claim.holder, kind: holder?.claim.kind },
    });
  }
  if (found.expiresAt === expiresAt) return { outcome: 'unchanged', reservation: found };
  const { conditions, ops } = extendTxn(found, expiresAt);
  if (!(await commit(conditions, ops, { store: ports.store, signal }))) return undefined;
  return { outcome: 'extended', reservation: { ...found, expiresAt } };
}

const isSame = (found: FoundReservation, { owner, addresses }: ReserveWish): boolean =>
  found.owner === owner && addresses.every((ip) => found.addresses.includes(ip));

/** A wished address that somebody has is an error; a chosen one leads to another choice. */
function learn(
  conflicts: readonly ClaimConflict[],
  wish: ReserveWish,
  { id, name }: Network,
  choice: Choice,
  { view }: OperationPorts,
): void {
  for (const conflict of conflicts) {
    if (conflict.what !== 'address') continue;
    if (!wish.addresses.includes(conflict.address)) {
      choice.refuse(conflict.address);
      continue;
    }
    const who = holderOf(conflict.claim, id, view);
    const text = `in network ${name} ${describeClaim(conflict)} cannot be reserved: it is held by ${who}`;
    const { holder, kind } = conflict.claim;
    throw new WeftError('ADDRESS_TAKEN', text, {
      details: { network: name, address: conflict.address, holder, kind },
    });
  }
}

async function tried(txn: Promise<TxnResult>): Promise<TxnResult | undefined> {
  try {
    return await txn;
  } catch (error) {
    if (hasCode(error, 'STORE_AMBIGUOUS')) return undefined;
    throw error;
  }
}
