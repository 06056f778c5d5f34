import type { Probe } from '../../linux/kernel.ts';
import type { Ip } from '../../model/ip.ts';
import type { Cluster, Node, NodeId } from '../../model/node.ts';
import { vtepOf } from '../../vxlan/mtu.ts';

export interface LifeSignPorts {
  readonly probe: Probe;
  readonly cluster: Pick<Cluster, 'underlay' | 'port'>;
  readonly self: NodeId;
  /** Live nodes, this one included. */
  readonly living: readonly Node[];
}

/** Why a node is kept. */
export interface LifeSign {
  /** Its agent is away, and its tunnels seem to work; otherwise nobody can tell. */
  readonly unmanaged: boolean;
  readonly why: string;
}

/** Most live nodes that are asked whether silence means anything. */
const witnesses = 3;

/**
 * Why a node whose agent is away must be kept all the same; undefined: nothing speaks for it. It is *unmanaged* when its VTEP answers,
 * something has the port of the tunnels there, and no live node has that address now.
 */
export async function lifeSign(node: Node, ports: LifeSignPorts): Promise<LifeSign | undefined> {
  const { probe, cluster, self, living } = ports;
  const vtepIn = (each: Node): Ip | undefined => vtepOf(each, cluster.underlay);
  const vtep = vtepIn(node);
  if (vtep === undefined || living.some((each) => vtepIn(each) === vtep)) return undefined;
  const { echo, refused } = await probe(vtep, cluster.port);
  if (echo && !refused) {
    const why = `its VTEP ${vtep} answers and does not refuse UDP port ${cluster.port}: its endpoints may be in use`;
    return { unmanaged: true, why };
  }
  if (echo) return undefined;
  const others = living.filter((each) => each.id !== self).flatMap((each) => vtepIn(each) ?? []);
  if (others.length === 0) return undefined;
  const asked = others.slice(0, witnesses);
  for (const ip of asked) if ((await probe(ip, cluster.port)).echo) return undefined;
  const why =
    `its VTEP ${vtep} is silent, but so are live nodes (${asked.join(', ')}): ` +
    'this node may be cut off from the underlay, or ICMP echo is filtered';
  return { unmanaged: false, why };
}
