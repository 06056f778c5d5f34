import { keys, parseKey, prefixes } from '../kvstore/keys.ts';
import { decodeNetworkState } from '../kvstore/records/network-json.ts';
import type { Condition, Entry } from '../kvstore/store.ts';
import type { Network, NetworkId } from '../model/network.ts';
import type { Finding } from './finding.ts';
import { read } from './inventory.ts';

export interface FoundNetwork {
  readonly network: Network;
  /** It is as it was found. */
  readonly proof: Condition;
}

/** The networks that a store holds, as of one revision. */
export interface FoundNetworks {
  readonly byId: ReadonlyMap<NetworkId, FoundNetwork>;
  /** Accepted specs that cannot be read. While there is one, nobody can tell which ids are in use. */
  readonly unreadable: readonly Finding[];
  /** No network has been accepted since. */
  readonly noneSince: Condition;
}

export function networksIn(entries: readonly Entry[]): FoundNetworks {
  const byId = new Map<NetworkId, FoundNetwork>();
  const unreadable: Finding[] = [];
  let noneSince: Condition = { kind: 'absent', key: keys.networkAccept };
  for (const entry of entries) {
    const { key, revision } = entry;
    const proof: Condition = { kind: 'unchanged', key, revision };
    if (key === keys.networkAccept) noneSince = proof;
    // There may be many others.
    if (!key.startsWith(prefixes.networkStates) || parseKey(key).kind !== 'network-state') continue;
    const state = read(entry, decodeNetworkState);
    if (state === undefined) {
      const what = `record ${key} cannot be read, so that keys below unknown network ids may be those of its network`;
      unreadable.push({ kind: 'unreadable', key, what, repairs: [] });
    } else if ('id' in state) byId.set(state.id, { network: state, proof });
  }
  return { byId, unreadable, noneSince };
}
