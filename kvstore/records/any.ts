import { networkIdPattern } from '../../model/network.ts';
import { nodeIdPattern } from '../../model/node.ts';
import { parseKey } from '../keys.ts';
import { decodeText } from '../store.ts';
import { decodeAlive } from './alive.ts';
import { decodeClaim } from './claim.ts';
import { decodeCluster } from './cluster-json.ts';
import { decodeEndpoint } from './endpoint.ts';
import { decodeFence } from './fence.ts';
import { decodeNetworkState } from './network-json.ts';
import { decodeNode } from './node.ts';
import * as record from './record.ts';
import { parseWish } from './wish.ts';

/**
 * What the value of any key says, as plain JSON for people; undefined where nobody knows the key.
 *
 * @throws RECORD_INVALID naming the key; for a declaration INPUT_INVALID with every problem.
 */
export function decodeAny(key: string, value: Uint8Array): unknown {
  const decoded = decode(key, value);
  return decoded === undefined ? undefined : plainJson(decoded);
}

/** A decoded record as plain JSON. */
export function plainJson(decoded: unknown): unknown {
  return JSON.parse(JSON.stringify(decoded, plain)) as unknown;
}

function decode(key: string, value: Uint8Array): unknown {
  const parsed = parseKey(key);
  switch (parsed.kind) {
    case 'cluster':
      return decodeCluster(key, value);
    case 'network-accept':
      return Number(text(key, value, 'counter', /^\d{1,15}$/));
    case 'network':
      parseWish(key, value);
      return record.readJson(value);
    case 'network-state':
      return decodeNetworkState(key, value);
    case 'vni':
      return text(key, value, 'network id', networkIdPattern);
    case 'node':
      return decodeNode(key, value);
    case 'node-name-claim':
    case 'node-vtep-claim':
      return text(key, value, 'node id', nodeIdPattern);
    case 'alive':
      return decodeAlive(key, value);
    case 'endpoint':
      return decodeEndpoint(key, value);
    case 'address-claim':
    case 'mac-claim':
    case 'name-claim':
      return decodeClaim(key, value);
    case 'fence':
      return decodeFence(key, value);
    case 'restoring':
    case 'unknown':
      return undefined;
  }
}

const text = (key: string, value: Uint8Array, what: string, pattern: RegExp): string =>
  record.decodeRecord(key, value, (bytes) => record.matching(what, decodeText(bytes), pattern));

const plain = (_: string, value: unknown): unknown =>
  value instanceof Map ? Object.fromEntries(value as Map<string, unknown>) : value;
