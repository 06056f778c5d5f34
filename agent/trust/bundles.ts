import { endpointClaims, networkClaims } from '../../ipam/claims.ts';
import { keys, parseKey, prefixes } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { decodeNetworkState } from '../../kvstore/records/network-json.ts';
import { decodeNode } from '../../kvstore/records/node.ts';
import { encodeText, type Entry } from '../../kvstore/store.ts';
import type { Item } from '../../kvstore/transfer/stages.ts';
import type { NetworkId } from '../../model/network.ts';
import type { Remembered } from '../view/collection.ts';

/** Keys that are restored together or not at all. */
export interface Bundle {
  readonly items: readonly Item[];
  /** An endpoint makes no sense without its network. */
  readonly network?: NetworkId;
}

/**
 * What this node knows of a store, as it has to be written into one that has lost it: the cluster, networks with their states,
 * VNIs and claims, nodes, endpoints with their claims. Pure. A record that cannot be read is left out: its claims are not known.
 */
export function bundlesOf(parts: readonly Remembered[]): readonly Bundle[] {
  const entries = parts.flatMap((part) => [...part.entries]);
  const below = (prefix: string): readonly Entry[] => entries.filter(({ key }) => key.startsWith(prefix));
  return [
    ...entries.filter(({ key }) => key === keys.cluster).map(alone),
    ...acceptances(below(prefixes.networkStates)),
    ...below(prefixes.networkStates).flatMap(readable(ofNetwork)),
    ...below(prefixes.networks).map(alone),
    ...below(prefixes.nodes).flatMap(readable(ofNode)),
    ...below(prefixes.nets).flatMap(readable(ofEndpoint)),
  ];
}

const alone = (entry: Entry): Bundle => ({ items: [entry] });

const readable =
  (read: (entry: Entry) => Bundle) =>
  (entry: Entry): readonly Bundle[] => {
    try {
      return [read(entry)];
    } catch {
      return [];
    }
  };

/** The counter goes on where it was, as far as anybody knows. */
function acceptances(states: readonly Entry[]): readonly Bundle[] {
  const numbers = states.flatMap(({ key, value }) => {
    try {
      const state = decodeNetworkState(key, value);
      return 'id' in state ? [state.acceptance] : [];
    } catch {
      return [];
    }
  });
  if (numbers.length === 0) return [];
  return [{ items: [{ key: keys.networkAccept, value: encodeText(String(Math.max(...numbers))) }] }];
}

function ofNetwork(entry: Entry): Bundle {
  const state = decodeNetworkState(entry.key, entry.value);
  if (!('id' in state)) return alone(entry);
  const vni = { key: keys.vni(state.vni), value: encodeText(state.id) };
  return { items: [vni, ...networkClaims(state), entry] };
}

function ofNode(entry: Entry): Bundle {
  const { id, name, vteps } = decodeNode(entry.key, entry.value);
  const claims = [keys.nodeNameClaim(name), ...vteps.map(keys.nodeVtepClaim)];
  return { items: [...claims.map((key) => ({ key, value: encodeText(id) })), entry] };
}

function ofEndpoint(entry: Entry): Bundle {
  const endpoint = decodeEndpoint(entry.key, entry.value);
  const { network } = endpoint;
  // One in conflict has lost its claims to somebody else.
  const claims = endpoint.state.kind === 'conflict' ? [] : endpointClaims(endpoint);
  return { network, items: [...claims, entry] };
}

/** The last one is what the bundle is about. */
export const subjectOf = ({ items }: Bundle): string => items.at(-1)?.key ?? '';

/** Networks whose accepted state is among these. */
export function networksIn(entries: readonly Entry[]): ReadonlySet<NetworkId> {
  const ids = new Set<NetworkId>();
  for (const { key, value } of entries) {
    if (parseKey(key).kind !== 'network-state') continue;
    try {
      const state = decodeNetworkState(key, value);
      if ('id' in state) ids.add(state.id);
    } catch {
      // Nothing can be told of it.
    }
  }
  return ids;
}
