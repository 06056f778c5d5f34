import type { AddressPool } from '../../model/address-pool.ts';
import type { Ip } from '../../model/ip.ts';
import type { Network } from '../../model/network.ts';
import type { Node } from '../../model/node.ts';

/** What a judgement depends on beside the wish and what is accepted of its name. */
export interface Surroundings {
  /** Accepted networks other than the one that is judged. */
  readonly networks: readonly Network[];
  readonly nodes: readonly Node[];
  /** Of the cluster. */
  readonly pools: readonly AddressPool[];
  /** Who holds addresses of the network that is judged, for people; at least of those that it would keep from now on. */
  readonly holders: ReadonlyMap<Ip, string>;
}
