import { claimIn } from '../../ipam/claims.ts';
import { keys, prefixes } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { decodeNetworkState, type NetworkState } from '../../kvstore/records/network-json.ts';
import { decodeNode } from '../../kvstore/records/node.ts';
import { decodeText, type Entry, type Store } from '../../kvstore/store.ts';
import type { Claim, EndpointId } from '../../model/endpoint.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import type { Wish } from '../../model/network-wish.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import type { Cluster, Node } from '../../model/node.ts';
import { newlyKept } from './change.ts';
import { judge, type Judgement } from './judge.ts';
import { ListingReader, tryDecode, type Listed } from './listing.ts';
import type { Surroundings } from './surroundings.ts';

/** To be kept for as long as networks are judged: whoever has a thousand of them looks at all for each. */
export interface SceneReaders {
  readonly states: ListingReader<NetworkState>;
  readonly nodes: ListingReader<Node>;
}

export const sceneReaders = (): SceneReaders => ({
  states: new ListingReader(decodeNetworkState),
  nodes: new ListingReader(decodeNode),
});

export interface ScenePorts {
  readonly store: Store;
  readonly readers: SceneReaders;
  readonly cluster: Pick<Cluster, 'pools'>;
  readonly signal: AbortSignal;
}

/** What the store says that matters for one name. */
export interface Scene {
  readonly counter: Entry | undefined;
  readonly acceptance: number;
  readonly state: Listed<NetworkState> | undefined;
  readonly around: Surroundings;
}

/** What the store says that matters for any name. */
export interface Everything {
  readonly counter: Entry | undefined;
  readonly states: readonly Listed<NetworkState>[];
  readonly nodes: readonly Node[];
}

/** The counter is read first: what is accepted later fails a condition on it. */
export async function lookAround({ store, readers, signal }: ScenePorts): Promise<Everything> {
  const counter = await store.get(keys.networkAccept, { signal });
  const [states, nodes] = await Promise.all([
    store.list(prefixes.networkStates, { signal }),
    store.list(prefixes.nodes, { signal }),
  ]);
  return {
    counter,
    states: readers.states.read(states.entries),
    nodes: readers.nodes.read(nodes.entries).map(({ value }) => value),
  };
}

/** Of all that, what matters for one name. */
export function sceneOf(name: Name, { counter, states, nodes }: Everything, { cluster }: ScenePorts): Scene {
  const accepted = states.map((d) => d.value).filter((v): v is Network => 'id' in v);
  return {
    counter,
    acceptance: counter === undefined ? 0 : Number(decodeText(counter.value)),
    state: states.find((d) => d.entry.key === keys.networkState(name)),
    around: {
      networks: accepted.filter((network) => network.name !== name),
      nodes,
      pools: cluster.pools,
      holders: new Map(),
    },
  };
}

/** Everything the judgement of one name depends on. */
export const look = async (name: Name, ports: ScenePorts): Promise<Scene> =>
  sceneOf(name, await lookAround(ports), ports);

/** The judgement of a wish. Who holds addresses that the network would keep from now on is looked up when there are such. */
export async function judgeIn(
  { name, wish, hash }: { readonly name: Name; readonly wish: Wish; readonly hash: string },
  { state, around }: Scene,
  ports: ScenePorts,
): Promise<Judgement> {
  const accepted = state?.value;
  const judgement = judge(name, wish, hash, accepted, around);
  if (judgement.kind !== 'change' || accepted === undefined || !('id' in accepted)) return judgement;
  const holders = await holdersOf(newlyKept(accepted, judgement.network), accepted.id, around.nodes, ports);
  return holders.size === 0 ? judgement : judge(name, wish, hash, accepted, { ...around, holders });
}

async function holdersOf(
  ips: readonly Ip[],
  network: NetworkId,
  nodes: readonly Node[],
  { store, signal }: ScenePorts,
): Promise<ReadonlyMap<Ip, string>> {
  const holders = new Map<Ip, string>();
  for (const ip of ips) {
    const entry = await store.get(keys.addressClaim(network, ip), { signal });
    if (entry === undefined) continue;
    const claim = claimIn(entry);
    const key = keys.endpoint(network, claim.holder as EndpointId);
    const endpoint = claim.kind === 'endpoint' ? await store.get(key, { signal }) : undefined;
    holders.set(ip, holderText(claim, endpoint, nodes));
  }
  return holders;
}

function holderText({ kind, holder }: Claim, entry: Entry | undefined, nodes: readonly Node[]): string {
  const found = entry === undefined ? undefined : tryDecode(entry, decodeEndpoint);
  if (found === undefined) return `${kind} ${holder}`;
  const { name, sandbox, node } = found.value;
  return `endpoint ${name ?? sandbox.key} on node ${nodes.find(({ id }) => id === node)?.name ?? node}`;
}
