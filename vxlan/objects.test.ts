import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Ip } from '../model/ip.ts';
import { gatewayMac, type NetworkId } from '../model/network.ts';
import type { NodeId } from '../model/node.ts';
import { keyOf, type LinuxObject } from '../linux/objects/object.ts';
import { ObjectSet } from '../linux/objects/object-set.ts';
import { networkScope, sandboxScope } from '../linux/objects/scope.ts';
import { printPlan } from '../linux/plan/print.ts';
import { announcements } from './announcements.ts';
import { localEndpointObjects, remoteEndpointObjects } from './endpoint-objects.ts';
import { networkMtu, vtepOf } from './mtu.ts';
import { bridgeMac, portName } from './names.ts';
import { networkObjects } from './network-objects.ts';
import { cluster, endpoint, network, other4, other6, self, v4, v6 } from './testing/builders.ts';

const flat = network();
const routed = network({ subnets: [v4, v6, other4, other6] });
const vtep = '192.0.2.2' as Ip;
/** Objects as the lines that would make them, without the namespace's name. */
const printed = (objects: readonly LinuxObject[]): string[] =>
  printPlan(objects.map((object) => ({ op: 'create', object })))
    .trimEnd()
    .replaceAll(/^(ip|bridge) -n weft-\w+ /gm, '$1 ')
    .replaceAll(/^(nsenter|ip netns exec) \S+ /gm, (_, word: string) =>
      word === 'nsenter' ? 'inside: ' : '',
    )
    .split('\n');
const make = (n: typeof flat) => networkObjects({ network: n, networkMtu: 1450, self, cluster });
const local = (n: typeof flat, e = endpoint(5)) =>
  localEndpointObjects({ network: n, networkMtu: 1450, endpoint: e });

describe('a network', () => {
  test('of one subnet per family switches and does not route', () => {
    expect(printed(make(flat))).toEqual([
      'ip netns add weft-b10e000000000001',
      "ip link set lo alias 'weft c0ffee aaaa000000000001 b10e000000000001' up",
      'sysctl -w net/ipv4/ip_forward=0',
      'sysctl -w net/ipv4/conf/all/send_redirects=0',
      'sysctl -w net/ipv4/conf/all/rp_filter=0',
      'sysctl -w -e net/ipv6/conf/all/disable_ipv6=0',
      'sysctl -w -e net/ipv6/conf/all/forwarding=0',
      'sysctl -w -e net/ipv6/conf/default/accept_ra=0',
      'sysctl -w -e net/ipv6/conf/default/addr_gen_mode=1',
      'sysctl -w -e net/bridge/bridge-nf-call-iptables=0',
      'sysctl -w -e net/bridge/bridge-nf-call-ip6tables=0',
      'sysctl -w -e net/bridge/bridge-nf-call-arptables=0',
      'sysctl -w net/ipv4/conf/br0/forwarding=0',
      'sysctl -w net/ipv4/conf/br0/send_redirects=0',
      'sysctl -w net/ipv4/conf/br0/rp_filter=0',
      'sysctl -w -e net/ipv6/conf/br0/disable_ipv6=0',
      'sysctl -w -e net/ipv6/conf/br0/forwarding=0',
      'sysctl -w -e net/ipv6/conf/br0/accept_ra=0',
      'ip link add br0 address 06:1b:a4:00:00:00 mtu 1449 type bridge mcast_snooping 0',
      'ip link set br0 mtu 1450 up',
      'bridge fdb replace 06:1b:a4:00:00:00 dev br0 self permanent',
      'ip link add vxlan0 netns weft-b10e000000000001 mtu 1450 type vxlan id 1048577 local 192.0.2.1 dstport 4789 nolearning proxy',
      'ip link set vxlan0 master br0',
      'bridge link set dev vxlan0 learning off flood on',
      'ip link set vxlan0 up',
    ]);
  });

  test('of several subnets routes: forwarding, the gateway MAC, the gateway addresses and the routes that come with them', () => {
    const lines = printed(make(routed));
    expect(lines).toContain('sysctl -w net/ipv4/ip_forward=1');
    expect(lines).toContain('sysctl -w -e net/ipv6/conf/all/forwarding=1');
    expect(lines).toContain('sysctl -w net/ipv4/conf/br0/forwarding=1');
    expect(lines).toContain('sysctl -w -e net/ipv6/conf/br0/forwarding=1');
    expect(lines).toContain(`ip link add br0 address ${gatewayMac} mtu 1449 type bridge mcast_snooping 0`);
    expect(lines.slice(-8)).toEqual([
      'ip addr replace 10.7.0.1/24 dev br0',
      'ip route replace 10.7.0.0/24 dev br0 proto kernel scope link src 10.7.0.1 metric 0',
      'ip addr replace fd00:7::1/64 dev br0 nodad',
      'ip route replace fd00:7::/64 dev br0 proto kernel metric 256',
      'ip addr replace 10.8.0.1/24 dev br0',
      'ip route replace 10.8.0.0/24 dev br0 proto kernel scope link src 10.8.0.1 metric 0',
      'ip addr replace fd00:8::1/64 dev br0 nodad',
      'ip route replace fd00:8::/64 dev br0 proto kernel metric 256',
    ]);
  });

  test('has a bridge MAC that is unicast, local, and differs between nodes and between networks', () => {
    const macs = [
      bridgeMac(flat, self.node),
      bridgeMac(flat, 'aaab000000000001' as NodeId),
      bridgeMac(network({ id: 'b20e000000000001' as NetworkId }), self.node),
    ];
    expect(new Set(macs).size).toBe(3);
    for (const mac of macs) expect(Number.parseInt(mac.slice(0, 2), 16) & 3).toBe(2);
  });
});

describe('a local endpoint', () => {
  test('has a port, its addresses and a static entry', () => {
    expect(printed(local(flat))).toEqual([
      'ip link add v000500000000 mtu 1450 type veth peer name eth0 address 02:57:0a:07:00:05 mtu 1450 netns /run/netns/c5',
      'ip link set v000500000000 master br0',
      'bridge link set dev v000500000000 learning off flood off',
      'ip link set v000500000000 up',
      'inside: ip link set eth0 up',
      'inside: ip addr add 10.7.0.5/24 dev eth0',
      'inside: ip addr add fd00:7::5/64 dev eth0 nodad',
      'bridge fdb replace 02:57:0a:07:00:05 dev v000500000000 master static',
    ]);
  });

  test('of a routed network knows the way to the other subnets, and the router knows it', () => {
    expect(printed(local(routed)).filter((l) => / route | neigh /.test(l))).toEqual([
      'inside: ip route replace 10.8.0.0/24 via 10.7.0.1 dev eth0 proto 87 metric 100',
      'inside: ip route replace fd00:8::/64 via fd00:7::1 dev eth0 proto 87 metric 100',
      'ip neigh replace 10.7.0.5 lladdr 02:57:0a:07:00:05 dev br0 nud permanent',
      'ip neigh replace fd00:7::5 lladdr 02:57:0a:07:00:05 dev br0 nud permanent',
    ]);
  });

  test('needs no route to a subnet in which it has an address, nor to a family that it lacks', () => {
    const e = endpoint(5, { addresses: ['10.7.0.5' as Ip, '10.8.0.5' as Ip] });
    expect(local(routed, e).filter((o) => o.kind === 'route')).toEqual([]);
  });

  test('in conflict has its port down and nothing else', () => {
    const e = endpoint(5, { state: { kind: 'conflict', holder: 'somebody' } });
    expect(local(routed, e)).toEqual([expect.objectContaining({ kind: 'veth', up: false })]);
  });

  test('has a port name that fits an interface name', () => {
    expect(portName(endpoint(0xffff).id)).toBe('vffff00000000');
  });
});

describe('a remote endpoint', () => {
  const remote = (n: typeof flat, e = endpoint(9), at: Ip | undefined = vtep) =>
    printed(remoteEndpointObjects({ network: n, endpoint: e, vtep: at })).filter((l) => l !== '');

  test('is known to the tunnel device', () => {
    expect(remote(flat)).toEqual([
      'bridge fdb replace 02:57:0a:07:00:09 dev vxlan0 self permanent dst 192.0.2.2',
      'ip neigh replace 10.7.0.9 lladdr 02:57:0a:07:00:09 dev vxlan0 nud permanent',
      'ip neigh replace fd00:7::9 lladdr 02:57:0a:07:00:09 dev vxlan0 nud permanent',
    ]);
  });

  test('of a routed network is known to the router too', () => {
    expect(remote(routed).slice(3)).toEqual([
      'ip neigh replace 10.7.0.9 lladdr 02:57:0a:07:00:09 dev br0 nud permanent',
      'ip neigh replace fd00:7::9 lladdr 02:57:0a:07:00:09 dev br0 nud permanent',
    ]);
  });

  test('in conflict, or on an unknown node, is not programmed', () => {
    expect(remote(flat, endpoint(9, { state: { kind: 'conflict', holder: 'x' } }))).toEqual([]);
    expect(remoteEndpointObjects({ network: flat, endpoint: endpoint(9), vtep: undefined })).toEqual([]);
  });
});

describe('the MTU', () => {
  const nodes = [
    { vteps: ['192.0.2.1' as Ip, 'fd00:99::1' as Ip], mtu: 9000 },
    { vteps: ['192.0.2.2' as Ip], mtu: 1500 },
    { vteps: ['fd00:99::3' as Ip], mtu: 1400 },
  ];
  test.each([
    ['the declared one, whatever the nodes say', 1380, nodes, 4, 1380],
    ['the least of the nodes with an IPv4 tunnel end, less 50', undefined, nodes, 4, 1450],
    ['the least of the nodes with an IPv6 tunnel end, less 70', undefined, nodes, 6, 1330],
    ['that of Ethernet while no node is known', undefined, [], 4, 1450],
  ] as const)('is %s', (_, mtu, all, underlay, expected) => {
    expect(networkMtu(mtu === undefined ? {} : { mtu }, all, underlay)).toBe(expected);
  });

  test('follows the tunnel end of the family that the cluster uses', () => {
    expect(nodes.map((n) => vtepOf(n, 6))).toEqual(['fd00:99::1', undefined, 'fd00:99::3']);
  });
});

test('announced are remote endpoints by their neighbour entries and local ones by their addresses', () => {
  const written = [
    ...make(routed),
    ...local(routed),
    ...remoteEndpointObjects({ network: routed, endpoint: endpoint(9), vtep }),
  ];
  expect(announcements(written, new ObjectSet(written))).toEqual(
    new Map([
      [
        networkScope(routed.id),
        [
          { ip: '10.7.0.5', mac: '02:57:0a:07:00:05' },
          { ip: 'fd00:7::5', mac: '02:57:0a:07:00:05' },
          { ip: '10.7.0.9', mac: '02:57:0a:07:00:09' },
          { ip: 'fd00:7::9', mac: '02:57:0a:07:00:09' },
        ],
      ],
    ]),
  );
});

test('all objects are in the scope of the network or of its sandboxes, and no two share a key', () => {
  const some = fc.uniqueArray(fc.record({ n: fc.integer({ min: 2, max: 250 }), here: fc.boolean() }), {
    selector: (e) => e.n,
    maxLength: 20,
  });
  fc.assert(
    fc.property(some, fc.constantFrom(flat, routed), (endpoints, net) => {
      const objects = [
        ...make(net),
        ...endpoints.flatMap(({ n, here }) =>
          here
            ? local(net, endpoint(n))
            : remoteEndpointObjects({ network: net, endpoint: endpoint(n), vtep }),
        ),
      ];
      const scopes = new Set<string>([
        networkScope(net.id),
        ...endpoints.filter((e) => e.here).map(({ n }) => sandboxScope(endpoint(n).sandbox.path)),
      ]);
      for (const o of objects) expect(scopes).toContain(o.scope);
      expect(new Set(objects.map(keyOf)).size).toBe(objects.length);
    }),
  );
});
