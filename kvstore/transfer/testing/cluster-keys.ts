import type { EndpointId } from '../../../model/endpoint.ts';
import type { Ip } from '../../../model/ip.ts';
import type { Mac } from '../../../model/mac.ts';
import type { Name } from '../../../model/name.ts';
import { keys } from '../../keys.ts';
import { encodeAlive } from '../../records/alive.ts';
import { encodeClaim } from '../../records/claim.ts';
import { encodeCluster } from '../../records/cluster-json.ts';
import { encodeEndpoint } from '../../records/endpoint.ts';
import { encodeNetworkState } from '../../records/network-json.ts';
import { encodeNode } from '../../records/node.ts';
import { endpoint, network, networkId, node, nodeId } from '../../records/testing/values.ts';
import { encodeText, type Op, type Store } from '../../store.ts';
import type { Item } from '../stages.ts';

const text = (key: string, value: string): Item => ({ key, value: encodeText(value) });

/** All that a cluster of one node with one network writes, in no order that would help; endpoints with their claims. */
export function clusterKeys(endpoints: number): readonly Item[] {
  const cluster = { id: 'c1', epoch: 1, underlay: 4, port: 4789, minimumVersion: '0.1.0' } as const;
  const more = { vniFirst: 1_048_576, vniLast: 16_777_214, pools: [] };
  return [
    ...Array.from({ length: endpoints }, (_, i) => endpointKeys(i)).flat(),
    ...node.vteps.map((vtep) => text(keys.nodeVtepClaim(vtep), nodeId)),
    text(keys.nodeNameClaim(node.name), nodeId),
    { key: keys.node(nodeId), value: encodeNode(node) },
    text(keys.vni(network.vni), networkId),
    { key: keys.networkState(network.name), value: encodeNetworkState(network) },
    text(keys.network(network.name), '{"subnets":["10.7.0.0/16"]}'),
    text(keys.networkAccept, '7'),
    { key: keys.cluster, value: encodeCluster({ ...cluster, ...more }) },
  ];
}

function endpointKeys(i: number): readonly Item[] {
  const hex = i.toString(16);
  const id = hex.padStart(32, '0') as EndpointId;
  const mac = `02:57:0a:07:${hex.padStart(4, '0').replace(/(..)(..)/, '$1:$2')}` as Mac;
  const address = `10.7.${i >> 8}.${i & 255}` as Ip;
  const name = `web${i}` as Name;
  const claim = encodeClaim({ kind: 'endpoint', holder: id, owner: nodeId, expiresAt: 0 });
  return [
    {
      key: keys.endpoint(networkId, id),
      value: encodeEndpoint({ ...endpoint, id, mac, name, addresses: [address] }),
    },
    { key: keys.addressClaim(networkId, address), value: claim },
    { key: keys.macClaim(networkId, mac), value: claim },
    { key: keys.nameClaim(networkId, name), value: claim },
  ];
}

/** The key that says that the agent of the node lives. */
export const aliveKey: Item = {
  key: keys.alive(nodeId),
  value: encodeAlive({ node: nodeId, generation: { counter: 1, random: '00112233aabbccdd' } }),
};

/** What stays behind whenever a store is moved. */
export const stayingKeys: readonly Item[] = [
  text(keys.fence(nodeId), 'x'),
  text(keys.wait(networkId, 'q1'), 'x'),
  text(keys.waitAnswer(networkId, 'q1', nodeId), 'x'),
];

/** Writes items without a condition. */
export async function putAll(store: Store, items: readonly Item[]): Promise<void> {
  const { txnOps } = store.limits;
  for (let i = 0; i < items.length; i += txnOps) {
    const ops = items.slice(i, i + txnOps).map(({ key, value }): Op => ({ kind: 'put', key, value }));
    await store.txn([], ops);
  }
}

/** Key -> value in hex, for comparing. */
export const contentOf = (items: readonly Item[]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    items
      .toSorted((a, b) => (a.key < b.key ? -1 : 1))
      .map(({ key, value }) => [key, Buffer.from(value).toString('hex')]),
  );

export const contentIn = async (store: Store): Promise<Readonly<Record<string, string>>> =>
  contentOf((await store.list('')).entries);
