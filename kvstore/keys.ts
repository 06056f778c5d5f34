import { isName, type Name } from '../model/name.ts';
import { tryParseIp, type Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import { endpointIdPattern, type EndpointId } from '../model/endpoint.ts';
import { networkIdPattern, type NetworkId } from '../model/network.ts';
import { nodeIdPattern, type NodeId } from '../model/node.ts';

/** Where the product's keys begin in the store when nothing else is configured. */
export const defaultPrefix = 'weft/v1/';

/** Builders of every key, relative to the store's prefix. docs/design/store.md describes the values. */
export const keys = {
  cluster: 'cluster',
  networkAccept: 'network-accept',
  /** There while the store is being filled by a restore: it does not hold the whole truth yet. */
  restoring: 'restoring',
  /** Tells whether a key can be written; under a lease, and removed at once. */
  probe: (id: string) => `probes/${id}`,
  network: (name: Name) => `networks/${name}`,
  networkState: (name: Name) => `network-state/${name}`,
  vni: (vni: number) => `vnis/${vni}`,
  node: (id: NodeId) => `nodes/${id}`,
  nodeNameClaim: (name: Name) => `node-claims/name/${name}`,
  nodeVtepClaim: (vtep: Ip) => `node-claims/vtep/${vtep}`,
  alive: (id: NodeId) => `alive/${id}`,
  fence: (id: NodeId) => `fences/${id}`,
  endpoint: (network: NetworkId, id: EndpointId) => `net/${network}/endpoint/${id}`,
  addressClaim: (network: NetworkId, ip: Ip) => `net/${network}/claim/address/${ip}`,
  macClaim: (network: NetworkId, mac: Mac) => `net/${network}/claim/mac/${mac}`,
  nameClaim: (network: NetworkId, name: Name) => `net/${network}/claim/name/${name}`,
  wait: (network: NetworkId, id: string) => `waits/${network}/${id}`,
  waitAnswer: (network: NetworkId, id: string, node: NodeId) => `waits/${network}/${id}/${node}`,
} as const;

/** Prefixes to list or watch. */
export const prefixes = {
  networks: 'networks/',
  networkStates: 'network-state/',
  vnis: 'vnis/',
  nodes: 'nodes/',
  nodeClaims: 'node-claims/',
  alive: 'alive/',
  fences: 'fences/',
  probes: 'probes/',
  waits: 'waits/',
  nets: 'net/',
  net: (network: NetworkId) => `net/${network}/`,
  endpoints: (network: NetworkId) => `net/${network}/endpoint/`,
  claims: (network: NetworkId) => `net/${network}/claim/`,
  addressClaims: (network: NetworkId) => `net/${network}/claim/address/`,
} as const;

/** A key taken apart; `unknown` is somebody else's or a later version's and is left alone. */
export type ParsedKey =
  | { readonly kind: 'cluster' | 'network-accept' | 'restoring' | 'unknown' }
  | { readonly kind: 'network' | 'network-state' | 'node-name-claim'; readonly name: Name }
  | { readonly kind: 'node-vtep-claim'; readonly vtep: Ip }
  | { readonly kind: 'vni'; readonly vni: number }
  | { readonly kind: 'node' | 'alive' | 'fence'; readonly node: NodeId }
  | { readonly kind: 'endpoint'; readonly network: NetworkId; readonly endpoint: EndpointId }
  | { readonly kind: 'address-claim'; readonly network: NetworkId; readonly address: Ip }
  | { readonly kind: 'mac-claim'; readonly network: NetworkId; readonly mac: Mac }
  | { readonly kind: 'name-claim'; readonly network: NetworkId; readonly name: Name };

const unknown: ParsedKey = { kind: 'unknown' };

/** Reads a key relative to the prefix. A hostile or foreign key is `unknown`, never an exception. */
export function parseKey(key: string): ParsedKey {
  const parts = key.split('/');
  const [room = '', a = '', b = '', c = '', d = ''] = parts;
  if (parts.length === 1) return parseSingle(room);
  if (parts.length === 2) return parsePair(room, a);
  if (room === 'node-claims' && parts.length === 3) return parseNodeClaim(a, b);
  if (room !== 'net' || !networkIdPattern.test(a)) return unknown;
  const network = a as NetworkId;
  if (b === 'endpoint' && parts.length === 4 && endpointIdPattern.test(c)) {
    return { kind: 'endpoint', network, endpoint: c as EndpointId };
  }
  return b === 'claim' && parts.length === 5 ? parseClaim(network, c, d) : unknown;
}

function parseSingle(room: string): ParsedKey {
  return room === 'cluster' || room === 'network-accept' || room === 'restoring' ? { kind: room } : unknown;
}

function parsePair(room: string, rest: string): ParsedKey {
  switch (room) {
    case 'networks':
      return isName(rest) ? { kind: 'network', name: rest } : unknown;
    case 'network-state':
      return isName(rest) ? { kind: 'network-state', name: rest } : unknown;
    case 'vnis':
      return /^[1-9]\d{0,7}$/.test(rest) && Number(rest) <= 0xfffffe
        ? { kind: 'vni', vni: Number(rest) }
        : unknown;
    case 'nodes':
      return nodeIdPattern.test(rest) ? { kind: 'node', node: rest as NodeId } : unknown;
    case 'alive':
      return nodeIdPattern.test(rest) ? { kind: 'alive', node: rest as NodeId } : unknown;
    case 'fences':
      return nodeIdPattern.test(rest) ? { kind: 'fence', node: rest as NodeId } : unknown;
    default:
      return unknown;
  }
}

function parseNodeClaim(kind: string, rest: string): ParsedKey {
  if (kind === 'name' && isName(rest)) return { kind: 'node-name-claim', name: rest };
  const vtep = kind === 'vtep' ? canonicalIp(rest) : undefined;
  return vtep === undefined ? unknown : { kind: 'node-vtep-claim', vtep };
}

function parseClaim(network: NetworkId, kind: string, rest: string): ParsedKey {
  if (kind === 'address') {
    const address = canonicalIp(rest);
    return address === undefined ? unknown : { kind: 'address-claim', network, address };
  }
  if (kind === 'mac' && /^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(rest)) {
    return { kind: 'mac-claim', network, mac: rest as Mac };
  }
  return kind === 'name' && isName(rest) ? { kind: 'name-claim', network, name: rest } : unknown;
}

/** One address has one key: another spelling of it claims nothing. */
function canonicalIp(text: string): Ip | undefined {
  const ip = tryParseIp(text);
  return ip === text ? ip : undefined;
}
