import {
  endpointIdPattern,
  endpointLimits,
  type Endpoint,
  type EndpointId,
  type EndpointState,
} from '../../model/endpoint.ts';
import type { Ip } from '../../model/ip.ts';
import { macFromBytes, parseMac, writeMac, type Mac } from '../../model/mac.ts';
import { networkIdPattern, networkLimits, type NetworkId } from '../../model/network.ts';
import { nodeIdPattern, type NodeId } from '../../model/node.ts';
import type { Name } from '../../model/name.ts';
import { keys } from '../keys.ts';
import { weft } from './generated/weft.js';
import * as record from './record.ts';
import { textPool } from './text-pool.ts';

const { ENDPOINT_STATE_ACTIVE: active, ENDPOINT_STATE_CONFLICT: conflict } = weft.v1.EndpointState;
const most = {
  aliases: endpointLimits.aliases,
  addresses: networkLimits.subnets,
  labels: networkLimits.labels,
} as const;

/** @throws INPUT_INVALID when labels, for instance, make it larger than a record may be. */
export function encodeEndpoint(endpoint: Endpoint): Uint8Array {
  const { state, ...same } = endpoint;
  const mac = new Uint8Array(6);
  writeMac(endpoint.mac, mac);
  const bytes = weft.v1.Endpoint.encode({
    ...same,
    aliases: [...endpoint.aliases],
    mac,
    addresses: endpoint.addresses.map(record.ipBytes),
    labels: [...endpoint.labels].toSorted(byKey).map(([key, value]) => ({ key, value })),
    ...(state.kind === 'active' ? { state: active } : { state: conflict, conflictHolder: state.holder }),
  }).finish();
  return record.encodeRecord(keys.endpoint(endpoint.network, endpoint.id), bytes, decodeEndpoint);
}

/** @throws RECORD_INVALID naming the key. */
export function decodeEndpoint(key: string, value: Uint8Array): Endpoint {
  return record.decodeRecord(key, value, (bytes) => {
    const raw = weft.v1.Endpoint.decode(bytes);
    const id = record.matching('endpoint id', raw.id, endpointIdPattern) as EndpointId;
    const network = record.matching('network id', raw.network, networkIdPattern) as NetworkId;
    record.requireKey(key, keys.endpoint(network, id));
    const endpoint: Endpoint = {
      id,
      network: shared(network),
      node: shared(record.matching('node id', raw.node, nodeIdPattern)) as NodeId,
      aliases: readAliases(raw.aliases),
      mac: readMac(raw.mac),
      addresses: readAddresses(raw.addresses),
      sandbox: readSandbox(raw.sandbox),
      interfaceName: shared(record.matching('interface name', raw.interfaceName, interfaceNamePattern)),
      routePriority: raw.routePriority,
      labels: readLabels(raw.labels),
      state: readState(raw),
      creator: shared(record.plain('creator', raw.creator, 253)),
      createdAt: record.whole('time of creation', raw.createdAt, 0, Number.MAX_SAFE_INTEGER),
    };
    return raw.name === '' ? endpoint : { ...endpoint, name: record.named('name', raw.name) };
  });
}

const interfaceNamePattern = /^(?!\.{1,2}$)[a-zA-Z0-9_.-]{1,15}$/;

// A network may have a hundred thousand endpoints: what most of them have is made once.
const noAliases: readonly Name[] = [];
const noLabels: ReadonlyMap<string, string> = new Map();
const isActive: EndpointState = { kind: 'active' };
const shared = textPool(4096);

const byKey = ([a]: readonly [string, string], [b]: readonly [string, string]): number => (a < b ? -1 : 1);

function readMac(bytes: Uint8Array): Mac {
  if (bytes.length !== 6) record.wrong(`its MAC address has ${bytes.length} bytes`);
  return parseMac(macFromBytes(bytes));
}

function readAliases(raw: readonly string[]): readonly Name[] {
  if (raw.length === 0) return noAliases;
  return record.several('aliases', raw, most.aliases, (alias) => record.named('alias', alias));
}

function readAddresses(raw: readonly Uint8Array[]): readonly Ip[] {
  const addresses = record.several('addresses', raw, most.addresses, (bytes) =>
    record.readIp('address', bytes),
  );
  if (addresses.length === 0) record.wrong('it has no address');
  if (addresses.some((ip, i) => addresses.indexOf(ip) < i)) record.wrong('it has an address twice');
  return addresses;
}

function readSandbox(raw: weft.v1.Sandbox.$Properties | null | undefined): Endpoint['sandbox'] {
  const { key, path, bootId, cookie } = raw ?? {};
  return {
    key: record.matching('sandbox key', key ?? '', /^[^\x00-\x1f\x7f]{1,4101}$/),
    path: record.matching('sandbox path', path ?? '', /^\/[^\x00-\x1f\x7f]{0,4095}$/),
    bootId: shared(record.matching('boot id', bootId ?? '', /^[0-9a-f-]{1,64}$/)),
    cookie: record.matching('sandbox cookie', cookie ?? '', /^\d{1,20}$/),
  };
}

function readLabels(raw: readonly weft.v1.Label.$Properties[]): ReadonlyMap<string, string> {
  if (raw.length === 0) return noLabels;
  const pairs = record.several(
    'labels',
    raw,
    most.labels,
    ({ key, value }) => [key ?? '', value ?? ''] as const,
  );
  return new Map(pairs);
}

function readState({ state, conflictHolder }: weft.v1.Endpoint.$Properties): EndpointState {
  if (state === active) return isActive;
  if (state !== conflict) return record.wrong(`its state is ${String(state)}, which nobody knows`);
  return { kind: 'conflict', holder: record.plain('holder', conflictHolder ?? '', 253) };
}
