import type { Condition } from '../kvstore/store.ts';
import type { Claim } from '../model/endpoint.ts';
import { decodeClaim } from '../kvstore/records/claim.ts';
import { endpointClaims, networkClaims } from './claims.ts';
import { each, type InParts } from './in-parts.ts';
import type { Inventory } from './inventory.ts';
import type { FoundNetwork } from './networks-in.ts';
import { reservationClaims, reservationIn } from './reservation.ts';

/** Somebody has what a claim is about, and so should hold it. */
export interface Right extends Pick<Claim, 'kind' | 'holder'> {
  /** For people: `endpoint web`, `the gateway`. */
  readonly who: string;
  /** How it is given up. */
  readonly giveUp: string;
  /** The claim as it should be. */
  readonly value: Uint8Array;
  /** It still has it. */
  readonly proof: readonly Condition[];
}

/**
 * Who should hold which claims of a network, by key: endpoints that are active, the network itself, and reservations. One in conflict has a right
 * to nothing.
 */
export function* rightsIn(
  { network, proof }: FoundNetwork,
  { endpoints, claims }: Inventory,
): InParts<ReadonlyMap<string, readonly Right[]>> {
  const byKey = new Map<string, Right[]>();
  const add = (
    claimed: readonly { readonly key: string; readonly value: Uint8Array }[],
    holder: Omit<Right, 'value'>,
  ): void => {
    for (const { key, value } of claimed) {
      const right = { ...holder, value };
      const known = byKey.get(key);
      if (known === undefined) byKey.set(key, [right]);
      else known.push(right);
    }
  };
  for (const claimed of networkClaims(network)) {
    const { kind, holder } = decodeClaim(claimed.key, claimed.value);
    add([claimed], { kind, holder, who: 'the network itself', giveUp: 'it stays its own', proof: [proof] });
  }
  yield* each(endpoints.values(), ({ entry, endpoint }) => {
    if (endpoint?.state.kind !== 'active') return;
    add(endpointClaims(endpoint), {
      kind: 'endpoint',
      holder: endpoint.id,
      who: `endpoint ${endpoint.name ?? endpoint.id} (${endpoint.sandbox.key} on node ${endpoint.node})`,
      giveUp: 'detach it there',
      proof: [{ kind: 'unchanged', key: entry.key, revision: entry.revision }, proof],
    });
  });
  yield* each(claims.values(), ({ entry, key, claim }) => {
    if (key.kind !== 'name-claim') return;
    const reservation = reservationIn(key.network, key.name, claim);
    if (reservation === undefined) return;
    add(reservationClaims(reservation), {
      kind: 'reservation',
      holder: reservation.name,
      who: `reservation ${reservation.name}`,
      giveUp: `\`weft ip release --network ${network.name} ${reservation.name}\``,
      proof: [{ kind: 'unchanged', key: entry.key, revision: entry.revision }, proof],
    });
  });
  return byKey;
}
