import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import { ranks, type Kind, type Place, type Use } from './kind.ts';
import { neighbourPlace, onLink, portPlace } from './place.ts';
import type { NetworkScope } from './scope.ts';
import { quoted, type Shell } from './shell.ts';

/** FDB entry of the tunnel device: inner MAC -> outer address of a VTEP (`bridge fdb replace MAC dev vxlan0 self dst IP`). */
export interface FdbEntry {
  readonly kind: 'fdb';
  readonly scope: NetworkScope;
  readonly dev: string;
  readonly mac: Mac;
  readonly dst: Ip;
}

/**
 * Static FDB entry of a bridge port: this MAC is behind this port (`bridge fdb replace MAC dev PORT master static`). Where the device
 * is the bridge itself, the MAC is its own, and the kernel makes the entry with it (`ownEntry`).
 */
export interface PortFdbEntry {
  readonly kind: 'port-fdb';
  readonly scope: NetworkScope;
  readonly dev: string;
  readonly mac: Mac;
  /** Of the bridge itself: what is for this MAC is for this node. */
  readonly own?: true;
}

interface OfBridge {
  readonly scope: NetworkScope;
  readonly name: string;
  readonly mac: Mac;
}

/** The entry that the kernel makes for the MAC of a bridge: without it nothing gets to the gateway. */
export function ownEntry({ scope, name, mac }: OfBridge): PortFdbEntry {
  return { kind: 'port-fdb', scope, dev: name, mac, own: true };
}

const whereOf = ({ own }: PortFdbEntry): string => (own === true ? 'self permanent' : 'master static');

/** Permanent neighbour entry: inner IP -> inner MAC (`ip neigh replace IP lladdr MAC dev vxlan0 nud permanent`). */
export interface NeighbourEntry {
  readonly kind: 'neighbour';
  readonly scope: NetworkScope;
  readonly dev: string;
  readonly ip: Ip;
  readonly mac: Mac;
}

const nowhere: readonly Place[] = [];

interface OnDevice {
  readonly scope: NetworkScope;
  readonly dev: string;
}

/** Entries come by the thousand, all on one device: its places are not put together for each of them. */
function rememberLast(uses: (o: OnDevice) => readonly Use[]): (o: OnDevice) => readonly Use[] {
  let last: OnDevice | undefined;
  let its: readonly Use[] = [];
  return (o) => {
    if (last?.dev === o.dev && last.scope === o.scope) return its;
    its = uses(o);
    last = { scope: o.scope, dev: o.dev };
    return its;
  };
}

export const fdbKind: Kind<FdbEntry> = {
  rank: () => ranks.forwarding,
  provides: () => nowhere,
  uses: rememberLast((o) => [onLink(o.scope, o.dev)]),
  create: (o, sh) => [replaceFdb(o, sh)],
  change: (o, _, sh) => [replaceFdb(o, sh)],
  remove: (o, sh) => [`${sh.bridge(o.scope)} fdb del ${o.mac} dev ${quoted(o.dev)} self dst ${o.dst}`],
};

function replaceFdb(o: FdbEntry, sh: Shell): string {
  return `${sh.bridge(o.scope)} fdb replace ${o.mac} dev ${quoted(o.dev)} self permanent dst ${o.dst}`;
}

export const portFdbKind: Kind<PortFdbEntry> = {
  rank: () => ranks.forwarding,
  provides: () => nowhere,
  // The entry lives in the bridge and is flushed when the port leaves it.
  uses: (o) => [{ place: portPlace(o.scope, o.dev), fate: 'goes' }],
  create: (o, sh) => [`${sh.bridge(o.scope)} fdb replace ${o.mac} dev ${quoted(o.dev)} ${whereOf(o)}`],
  change: (o, _, sh) => portFdbKind.create(o, sh),
  remove: (o, sh) => [
    `${sh.bridge(o.scope)} fdb del ${o.mac} dev ${quoted(o.dev)} ${o.own === true ? 'self' : 'master'}`,
  ],
};

export const neighbourKind: Kind<NeighbourEntry> = {
  rank: () => ranks.neighbour,
  provides: () => nowhere,
  uses: rememberLast((o) => [{ place: neighbourPlace(o.scope, o.dev), fate: 'goes' }]),
  create: (o, sh) => [replaceNeighbour(o, sh)],
  change: (o, _, sh) => [replaceNeighbour(o, sh)],
  remove: (o, sh) => [`${sh.ip(o.scope)} neigh del ${o.ip} dev ${quoted(o.dev)}`],
};

function replaceNeighbour(o: NeighbourEntry, sh: Shell): string {
  return `${sh.ip(o.scope)} neigh replace ${o.ip} lladdr ${o.mac} dev ${quoted(o.dev)} nud permanent`;
}
