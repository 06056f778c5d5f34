import type { Family, Ip } from '../../model/ip.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import type { Vni } from '../../model/vni.ts';
import type { LinuxObject } from '../../linux/objects/object.ts';
import { mayGiveRoute } from '../default-route.ts';
import { localEndpointObjects, remoteEndpointObjects } from '../endpoint-objects.ts';
import { endpointSource, networkSource } from '../names.ts';
import { networkObjects } from '../network-objects.ts';
import { cluster, endpoint, network, other4, other6, self, subnet, v4, v6 } from './builders.ts';

/** What a node is to hold: its part of one or two networks, by source. */
export type State = ReadonlyMap<string, readonly LinuxObject[]>;

interface Wish {
  readonly network?: Partial<Network>;
  readonly mtu?: number;
  readonly vtep?: string;
  readonly local?: readonly ReturnType<typeof endpoint>[];
  /** In which families each local endpoint gives the default route. */
  readonly defaultRoutes?: readonly Family[];
  readonly remote?: readonly (readonly [ReturnType<typeof endpoint>, string])[];
}

function overlay({ network: part = {}, mtu: networkMtu = 1450, vtep = self.vtep, ...wish }: Wish): State {
  const net = network(part);
  const { defaultRoutes = [] } = wish;
  const givesRoutes = wish.local?.some((e) => mayGiveRoute(net, e)) ?? false;
  return new Map([
    [
      networkSource(net.id),
      networkObjects({ network: net, networkMtu, self: { ...self, vtep: vtep as Ip }, cluster, givesRoutes }),
    ],
    ...(wish.local ?? []).map(
      (e) =>
        [
          endpointSource(e.id),
          localEndpointObjects({ network: net, networkMtu, endpoint: e, defaultRoutes }),
        ] as const,
    ),
    ...(wish.remote ?? []).map(
      ([e, at]) =>
        [endpointSource(e.id), remoteEndpointObjects({ network: net, endpoint: e, vtep: at as Ip })] as const,
    ),
  ]);
}

const [b2, b3] = ['192.0.2.2', '192.0.2.3'];
const conflicted = endpoint(5, { state: { kind: 'conflict', holder: 'somebody' } });
/** Another network, with the same addresses. */
export const red = { id: '4ed0000000000001' as NetworkId, vni: 0x100002 as Vni };
const routed = { subnets: [v4, v6, other4, other6] };

const giver = endpoint(5, { routePriority: 10 });
const inRed = endpoint(5, {
  id: endpoint(15).id,
  interfaceName: 'eth1',
  addresses: ['10.7.0.15' as Ip],
  routePriority: 10,
});

/** By what they mean. */
export const states: Readonly<Record<string, State>> = {
  empty: new Map(),
  'one endpoint': overlay({ local: [endpoint(5)] }),
  'one endpoint and its peers': overlay({
    local: [endpoint(5)],
    remote: [
      [endpoint(9), b2],
      [endpoint(8), b3],
    ],
  }),
  'two endpoints': overlay({ local: [endpoint(5), endpoint(6)], remote: [[endpoint(9), b2]] }),
  'moved away': overlay({
    local: [endpoint(6)],
    remote: [
      [endpoint(5), b2],
      [endpoint(9), b2],
    ],
  }),
  'moved from there to there': overlay({
    local: [endpoint(6)],
    remote: [
      [endpoint(5), b3],
      [endpoint(9), b3],
    ],
  }),
  'remote only': overlay({
    remote: [
      [endpoint(9), b2],
      [endpoint(5), b2],
    ],
  }),
  'same sandbox, another endpoint': overlay({
    local: [endpoint(7, { sandbox: endpoint(5).sandbox, addresses: endpoint(5).addresses })],
  }),
  'same address, another MAC': overlay({
    local: [endpoint(6)],
    remote: [[endpoint(7, { addresses: endpoint(9).addresses }), b3]],
  }),
  'another interface name': overlay({ local: [endpoint(5, { interfaceName: 'net1' })] }),
  'another prefix length': overlay({
    network: { subnets: [subnet('10.7.0.0/23', '10.7.0.1'), v6] },
    local: [endpoint(5)],
    remote: [[endpoint(9), b2]],
  }),
  routed: overlay({ network: routed, local: [endpoint(5)], remote: [[endpoint(9), b2]] }),
  'routed by another gateway': overlay({
    network: { subnets: [subnet('10.7.0.0/24', '10.7.0.254'), v6, other4] },
    local: [endpoint(5)],
  }),
  'IPv6 underlay': overlay({
    vtep: 'fd00:99::1',
    mtu: 1430,
    local: [endpoint(5)],
    remote: [[endpoint(9), 'fd00:99::2']],
  }),
  'another VTEP': overlay({ vtep: '192.0.2.11', local: [endpoint(5)], remote: [[endpoint(9), b2]] }),
  'another MTU': overlay({ mtu: 1350, local: [endpoint(5)], remote: [[endpoint(9), b2]] }),
  'another VNI': overlay({
    network: { vni: 0x100009 as Vni },
    local: [endpoint(5)],
    remote: [[endpoint(9), b2]],
  }),
  conflict: overlay({ local: [conflicted], remote: [[endpoint(9), b2]] }),
  'conflict, routed': overlay({ network: routed, local: [conflicted] }),
  'two networks': new Map([
    ...overlay({ local: [endpoint(5)], remote: [[endpoint(9), b2]] }),
    ...overlay({
      network: red,
      local: [endpoint(5, { id: endpoint(15).id, interfaceName: 'eth1', addresses: ['10.7.0.15' as Ip] })],
    }),
  ]),
  'a default route': overlay({ local: [giver], defaultRoutes: [4, 6], remote: [[endpoint(9), b2]] }),
  'a default route, routed': overlay({ network: routed, local: [giver], defaultRoutes: [4, 6] }),
  'a default route, internal': overlay({ network: { internal: true }, local: [giver] }),
  'two networks, both default routes by the one': new Map([
    ...overlay({ local: [giver], defaultRoutes: [4, 6] }),
    ...overlay({ network: red, local: [inRed] }),
  ]),
  'two networks, a default route by each': new Map([
    ...overlay({ local: [giver], defaultRoutes: [6] }),
    ...overlay({ network: red, local: [inRed], defaultRoutes: [4] }),
  ]),
  'the other network': overlay({ network: red, local: [endpoint(5)] }),
};
