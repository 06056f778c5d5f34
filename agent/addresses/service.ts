import type {
  AddressesJson,
  CheckedJson,
  HeldAddressJson,
  ReleasedJson,
  ReservationJson,
  ReservedJson,
} from '../../api/schemas/address.ts';
import type { FindAddress, ReleaseRequest, ReserveRequest } from '../../api/service.ts';
import type { Reservation } from '../../ipam/reservation.ts';
import { invariant } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { Network } from '../../model/network.ts';
import type { Agent } from '../agent.ts';
import { acceptedNetwork } from '../operations/lookup.ts';
import { checkAddresses, fixAddresses } from './check.ts';
import { listAddresses, whoHas } from './list.ts';
import { release } from './release.ts';
import { reserve } from './reserve.ts';

/** How long the claims of a store may be read, in milliseconds; and be mended. */
const patience = 10_000;
const longPatience = 60_000;

/** What the local API says of addresses, on an agent. */
export class AddressService {
  readonly #agent: Agent;

  constructor(agent: Agent) {
    this.#agent = agent;
  }

  async listAddresses({ network }: { readonly network?: Name | undefined }): Promise<AddressesJson> {
    const signal = this.#agent.deadline(patience);
    const { operations } = this.#agent;
    return listAddresses(await this.#networks(network, signal), operations, signal);
  }

  async findAddress({ address, network }: FindAddress): Promise<readonly HeldAddressJson[]> {
    const signal = this.#agent.deadline(patience);
    return whoHas(address, await this.#networks(network, signal), this.#agent.operations, signal);
  }

  async checkAddresses({ fix }: { readonly fix: boolean }): Promise<CheckedJson> {
    const { operations, trust } = this.#agent;
    this.#agent.self();
    const signal = this.#agent.deadline(longPatience);
    await operations.reachStore('claims cannot be checked', signal);
    const { store } = operations;
    if (!fix) return checkAddresses({ store, signal });
    return fixAddresses({ store, signal, guards: trust.guards() });
  }

  async reserveAddress({ timeout, ...wish }: ReserveRequest): Promise<ReservedJson> {
    const { operations } = this.#agent;
    const { outcome, reservation } = await reserve(wish, operations, this.#agent.deadline(timeout));
    return { outcome, reservation: shown(reservation, wish.network) };
  }

  async releaseAddress({ timeout, network, owner, name, address }: ReleaseRequest): Promise<ReleasedJson> {
    const which = name === undefined ? address && { address } : { name };
    invariant(which, 'a release says which reservation');
    const wish = { network, owner, which };
    const found = await release(wish, this.#agent.operations, this.#agent.deadline(timeout));
    return { released: found !== undefined, addresses: found?.addresses ?? [] };
  }

  /** Of one name, or all that are accepted, by name. @throws NOT_READY before the store was read once. */
  async #networks(name: Name | undefined, signal: AbortSignal): Promise<readonly Network[]> {
    const { view, operations } = this.#agent;
    if (!view.ready) throw this.#agent.notReady('it has not read the store yet');
    await operations.reachStore('addresses cannot be listed', signal);
    if (name !== undefined) return [(await acceptedNetwork(name, operations, signal)).value];
    return view.networks().toSorted((a, b) => (a.name < b.name ? -1 : 1));
  }
}

function shown({ name, addresses, owner, expiresAt }: Reservation, network: Name): ReservationJson {
  const until = expiresAt === 0 ? {} : { expiresAt: new Date(expiresAt).toISOString() };
  return { network, name, addresses, owner, ...until };
}
