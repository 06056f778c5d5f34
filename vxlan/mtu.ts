import { familyOf, type Family, type Ip } from '../model/ip.ts';
import type { Network } from '../model/network.ts';
import { tunnelOverhead, type Node } from '../model/node.ts';

/** The end of the node's tunnels in the cluster's underlay; undefined when the node has no address of that family. */
export function vtepOf(node: Pick<Node, 'vteps'>, underlay: Family): Ip | undefined {
  return node.vteps.find((ip) => familyOf(ip) === underlay);
}

/**
 * Bytes of an IP packet inside the network: as declared, else what fits through the underlay of every node that can take
 * part, alive or not. Without any node it is that of plain Ethernet (1500).
 */
export function networkMtu(
  network: Pick<Network, 'mtu'>,
  nodes: Iterable<Pick<Node, 'vteps' | 'mtu'>>,
  underlay: Family,
): number {
  if (network.mtu !== undefined) return network.mtu;
  let least: number | undefined;
  for (const node of nodes) {
    if (vtepOf(node, underlay) !== undefined) least = Math.min(least ?? node.mtu, node.mtu);
  }
  return (least ?? 1500) - tunnelOverhead(underlay);
}
