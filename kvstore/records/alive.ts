import { nodeIdPattern, type Alive, type NodeId } from '../../model/node.ts';
import { keys } from '../keys.ts';
import { weft } from './generated/weft.js';
import * as record from './record.ts';

export function encodeAlive({ node, generation }: Alive): Uint8Array {
  return weft.v1.Alive.encode({ node, ...generation }).finish();
}

/** @throws RECORD_INVALID naming the key. */
export function decodeAlive(key: string, value: Uint8Array): Alive {
  return record.decodeRecord(key, value, (bytes) => {
    const { node, counter, random } = weft.v1.Alive.decode(bytes);
    const id = record.matching('node id', node, nodeIdPattern) as NodeId;
    record.requireKey(key, keys.alive(id));
    return {
      node: id,
      generation: { counter, random: record.matching('generation', random, /^[0-9a-f]{16}$/) },
    };
  });
}
