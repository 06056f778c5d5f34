import { macForAddresses } from '../../../ipam/mac.ts';
import { keys } from '../../../kvstore/keys.ts';
import { encodeNode } from '../../../kvstore/records/node.ts';
import type { Item } from '../../../kvstore/transfer/stages.ts';
import type { Endpoint } from '../../../model/endpoint.ts';
import { ipFromBigint, type Ip } from '../../../model/ip.ts';
import type { Name } from '../../../model/name.ts';
import type { NetworkId } from '../../../model/network.ts';
import type { Node, NodeId } from '../../../model/node.ts';
import { endpointOf } from '../store/cast.ts';

/** A node of which only records exist: whatever is written in its name costs nobody's processor but the store's. */
const peer: Node = {
  id: 'bbbb000000000001' as NodeId,
  name: 'peer' as Name,
  vteps: ['192.0.2.200' as Ip],
  mtu: 1500,
  serial: 1,
  routes: [],
  addresses: [],
  nameServers: [],
  version: 'bench',
};

export const peerRecord: Item = { key: keys.node(peer.id), value: encodeNode(peer) };

/** The network of these benchmarks: room for a million, and places for real endpoints at the end. */
export const roomy = {
  name: 'roomy' as Name,
  subnets: ['10.128.0.0/12', 'fd00:128::/64'],
  /** Addresses of the `k`th real endpoint. */
  addresses: (k: number): readonly [string, string] => [`10.143.255.${k}`, `fd00:128::ffff:${k}`],
} as const;

/** The `n`th endpoint of the peer, from 0 below 2^19. */
export function peerEndpoint(network: NetworkId, n: number): Endpoint {
  const addresses = [
    ipFromBigint(4, BigInt(0x0a800010 + n)),
    ipFromBigint(6, (0xfd000128n << 96n) + BigInt(16 + n)),
  ];
  return { ...endpointOf(n), network, node: peer.id, mac: macForAddresses(addresses, new Set()), addresses };
}
