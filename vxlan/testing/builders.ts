import type { Endpoint, EndpointId } from '../../model/endpoint.ts';
import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Name } from '../../model/name.ts';
import type { Network, NetworkId, Subnet } from '../../model/network.ts';
import type { NodeId } from '../../model/node.ts';
import type { Prefix } from '../../model/prefix.ts';
import type { Vni } from '../../model/vni.ts';

/** Builders for the tests of this room: the value says what matters, the rest is filled in. */
export function subnet(prefix: string, gateway: string): Subnet {
  return { prefix: prefix as Prefix, gateway: gateway as Ip, auxiliary: new Map() };
}

export const v4 = subnet('10.7.0.0/24', '10.7.0.1');
export const v6 = subnet('fd00:7::/64', 'fd00:7::1');
export const other4 = subnet('10.8.0.0/24', '10.8.0.1');
export const other6 = subnet('fd00:8::/64', 'fd00:8::1');

export function network(part: Partial<Network> = {}): Network {
  return {
    id: 'b10e000000000001' as NetworkId,
    name: 'blue' as Name,
    driver: 'overlay',
    vni: 0x100001 as Vni,
    subnets: [v4, v6],
    internal: false,
    allowOverlap: false,
    labels: new Map(),
    phase: { kind: 'active' },
    wishHash: '',
    acceptance: 1,
    creator: 'h1',
    createdAt: '2026-01-01T00:00:00Z',
    ...part,
  };
}

/** The `n`th endpoint of a network; its addresses end in `n`. */
export function endpoint(n: number, part: Partial<Endpoint> = {}): Endpoint {
  const hex = n.toString(16).padStart(4, '0');
  return {
    id: `${hex}0000000000000000000000000000` as EndpointId,
    network: network().id,
    node: 'aaaa000000000001' as NodeId,
    aliases: [],
    mac: `02:57:0a:07:${hex.slice(0, 2)}:${hex.slice(2)}` as Mac,
    addresses: [`10.7.0.${n}` as Ip, `fd00:7::${n.toString(16)}` as Ip],
    sandbox: { key: `c${n}`, path: `/run/netns/c${n}`, bootId: 'b', cookie: String(n) },
    interfaceName: 'eth0',
    routePriority: 0,
    labels: new Map(),
    state: { kind: 'active' },
    creator: 'h1',
    createdAt: 0,
    ...part,
  };
}

export const self = { node: 'aaaa000000000001' as NodeId, vtep: '192.0.2.1' as Ip };
export const cluster = { id: 'c0ffee', port: 4789 };
