import { attachTxn, type Txn } from '../../../ipam/claims.ts';
import { macForAddresses } from '../../../ipam/mac.ts';
import { keys, prefixes } from '../../../kvstore/keys.ts';
import { encodeEndpoint } from '../../../kvstore/records/endpoint.ts';
import { encodeNetworkState } from '../../../kvstore/records/network-json.ts';
import type { Revision } from '../../../kvstore/store.ts';
import type { Item } from '../../../kvstore/transfer/stages.ts';
import type { Endpoint, EndpointId } from '../../../model/endpoint.ts';
import { ipFromBigint, type Ip } from '../../../model/ip.ts';
import type { Name } from '../../../model/name.ts';
import type { Network, NetworkId } from '../../../model/network.ts';
import type { NodeId } from '../../../model/node.ts';
import type { Prefix } from '../../../model/prefix.ts';
import type { Vni } from '../../../model/vni.ts';

/** On so many nodes the endpoints are. */
const nodes = 100;
const hex = (n: number, digits: number): string => n.toString(16).padStart(digits, '0');

/** The network in which everything happens. */
export const network: Network = {
  id: 'c0ffee0000000001' as NetworkId,
  name: 'bench' as Name,
  driver: 'overlay',
  vni: 4711 as Vni,
  subnets: [
    { prefix: '10.0.0.0/8' as Prefix, gateway: '10.0.0.1' as Ip, auxiliary: new Map() },
    { prefix: 'fd00:100::/64' as Prefix, gateway: 'fd00:100::1' as Ip, auxiliary: new Map() },
  ],
  internal: false,
  allowOverlap: false,
  labels: new Map(),
  phase: { kind: 'active' },
  wishHash: hex(0, 64),
  acceptance: 1,
  creator: 'bench',
  createdAt: '2026-01-01T00:00:00Z',
};

/** What the watch of an agent that joined this network asks for. */
export const endpointsPrefix = prefixes.endpoints(network.id);

/** Every attach is made on condition that this is as it was seen. */
export const networkState: Item = {
  key: keys.networkState(network.name),
  value: encodeNetworkState(network),
};

export const endpointIdOf = (n: number): EndpointId => hex(n, 32) as EndpointId;

/** The `n`th endpoint, from 0 below 2^23: a container as most are, with a name and an address of each family. */
export function endpointOf(n: number): Endpoint {
  const addresses = [
    ipFromBigint(4, BigInt(0x0a000010 + n)),
    ipFromBigint(6, (0xfd000100n << 96n) + BigInt(16 + n)),
  ];
  return {
    id: endpointIdOf(n),
    network: network.id,
    node: `bbbb${hex(n % nodes, 12)}` as NodeId,
    name: `container-${n}` as Name,
    aliases: [],
    mac: macForAddresses(addresses, new Set()),
    addresses,
    sandbox: {
      key: `container-${n}`,
      path: `/run/netns/container-${n}`,
      bootId: `4c1d9a52-6f0e-4a6b-9c58-${hex(n % nodes, 12)}`,
      cookie: String(4096 + n),
    },
    interfaceName: 'eth0',
    routePriority: 100,
    labels: new Map(),
    state: { kind: 'active' },
    creator: 'uid 0',
    createdAt: 0,
  };
}

/** The very transaction by which the `n`th endpoint is attached. */
export const attachOf = (n: number, state: Revision): Txn =>
  attachTxn(endpointOf(n), { key: networkState.key, revision: state });

/** The record of the `n`th endpoint alone. */
export function recordOf(n: number): Item {
  const endpoint = endpointOf(n);
  return { key: keys.endpoint(endpoint.network, endpoint.id), value: encodeEndpoint(endpoint) };
}
