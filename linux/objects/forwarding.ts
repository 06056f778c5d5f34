import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import { ranks, type Kind } from './kind.ts';
import { neighbourPlace, onLink, portPlace } from './place.ts';
import { ipIn, namespaceName, type NetworkScope } from './scope.ts';

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

export const fdbKind: Kind<FdbEntry> = {
  rank: () => ranks.forwarding,
  provides: () => [],
  uses: (o) => [onLink(o.scope, o.dev)],
  create: (o) => [replaceFdb(o)],
  change: (o) => [replaceFdb(o)],
  remove: (o) => [`bridge -n ${namespaceName(o.scope)} fdb del ${o.mac} dev ${o.dev} self dst ${o.dst}`],
};

function replaceFdb(o: FdbEntry): string {
  return `bridge -n ${namespaceName(o.scope)} fdb replace ${o.mac} dev ${o.dev} self permanent dst ${o.dst}`;
}

export const portFdbKind: Kind<PortFdbEntry> = {
  rank: () => ranks.forwarding,
  provides: () => [],
  // The entry lives in the bridge and is flushed when the port leaves it.
  uses: (o) => [{ place: portPlace(o.scope, o.dev), fate: 'goes' }],
  create: (o) => [`bridge -n ${namespaceName(o.scope)} fdb replace ${o.mac} dev ${o.dev} master static`],
  change: (o) => portFdbKind.create(o),
  remove: (o) => [`bridge -n ${namespaceName(o.scope)} fdb del ${o.mac} dev ${o.dev} master`],
};

export const neighbourKind: Kind<NeighbourEntry> = {
  rank: () => ranks.neighbour,
  provides: () => [],
  uses: (o) => [{ place: neighbourPlace(o.scope, o.dev), fate: 'goes' }],
  create: (o) => [replaceNeighbour(o)],
  change: (o) => [replaceNeighbour(o)],
  remove: (o) => [`${ipIn(o.scope)} neigh del ${o.ip} dev ${o.dev}`],
};

function replaceNeighbour(o: NeighbourEntry): string {
  return `${ipIn(o.scope)} neigh replace ${o.ip} lladdr ${o.mac} dev ${o.dev} nud permanent`;
}
