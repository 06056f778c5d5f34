import { familyOf, type Ip } from '../../model/ip.ts';
import { nodeIdPattern, type Node, type NodeId } from '../../model/node.ts';
import { parsePrefix, prefixLength, type Prefix } from '../../model/prefix.ts';
import { keys } from '../keys.ts';
import { weft } from './generated/weft.js';
import * as record from './record.ts';

/** A node publishes this many routes, addresses and name servers at most. */
const mostRoutes = 1024;
const mostAddresses = 1024;
const mostNameServers = 64;

export function encodeNode(node: Node): Uint8Array {
  const bytes = weft.v1.Node.encode({
    ...node,
    vteps: node.vteps.map(record.ipBytes),
    routes: node.routes.map((route) => ({
      address: record.ipBytes(route.slice(0, route.indexOf('/')) as Ip),
      length: prefixLength(route),
    })),
    addresses: node.addresses.map(record.ipBytes),
    nameServers: node.nameServers.map(record.ipBytes),
  }).finish();
  return record.encodeRecord(keys.node(node.id), bytes, decodeNode);
}

/** @throws RECORD_INVALID naming the key. */
export function decodeNode(key: string, value: Uint8Array): Node {
  return record.decodeRecord(key, value, (bytes) => {
    const raw = weft.v1.Node.decode(bytes);
    const id = record.matching('node id', raw.id, nodeIdPattern) as NodeId;
    record.requireKey(key, keys.node(id));
    return {
      id,
      name: record.named('name', raw.name),
      vteps: readVteps(raw.vteps),
      mtu: record.whole('MTU', raw.mtu, 68, 0xffffffff),
      serial: raw.serial,
      routes: record.several('routes', raw.routes, mostRoutes, readPrefix),
      addresses: record.several('addresses', raw.addresses, mostAddresses, readAddress),
      nameServers: record.several('name servers', raw.nameServers, mostNameServers, readAddress),
      version: record.plain('version', raw.version, 64),
    };
  });
}

function readVteps(raw: readonly Uint8Array[]): readonly Ip[] {
  const vteps = record.several('VTEP addresses', raw, 2, (bytes) => record.readIp('VTEP address', bytes));
  if (vteps.length === 0) record.wrong('it has no VTEP address');
  if (vteps.length === 2 && new Set(vteps.map(familyOf)).size < 2) {
    record.wrong(`it has two VTEP addresses of one family, ${vteps.join(' and ')}`);
  }
  return vteps;
}

const readAddress = (bytes: Uint8Array): Ip => record.readIp('address', bytes);

function readPrefix({ address, length }: weft.v1.Prefix.$Properties): Prefix {
  return parsePrefix(`${record.readIp('route', address ?? new Uint8Array())}/${length ?? 0}`);
}
