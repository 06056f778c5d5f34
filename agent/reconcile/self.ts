import { WeftError } from '../../model/errors.ts';
import type { Ip } from '../../model/ip.ts';
import type { Cluster, Node, NodeId } from '../../model/node.ts';
import { vtepOf } from '../../vxlan/mtu.ts';

/** What this node must know of itself before it may program anything. */
export interface Self {
  readonly node: NodeId;
  /** Our VTEP address of the cluster's underlay family. */
  readonly vtep: Ip;
  readonly cluster: Cluster;
}

/** @throws CLUSTER_MISMATCH when the node has no address of the cluster's family. */
export function selfOf(node: Pick<Node, 'id' | 'name' | 'vteps'>, cluster: Cluster, advertise: string): Self {
  const vtep = vtepOf(node, cluster.underlay);
  if (vtep !== undefined) return { node: node.id, vtep, cluster };
  const place = advertise === '' ? 'the advertised interface' : advertise;
  const has = node.vteps.length === 0 ? 'it has none' : `it has ${node.vteps.join(', ')}`;
  throw new WeftError(
    'CLUSTER_MISMATCH',
    `node ${node.name} cannot join cluster ${cluster.id}: the tunnels use IPv${cluster.underlay}, but ${place} has no such address (${has})`,
    { details: { cluster: cluster.id, underlay: cluster.underlay, vteps: node.vteps } },
  );
}
