import type { Endpoint } from '../model/endpoint.ts';
import { familyOf, type Family, type Ip } from '../model/ip.ts';
import { isRouted, type Network, type Subnet } from '../model/network.ts';
import { contains, prefixFamily, prefixLength, type Prefix } from '../model/prefix.ts';
import type { NeighbourEntry } from '../linux/objects/forwarding.ts';
import type { Address } from '../linux/objects/ip-config.ts';
import type { LinuxObject } from '../linux/objects/object.ts';
import type { Route } from '../linux/objects/route.ts';
import { networkScope, sandboxScope } from '../linux/objects/scope.ts';
import { mayGiveRoute } from './default-route.ts';
import { bridgeName, portName, tunnelName } from './names.ts';

type OverlayNetwork = Pick<Network, 'id' | 'subnets' | 'internal'>;

export interface LocalInput {
  readonly network: OverlayNetwork;
  readonly networkMtu: number;
  readonly endpoint: Pick<
    Endpoint,
    'id' | 'mac' | 'addresses' | 'sandbox' | 'interfaceName' | 'routePriority' | 'state'
  >;
  /** The families in which it gives its sandbox the default route; absent: none. */
  readonly defaultRoutes?: readonly Family[];
}

/**
 * What an endpoint of this node needs. One in conflict keeps its port, down and without addresses: somebody else holds what
 * it had.
 */
export function localEndpointObjects({
  network,
  networkMtu,
  endpoint,
  defaultRoutes = [],
}: LocalInput): LinuxObject[] {
  const scope = networkScope(network.id);
  const sandbox = sandboxScope(endpoint.sandbox.path);
  const port = portName(endpoint.id);
  const up = endpoint.state.kind === 'active';
  const veth: LinuxObject = {
    kind: 'veth',
    scope,
    name: port,
    bridge: bridgeName,
    mtu: networkMtu,
    up,
    peer: { scope: sandbox, name: endpoint.interfaceName, mac: endpoint.mac },
  };
  if (!up) return [veth];
  const inside = { scope: sandbox, dev: endpoint.interfaceName };
  return [
    veth,
    ...endpoint.addresses.flatMap((ip): Address[] => {
      const subnet = subnetOf(network, ip);
      if (subnet === undefined) return [];
      return [{ kind: 'address', ...inside, ip, length: prefixLength(subnet.prefix) }];
    }),
    ...waysToOtherSubnets(network, endpoint.addresses).map((way): Route => {
      return { kind: 'route', ...inside, ...way, metric: subnetRouteMetric };
    }),
    ...defaultRoutes.flatMap((family): Route[] => {
      const via = gatewayFor(network, endpoint.addresses, family);
      return via === undefined ? [] : [{ kind: 'route', ...inside, ...defaultRoute[family], via }];
    }),
    { kind: 'port-fdb', scope, dev: port, mac: endpoint.mac },
    ...(mayGiveRoute(network, endpoint)
      ? neighbours(network, endpoint, bridgeName)
      : routerNeighbours(network, endpoint)),
  ];
}

export interface RemoteInput {
  readonly network: OverlayNetwork;
  readonly endpoint: Pick<Endpoint, 'mac' | 'addresses' | 'state'>;
  /** Where the tunnels of its node end; undefined while the node is unknown: then nothing leads there. */
  readonly vtep: Ip | undefined;
}

/** What an endpoint of another node needs here, so that no frame to it is flooded and no question about it leaves. */
export function remoteEndpointObjects({ network, endpoint, vtep }: RemoteInput): LinuxObject[] {
  if (endpoint.state.kind !== 'active' || vtep === undefined) return [];
  const scope = networkScope(network.id);
  const { mac, addresses } = endpoint;
  const devices = isRouted(network) ? tunnelAndBridge : tunnelOnly;
  // Made as long as it will be: a list that grows keeps room for sixteen more, and there may be a hundred thousand of these.
  const objects = new Array<LinuxObject>(1 + devices.length * addresses.length);
  objects[0] = { kind: 'fdb', scope, dev: tunnelName, mac, dst: vtep };
  let at = 1;
  for (const dev of devices)
    for (const ip of addresses) objects[at++] = { kind: 'neighbour', scope, dev, ip, mac };
  return objects;
}

/** Who must know an endpoint's addresses: whoever asks through the tunnel device, and the router where there is one. */
const tunnelOnly = [tunnelName];
const tunnelAndBridge = [tunnelName, bridgeName];

/** Explicit, because the kernel turns an IPv6 metric of 0 into 1024; better than what DHCP clients and the like install. */
const subnetRouteMetric = 100;

/**
 * With the metrics that `ip route add default` gives, so that it and ours exclude each other: the kernel refuses ours where there is
 * one already, which stays.
 */
const defaultRoute: Readonly<Record<Family, Pick<Route, 'prefix' | 'metric'>>> = {
  4: { prefix: '0.0.0.0/0' as Prefix, metric: 0 },
  6: { prefix: '::/0' as Prefix, metric: 1024 },
};

type Holder = Pick<Endpoint, 'mac' | 'addresses'>;

/** The router in the network namespace knows every endpoint and never asks. */
function routerNeighbours(network: OverlayNetwork, endpoint: Holder): readonly NeighbourEntry[] {
  return isRouted(network) ? neighbours(network, endpoint, bridgeName) : none;
}

const none: readonly NeighbourEntry[] = [];

function neighbours(network: OverlayNetwork, { mac, addresses }: Holder, dev: string): NeighbourEntry[] {
  const scope = networkScope(network.id);
  return addresses.map((ip) => ({ kind: 'neighbour', scope, dev, ip, mac }));
}

/** By its own subnet's gateway an endpoint reaches the subnets of the same family in which it has no address. */
function waysToOtherSubnets(
  network: OverlayNetwork,
  addresses: readonly Ip[],
): Pick<Route, 'prefix' | 'via'>[] {
  return network.subnets.flatMap(({ prefix }) => {
    if (addresses.some((ip) => contains(prefix, ip))) return [];
    const via = gatewayFor(network, addresses, prefixFamily(prefix));
    return via === undefined ? [] : [{ prefix, via }];
  });
}

/** The gateway of the subnet in which the endpoint has its first address of the family. */
function gatewayFor(network: OverlayNetwork, addresses: readonly Ip[], family: Family): Ip | undefined {
  const own = addresses.find((ip) => familyOf(ip) === family);
  return own === undefined ? undefined : subnetOf(network, own)?.gateway;
}

function subnetOf(network: OverlayNetwork, ip: Ip): Subnet | undefined {
  return network.subnets.find((s) => contains(s.prefix, ip));
}
