import { attachTxn, networkClaims } from '../../../ipam/claims.ts';
import { poolSize } from '../../../ipam/pool.ts';
import { encodeNetworkState } from '../../../kvstore/records/network-json.ts';
import { keys } from '../../../kvstore/keys.ts';
import { encodeText, type Store } from '../../../kvstore/store.ts';
import type { Item } from '../../../kvstore/transfer/stages.ts';
import type { Ip } from '../../../model/ip.ts';
import type { Network } from '../../../model/network.ts';
import type { Prefix } from '../../../model/prefix.ts';
import { endpointOf, network } from '../store/cast.ts';
import { fill } from '../store/fill.ts';

/** The network of the store's benchmarks with an IPv4 subnet of this length. */
export function networkOf(length: number): Network {
  const prefix = `10.0.0.0/${length}` as Prefix;
  const four = { prefix, gateway: '10.0.0.1' as Ip, auxiliary: new Map() };
  return { ...network, subnets: [four, ...network.subnets.slice(1)] };
}

/** How many endpoints fill nine tenths of its IPv4 pool. */
export const mostOf = ({ subnets: [four] }: Network): number =>
  four === undefined ? 0 : Math.floor((Number(poolSize(four)) * 9) / 10);

/** Writes the network as it is accepted, and endpoints 0 to below `count` with all their claims. */
export async function settle(
  store: Store,
  network: Network,
  count: number,
  tell: (done: number) => void,
): Promise<void> {
  const items = [
    ...networkClaims(network),
    { key: keys.vni(network.vni), value: encodeText(network.id) },
    { key: keys.networkState(network.name), value: encodeNetworkState(network) },
  ];
  const outcome = await store.txn(
    [],
    items.map((item) => ({ kind: 'put', ...item })),
  );
  if (!outcome.ok) throw new Error('a transaction without conditions was refused');
  if (count > 0) await fill(store, Array.from({ length: count }, (_, n) => itemsOf(n)).flat(), tell);
}

/** What an attach of the `n`th endpoint writes. */
function itemsOf(n: number): readonly Item[] {
  const { ops } = attachTxn(endpointOf(n), { key: '', revision: 0 });
  return ops.flatMap((op) => (op.kind === 'put' ? [{ key: op.key, value: op.value }] : []));
}
