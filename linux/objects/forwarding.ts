import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { NetworkScope } from './scope.ts';

/** FDB entry of the tunnel device: inner MAC -> outer address of a VTEP (`bridge fdb replace MAC dev vxlan0 self dst IP`). */
export interface FdbEntry {
  readonly kind: 'fdb';
  readonly scope: NetworkScope;
  readonly dev: string;
  readonly mac: Mac;
  readonly dst: Ip;
}

/** Static FDB entry of a bridge port: this MAC is behind this port (`bridge fdb replace MAC dev PORT master static`). */
export interface PortFdbEntry {
  readonly kind: 'port-fdb';
  readonly scope: NetworkScope;
  readonly dev: string;
  readonly mac: Mac;
}

/** Permanent neighbour entry: inner IP -> inner MAC (`ip neigh replace IP lladdr MAC dev vxlan0 nud permanent`). */
export interface NeighbourEntry {
  readonly kind: 'neighbour';
  readonly scope: NetworkScope;
  readonly dev: string;
  readonly ip: Ip;
  readonly mac: Mac;
}
