import { prefixes } from '../kvstore/keys.ts';
import { decodeEndpoint } from '../kvstore/records/endpoint.ts';
import type { Store } from '../kvstore/store.ts';
import type { NetworkId } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';

/** How many networks are asked about at once. */
const width = 16;

/** The networks in which the store has an endpoint of this node. A record that cannot be read counts as somebody else's. */
export async function networksOf(
  node: NodeId,
  networks: readonly NetworkId[],
  store: Store,
  signal: AbortSignal,
): Promise<ReadonlySet<NetworkId>> {
  const found = new Set<NetworkId>();
  const left = [...networks];
  const ask = async (): Promise<void> => {
    for (let id = left.pop(); id !== undefined; id = left.pop()) {
      const { entries } = await store.list(prefixes.endpoints(id), { signal });
      if (entries.some((e) => ownerOf(e.key, e.value) === node)) found.add(id);
    }
  };
  await Promise.all(Array.from({ length: width }, ask));
  return found;
}

function ownerOf(key: string, value: Uint8Array): NodeId | undefined {
  try {
    return decodeEndpoint(key, value).node;
  } catch {
    return undefined;
  }
}
