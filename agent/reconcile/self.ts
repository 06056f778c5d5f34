import type { Ip } from '../../model/ip.ts';
import type { Cluster, NodeId } from '../../model/node.ts';

/** What this node must know of itself before it may program anything. */
export interface Self {
  readonly node: NodeId;
  /** Our VTEP address of the cluster's underlay family. */
  readonly vtep: Ip;
  readonly cluster: Cluster;
}
