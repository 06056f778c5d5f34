import { keys, parseKey, type ParsedKey } from '../kvstore/keys.ts';
import { decodeClaim } from '../kvstore/records/claim.ts';
import { decodeEndpoint } from '../kvstore/records/endpoint.ts';
import type { Entry } from '../kvstore/store.ts';
import type { Claim, Endpoint, EndpointId } from '../model/endpoint.ts';
import { hasCode } from '../model/errors.ts';
import type { Ip } from '../model/ip.ts';
import { ipToBigint } from '../model/ip.ts';
import { atOnce, each, type InParts } from './in-parts.ts';

/** The key of a claim, taken apart. */
export type ClaimKey = Extract<ParsedKey, { kind: 'address-claim' | 'mac-claim' | 'name-claim' }>;

/** A claim as it was found; `claim` is undefined when the record cannot be read. */
export interface FoundClaim {
  readonly entry: Entry;
  readonly key: ClaimKey;
  readonly claim: Claim | undefined;
}

/** The same of an endpoint. */
export interface FoundEndpoint {
  readonly entry: Entry;
  readonly endpoint: Endpoint | undefined;
}

/** What the store holds below one network id, as of one revision. */
export interface Inventory {
  /** By key. */
  readonly endpoints: ReadonlyMap<string, FoundEndpoint>;
  /** By key. */
  readonly claims: ReadonlyMap<string, FoundClaim>;
}

/** An address that somebody has, and the endpoint that has it if it is one; `claim` is undefined when nobody can tell who. */
export interface HeldAddress {
  readonly address: Ip;
  readonly claim: Claim | undefined;
  readonly endpoint?: Endpoint;
}

/** Sorts what was listed below one network id; keys of a later version are left out. */
export const takeInventory = (entries: Iterable<Entry>): Inventory => atOnce(takingInventory(entries));

/** The same in parts. */
export function* takingInventory(entries: Iterable<Entry>): InParts<Inventory> {
  const endpoints = new Map<string, FoundEndpoint>();
  const claims = new Map<string, FoundClaim>();
  yield* each(entries, (entry) => {
    const key = parseKey(entry.key);
    if (key.kind === 'endpoint') endpoints.set(entry.key, { entry, endpoint: read(entry, decodeEndpoint) });
    if (key.kind === 'address-claim' || key.kind === 'mac-claim' || key.kind === 'name-claim')
      claims.set(entry.key, { entry, key, claim: read(entry, decodeClaim) });
  });
  return { endpoints, claims };
}

/** Every address that is claimed, IPv4 first, in the order of addresses. */
export function heldAddresses({ endpoints, claims }: Inventory): readonly HeldAddress[] {
  const held: (HeldAddress & { readonly rank: bigint })[] = [];
  for (const { key, claim } of claims.values()) {
    if (key.kind !== 'address-claim') continue;
    const { address, network } = key;
    const holder =
      claim?.kind === 'endpoint' ? keys.endpoint(network, claim.holder as EndpointId) : undefined;
    const endpoint = holder === undefined ? undefined : endpoints.get(holder)?.endpoint;
    held.push({ address, claim, ...(endpoint === undefined ? {} : { endpoint }), rank: rankOf(address) });
  }
  return held.toSorted((a, b) => (a.rank < b.rank ? -1 : 1)).map(({ rank: _rank, ...rest }) => rest);
}

const rankOf = (ip: Ip): bigint => (ip.includes(':') ? 1n << 128n : 0n) + ipToBigint(ip);

/** Undefined: the record cannot be read. */
export function read<T>({ key, value }: Entry, decode: (key: string, value: Uint8Array) => T): T | undefined {
  try {
    return decode(key, value);
  } catch (error) {
    if (hasCode(error, 'RECORD_INVALID')) return undefined;
    throw error;
  }
}
