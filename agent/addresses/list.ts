import type { AddressesJson, HeldAddressJson, PoolJson } from '../../api/schemas/address.ts';
import { unreadable } from '../../ipam/check-claim.ts';
import { heldAddresses, takeInventory, type HeldAddress } from '../../ipam/inventory.ts';
import { poolUse } from '../../ipam/pool.ts';
import { hasExpired } from '../../ipam/reservation.ts';
import { keys, prefixes } from '../../kvstore/keys.ts';
import { WeftError } from '../../model/errors.ts';
import type { Ip } from '../../model/ip.ts';
import type { Network, Subnet } from '../../model/network.ts';
import type { OperationPorts } from '../operations/ports.ts';

type ListPorts = Pick<OperationPorts, 'store' | 'view' | 'clock'>;

/** Every address that is claimed in these networks, and how full their pools are: as the store has it now. */
export async function listAddresses(
  networks: readonly Network[],
  ports: ListPorts,
  signal: AbortSignal,
): Promise<AddressesJson> {
  const pools: PoolJson[] = [];
  const addresses: HeldAddressJson[] = [];
  for (const network of networks) {
    const { entries } = await ports.store.list(prefixes.net(network.id), { signal });
    const held = heldAddresses(takeInventory(entries));
    // What has expired counts as free, and what cannot be read does not.
    const isUsed = ({ claim }: HeldAddress): boolean =>
      claim === undefined || !hasExpired(claim, ports.clock.wall());
    const used = held.filter(isUsed).map((h) => h.address);
    pools.push(...network.subnets.map((subnet) => poolJson(network, subnet, used)));
    for (const each of held) addresses.push(heldJson(each, network, ports));
  }
  return { pools, addresses };
}

/**
 * Who holds the address, in every network: as the store has it now.
 *
 * @throws ADDRESS_NOT_FOUND
 */
export async function whoHas(
  address: Ip,
  networks: readonly Network[],
  ports: ListPorts,
  signal: AbortSignal,
): Promise<readonly HeldAddressJson[]> {
  const found = await Promise.all(networks.map((network) => holderIn(address, network, ports, signal)));
  const held = found.flat();
  if (held.length > 0) return held;
  const where =
    networks.length === 1 ? `network ${networks[0]?.name ?? ''}` : `any of ${networks.length} networks`;
  throw new WeftError('ADDRESS_NOT_FOUND', `nobody holds address ${address} in ${where}`, {
    details: { address },
  });
}

async function holderIn(
  address: Ip,
  network: Network,
  ports: ListPorts,
  signal: AbortSignal,
): Promise<readonly HeldAddressJson[]> {
  const { store } = ports;
  const entry = await store.get(keys.addressClaim(network.id, address), { signal });
  if (entry === undefined) return [];
  const [alone] = heldAddresses(takeInventory([entry]));
  const holder = alone?.claim?.kind === 'endpoint' ? alone.claim.holder : undefined;
  const at = `${prefixes.endpoints(network.id)}${holder ?? ''}`;
  const endpoint = holder === undefined ? undefined : await store.get(at, { signal });
  const both = takeInventory(endpoint === undefined ? [entry] : [entry, endpoint]);
  return heldAddresses(both).map((held) => heldJson(held, network, ports));
}

function poolJson({ name }: Network, subnet: Subnet, held: readonly Ip[]): PoolJson {
  const { total, used } = poolUse(subnet, held);
  const { prefix, range } = subnet;
  return {
    network: name,
    subnet: prefix,
    ...(range === undefined ? {} : { range }),
    total: String(total),
    used: String(used),
    percent: percentOf({ total, used }),
  };
}

/** To two digits behind the point; of nothing everything is used. */
function percentOf({ total, used }: { readonly total: bigint; readonly used: bigint }): number {
  return total === 0n ? 100 : Number((used * 10_000n) / total) / 100;
}

function heldJson(
  { address, claim, endpoint }: HeldAddress,
  network: Network,
  { view, clock }: ListPorts,
): HeldAddressJson {
  const where = { address, network: network.name, networkId: network.id };
  if (claim === undefined) {
    const problem = unreadable(keys.addressClaim(network.id, address)).what;
    return { ...where, kind: 'unreadable', holder: '', owner: '', problem };
  }
  const { kind, holder, owner, expiresAt } = claim;
  const node = endpoint === undefined ? undefined : (view.node(endpoint.node)?.name ?? endpoint.node);
  return {
    ...where,
    kind,
    holder,
    ...(endpoint?.name === undefined ? {} : { name: endpoint.name }),
    ...(endpoint === undefined ? {} : { sandbox: endpoint.sandbox.path }),
    ...(node === undefined ? {} : { node }),
    owner,
    ...(expiresAt === 0 ? {} : { expiresAt: new Date(expiresAt).toISOString() }),
    ...(hasExpired(claim, clock.wall()) ? { expired: true } : {}),
  };
}
