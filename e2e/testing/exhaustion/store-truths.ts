import { parseKey } from '../../../kvstore/keys.ts';
import { decodeClaim } from '../../../kvstore/records/claim.ts';
import { decodeEndpoint } from '../../../kvstore/records/endpoint.ts';
import type { Claim, Endpoint } from '../../../model/endpoint.ts';
import type { LabStore } from '../../lab/store.ts';
import { entriesBelow } from '../store-keys.ts';

/** What a store holds below one network, read past the product. */
export interface Held {
  /** By id. */
  readonly endpoints: ReadonlyMap<string, Endpoint>;
  /** By `address 10.7.0.5`, `mac 02:..`, `name web`. */
  readonly claims: ReadonlyMap<string, Claim>;
}

export async function readHeld(store: LabStore, networkId: string): Promise<Held> {
  const endpoints = new Map<string, Endpoint>();
  const claims = new Map<string, Claim>();
  for (const { key, value } of await entriesBelow(store, `net/${networkId}/`)) {
    const parsed = parseKey(key);
    if (parsed.kind === 'endpoint') endpoints.set(parsed.endpoint, decodeEndpoint(key, value));
    if (parsed.kind === 'address-claim') claims.set(`address ${parsed.address}`, decodeClaim(key, value));
    if (parsed.kind === 'mac-claim') claims.set(`mac ${parsed.mac}`, decodeClaim(key, value));
    if (parsed.kind === 'name-claim') claims.set(`name ${parsed.name}`, decodeClaim(key, value));
  }
  return { endpoints, claims };
}

/** What is wrong at whatever moment it was read: two that have one thing, somebody without his claim, a claim without its holder. */
export function brokenTruths({ endpoints, claims }: Held, kept: readonly string[]): readonly string[] {
  const wrong: string[] = [];
  const rightful = new Map<string, string>(kept.map((address) => [`address ${address}`, 'the network']));
  for (const { id, addresses, mac, name } of endpoints.values()) {
    const has = [...addresses.map((ip) => `address ${ip}`), `mac ${mac}`];
    if (name !== undefined) has.push(`name ${name}`);
    for (const what of has) {
      const other = rightful.get(what);
      if (other !== undefined) wrong.push(`${what} is had by ${other} and by ${id}`);
      rightful.set(what, id);
      const claim = claims.get(what);
      if (claim?.kind !== 'endpoint' || claim.holder !== id)
        wrong.push(`${what} is had by ${id} and claimed by ${claim?.holder ?? 'nobody'}`);
    }
  }
  for (const [what, { kind, holder }] of claims) {
    if (kind === 'reservation') {
      if (claims.get(`name ${holder}`)?.kind !== 'reservation')
        wrong.push(`${what} is kept for ${holder}, which is no reservation`);
    } else if (!rightful.has(what))
      wrong.push(`${what} is claimed by ${kind} ${holder}, which does not have it`);
  }
  return wrong;
}
