import { nodeIdPattern, type Fence, type FenceKind, type NodeId } from '../../model/node.ts';
import { keys } from '../keys.ts';
import { weft } from './generated/weft.js';
import * as record from './record.ts';

const toWire = {
  collect: weft.v1.FenceKind.FENCE_KIND_COLLECT,
  forget: weft.v1.FenceKind.FENCE_KIND_FORGET,
  drain: weft.v1.FenceKind.FENCE_KIND_DRAIN,
} as const satisfies Record<FenceKind, number>;
const fromWire = new Map(Object.entries(toWire).map(([kind, wire]) => [wire as number, kind as FenceKind]));

export function encodeFence(fence: Fence): Uint8Array {
  return weft.v1.Fence.encode({ ...fence, kind: toWire[fence.kind] }).finish();
}

/** @throws RECORD_INVALID naming the key. */
export function decodeFence(key: string, value: Uint8Array): Fence {
  return record.decodeRecord(key, value, (bytes) => {
    const raw = weft.v1.Fence.decode(bytes);
    const node = record.matching('node id', raw.node, nodeIdPattern) as NodeId;
    record.requireKey(key, keys.fence(node));
    return {
      node,
      name: record.named('name', raw.name),
      kind: fromWire.get(raw.kind) ?? record.wrong(`its kind is ${raw.kind}, which nobody knows`),
      by: record.matching('collector', raw.by, nodeIdPattern) as NodeId,
    };
  });
}
