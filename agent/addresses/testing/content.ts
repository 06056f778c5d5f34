import { endpointClaims, networkClaims } from '../../../ipam/claims.ts';
import { reservationClaims, type Reservation } from '../../../ipam/reservation.ts';
import { keys } from '../../../kvstore/keys.ts';
import { encodeClaim } from '../../../kvstore/records/claim.ts';
import { encodeEndpoint } from '../../../kvstore/records/endpoint.ts';
import { encodeNetworkState } from '../../../kvstore/records/network-json.ts';
import { encodeText } from '../../../kvstore/store.ts';
import type { Endpoint } from '../../../model/endpoint.ts';
import type { Ip } from '../../../model/ip.ts';
import type { Name } from '../../../model/name.ts';
import type { Network, NetworkId } from '../../../model/network.ts';
import type { Vni } from '../../../model/vni.ts';
import { endpoint, network, other4, other6 } from '../../../vxlan/testing/builders.ts';

/** Two networks whose addresses do not overlap, one with an auxiliary address. */
export const blue = network({ wishHash: 'a'.repeat(64) });
export const red = network({
  id: '4ed0000000000002' as NetworkId,
  name: 'red' as Name,
  vni: (blue.vni + 1) as Vni,
  subnets: [{ ...other4, auxiliary: new Map([['router' as Name, '10.8.0.2' as Ip]]) }, other6],
  wishHash: 'a'.repeat(64),
});

/** The `n`th endpoint of one of them; every third one has a name. */
export function endpointIn(of: Network, n: number): Endpoint {
  const one = endpoint(n, n % 3 === 0 ? { name: `e${n}` as Name } : {});
  const addresses = [
    `10.${of === blue ? 7 : 8}.0.${n}`,
    `fd00:${of === blue ? 7 : 8}::${n.toString(16)}`,
  ] as Ip[];
  return { ...one, network: of.id, addresses, sandbox: { ...one.sandbox, bootId: '0' } };
}

export function reservationIn(of: Network, n: number): Reservation {
  const { addresses } = endpointIn(of, n);
  return { network: of.id, name: `r${n}` as Name, addresses, owner: 'alice', expiresAt: 0 };
}

/** What the store holds of them when nothing is wrong. */
export interface Content {
  readonly networks: readonly Network[];
  readonly endpoints: readonly Endpoint[];
  readonly reservations: readonly Reservation[];
}

/** Every key below the networks, as it should be. */
export function belowNetworks({ networks, endpoints, reservations }: Content): Map<string, Uint8Array> {
  const ids = new Set(networks.map(({ id }) => id));
  const here = endpoints.filter((each) => ids.has(each.network));
  const claims = [
    ...networks.flatMap(networkClaims),
    ...here.flatMap(endpointClaims),
    ...reservations.filter((each) => ids.has(each.network)).flatMap(reservationClaims),
  ];
  return new Map([
    ...here.map((each) => [keys.endpoint(each.network, each.id), encodeEndpoint(each)] as const),
    ...claims.map(({ key, value }) => [key, value] as const),
  ]);
}

/** The keys of their VNIs. */
export const vnisOf = (networks: readonly Network[]): Map<string, Uint8Array> =>
  new Map(networks.map(({ vni, id }) => [keys.vni(vni), encodeText(id)]));

/** The same with the networks themselves. */
export function wholeStore(content: Content): Map<string, Uint8Array> {
  return new Map([
    ...belowNetworks(content),
    ...vnisOf(content.networks),
    ...content.networks.map((each) => [keys.networkState(each.name), encodeNetworkState(each)] as const),
    [keys.networkAccept, encodeText('7')],
    ['somebody/else', encodeText('keeps this')],
  ]);
}

/** A claim by an endpoint that is not there. */
export const ghostClaim = (): Uint8Array =>
  encodeClaim({ kind: 'endpoint', holder: 'dead'.repeat(8), owner: 'aaaa000000000009', expiresAt: 0 });
