import type { Endpoint, EndpointId } from '../../../model/endpoint.ts';
import type { Ip } from '../../../model/ip.ts';
import type { Mac } from '../../../model/mac.ts';
import type { Name } from '../../../model/name.ts';
import type { Network, NetworkId } from '../../../model/network.ts';
import type { Node, NodeId } from '../../../model/node.ts';
import type { Prefix } from '../../../model/prefix.ts';
import type { Vni } from '../../../model/vni.ts';

export const nodeId = 'fedcba9876543210' as NodeId;
export const networkId = '0123456789abcdef' as NetworkId;
export const endpointId = '00112233445566778899aabbccddeeff' as EndpointId;

export const node: Node = {
  id: nodeId,
  name: 'n1' as Name,
  vteps: ['192.0.2.1' as Ip, '2001:db8::1' as Ip],
  mtu: 1500,
  serial: 3,
  routes: ['192.0.2.0/24' as Prefix, '2001:db8::/64' as Prefix, '0.0.0.0/0' as Prefix],
  addresses: ['198.51.100.7' as Ip, '2001:db8:1::7' as Ip],
  nameServers: ['203.0.113.53' as Ip],
  version: '0.1.0',
};

export const endpoint: Endpoint = {
  id: endpointId,
  network: networkId,
  node: nodeId,
  name: 'web' as Name,
  aliases: ['www' as Name, 'api' as Name],
  mac: '02:57:0a:07:00:02' as Mac,
  addresses: ['10.7.0.2' as Ip, 'fd00:7::2' as Ip],
  sandbox: {
    key: 'netns:c1',
    path: '/run/netns/c1',
    bootId: '6b1d7a52-0000-4000-8000-000000000001',
    cookie: '18446744073709551615',
  },
  interfaceName: 'eth0',
  routePriority: 4294967295,
  labels: new Map([
    ['__proto__', 'kept'],
    ['team', 'a'],
  ]),
  state: { kind: 'active' },
  creator: 'api',
  createdAt: 1_795_600_000_123,
};

export const network: Network = {
  id: networkId,
  name: 'blue' as Name,
  driver: 'overlay',
  vni: 1048577 as Vni,
  subnets: [
    { prefix: '10.7.0.0/24' as Prefix, gateway: '10.7.0.1' as Ip, auxiliary: new Map() },
    {
      prefix: 'fd00:7::/64' as Prefix,
      gateway: 'fd00:7::1' as Ip,
      range: 'fd00:7::100/120' as Prefix,
      auxiliary: new Map([['router' as Name, 'fd00:7::2' as Ip]]),
    },
  ],
  mtu: 1450,
  internal: false,
  allowOverlap: true,
  labels: new Map([['team', 'a']]),
  phase: { kind: 'active' },
  wishHash: 'ab'.repeat(32),
  acceptance: 7,
  creator: 'n1',
  createdAt: '2026-11-25T15:00:00.000Z',
  changed: { by: 'n2', at: '2026-11-25T16:00:00.000Z' },
};
