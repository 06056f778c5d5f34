import type { Ip } from '../model/ip.ts';
import { gatewayMac, isRouted, type Network } from '../model/network.ts';
import type { Cluster, NodeId } from '../model/node.ts';
import { prefixLength } from '../model/prefix.ts';
import { broughtBy } from '../linux/objects/kinds.ts';
import type { LinuxObject } from '../linux/objects/object.ts';
import { networkScope } from '../linux/objects/scope.ts';
import { bridgeSettings, namespaceSettings, settingObject } from '../linux/objects/settings.ts';
import { bridgeMac, bridgeName, namespaceMark, tunnelName } from './names.ts';

export interface NetworkInput {
  readonly network: Pick<Network, 'id' | 'vni' | 'subnets'>;
  /** As `networkMtu` tells. */
  readonly networkMtu: number;
  /** This node, and the address its tunnels leave from. */
  readonly self: { readonly node: NodeId; readonly vtep: Ip };
  readonly cluster: Pick<Cluster, 'id' | 'port'>;
  /** May an endpoint of this node give its sandbox the default route, so that the gateway must be there? Absent: no. */
  readonly givesRoutes?: boolean;
}

/**
 * What a network needs on every node that takes part, whoever its endpoints are: the namespace and its settings, the bridge,
 * the tunnel device and, with several subnets of one family or where somebody's default route leads here, the gateways.
 */
export function networkObjects(input: NetworkInput): LinuxObject[] {
  const { network, networkMtu: mtu, self, cluster, givesRoutes = false } = input;
  const scope = networkScope(network.id);
  const routed = isRouted(network) || givesRoutes;
  const mac = routed ? gatewayMac : bridgeMac(network, self.node);
  const settings = [...namespaceSettings, ...bridgeSettings(bridgeName)];
  const bridge = { kind: 'bridge', scope, name: bridgeName, mac, mtu } as const;
  return [
    { kind: 'netns', scope, mark: namespaceMark(cluster.id, self.node, network.id) },
    ...settings.map((s) => settingObject(scope, s, settingValue(s.key, routed))),
    bridge,
    ...broughtBy(bridge),
    {
      kind: 'vxlan',
      scope,
      name: tunnelName,
      bridge: bridgeName,
      vni: network.vni,
      local: self.vtep,
      port: cluster.port,
      mtu,
    },
    ...(routed ? network.subnets : []).flatMap(({ gateway, prefix }): LinuxObject[] => {
      const inside = { scope, dev: bridgeName } as const;
      const address = { kind: 'address', ...inside, ip: gateway, length: prefixLength(prefix) } as const;
      return [address, ...broughtBy(address)];
    }),
  ];
}

/**
 * Forwarding where the gateway is; no link-local addresses; everything else off: redirects would send
 * endpoints past the gateway, advertisements come from nobody, and bridged frames need no walk through the host's filters.
 */
function settingValue(key: string, routed: boolean): string {
  if (key === 'net/ipv4/ip_forward' || key.endsWith('/forwarding')) return routed ? '1' : '0';
  return key === 'net/ipv6/conf/default/addr_gen_mode' ? '1' : '0';
}
