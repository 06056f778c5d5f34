import { endpointClaims, networkClaims } from '../../../ipam/claims.ts';
import { reservationClaims, reservationIn } from '../../../ipam/reservation.ts';
import { keys, parseKey } from '../../../kvstore/keys.ts';
import { decodeClaim } from '../../../kvstore/records/claim.ts';
import { decodeText } from '../../../kvstore/store.ts';
import { overlaps } from '../../../model/prefix.ts';
import type { Content } from './expected.ts';

/**
 * What is wrong with a store at any moment, whatever is under way. Empty: nothing. `isHarmed`: another state was put in its place, so
 * that networks may overlap that did not know of each other.
 */
export function brokenTruths(content: Content, isHarmed: boolean): readonly string[] {
  const overlaps = isHarmed ? [] : overlapping(content);
  return [...claimsOfEndpoints(content), ...holdersOfClaims(content), ...vnis(content), ...overlaps];
}

/** Every active endpoint holds its claims: so no address, MAC or name is held twice. */
function claimsOfEndpoints({ endpoints, entries }: Content): readonly string[] {
  const wrong: string[] = [];
  for (const endpoint of endpoints) {
    if (endpoint.state.kind === 'conflict') continue;
    for (const { key } of endpointClaims(endpoint)) {
      const entry = entries.get(key);
      const holder = entry === undefined ? 'nobody' : decodeClaim(key, entry.value).holder;
      if (holder !== endpoint.id)
        wrong.push(`endpoint ${endpoint.id} on ${endpoint.node} is active, but ${key} is held by ${holder}`);
    }
  }
  return wrong;
}

/** Every claim has its holder: an endpoint that is active and has what is claimed, a network, or a reservation. */
function holdersOfClaims({ endpoints, entries, networks }: Content): readonly string[] {
  const held = new Map<string, string>();
  for (const endpoint of endpoints)
    if (endpoint.state.kind === 'active')
      for (const { key } of endpointClaims(endpoint)) held.set(key, endpoint.id);
  for (const network of networks) for (const { key } of networkClaims(network)) held.set(key, network.id);
  for (const [key, { value }] of entries) {
    const parsed = parseKey(key);
    if (parsed.kind !== 'name-claim') continue;
    const reservation = reservationIn(parsed.network, parsed.name, decodeClaim(key, value));
    if (reservation === undefined) continue;
    for (const claim of reservationClaims(reservation)) held.set(claim.key, reservation.name);
  }
  const wrong: string[] = [];
  for (const key of entries.keys())
    if (/^net\/[^/]+\/claim\//.test(key) && !held.has(key)) wrong.push(`${key} is a claim without a holder`);
  return wrong;
}

/** A VNI has one network. */
function vnis({ networks, entries }: Content): readonly string[] {
  const wrong: string[] = [];
  for (const network of networks) {
    const vni = entries.get(keys.vni(network.vni));
    const owner = vni === undefined ? 'nobody' : decodeText(vni.value);
    if (owner !== network.id)
      wrong.push(`network ${network.name} has VNI ${network.vni}, which ${owner} owns`);
  }
  for (const key of entries.keys()) {
    const parsed = parseKey(key);
    if (parsed.kind === 'vni' && !networks.some((n) => n.vni === parsed.vni))
      wrong.push(`${key} is owned by no network`);
  }
  return wrong;
}

/** No two networks share an address. */
function overlapping({ networks }: Content): readonly string[] {
  const wrong: string[] = [];
  for (const [index, one] of networks.entries())
    for (const other of networks.slice(index + 1))
      for (const a of one.subnets)
        for (const b of other.subnets)
          if (overlaps(a.prefix, b.prefix))
            wrong.push(`networks ${one.name} and ${other.name} overlap: ${a.prefix} and ${b.prefix}`);
  return wrong;
}
