import { AddressSet } from '../../ipam/address-set.ts';
import { keys } from '../../kvstore/keys.ts';
import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import { familyOf, ipToBigint, type Family, type Ip } from '../../model/ip.ts';
import type { NetworkId } from '../../model/network.ts';
import type { View } from '../view/view.ts';

type Endpoints = NonNullable<ReturnType<View['endpoints']>>;

/**
 * Addresses of one network that are not to be chosen: those of all endpoints that the view shows, kept up to date with every change,
 * and whatever else is added. An address is in it once for each reason.
 */
export class KnownAddresses {
  readonly #view: Pick<View, 'endpoints'>;
  readonly #network: NetworkId;
  readonly #sets: Readonly<Record<Family, AddressSet>> = { 4: new AddressSet(), 6: new AddressSet() };
  readonly #held = new Map<EndpointId, readonly Ip[]>();
  #seen: Endpoints | undefined;

  constructor(view: Pick<View, 'endpoints'>, network: NetworkId) {
    this.#view = view;
    this.#network = network;
  }

  of(family: Family): AddressSet {
    return this.#sets[family];
  }

  count(ip: Ip): number {
    return this.of(familyOf(ip)).count(ipToBigint(ip));
  }

  add(ip: Ip): void {
    this.of(familyOf(ip)).add(ipToBigint(ip));
  }

  delete(ip: Ip): void {
    this.of(familyOf(ip)).delete(ipToBigint(ip));
  }

  /** To be called before a choice: reads everything when the view has begun anew with this network. */
  refresh(): void {
    const endpoints = this.#view.endpoints(this.#network);
    if (endpoints === this.#seen) return;
    this.#seen = endpoints;
    for (const id of [...this.#held.keys()]) this.#take(id, undefined);
    for (const { value } of endpoints?.records.values() ?? []) this.#take(value.id, value);
  }

  /** These endpoints have changed. Returns the addresses that they had and have no more. */
  changed(ids: Iterable<EndpointId>): readonly Ip[] {
    const endpoints = this.#view.endpoints(this.#network);
    // It will be read as a whole, or is not followed any more.
    if (endpoints === undefined || endpoints !== this.#seen) return [];
    const gone: Ip[] = [];
    for (const id of ids) {
      const before = this.#held.get(id) ?? [];
      const now = endpoints.get(keys.endpoint(this.#network, id))?.value;
      this.#take(id, now);
      gone.push(...before.filter((ip) => now?.addresses.includes(ip) !== true));
    }
    return gone;
  }

  #take(id: EndpointId, endpoint: Endpoint | undefined): void {
    for (const ip of this.#held.get(id) ?? []) this.delete(ip);
    if (endpoint === undefined) this.#held.delete(id);
    else this.#held.set(id, endpoint.addresses);
    for (const ip of endpoint?.addresses ?? []) this.add(ip);
  }
}
