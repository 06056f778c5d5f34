import type { ICompare, IRequestOp, ITxnRequest, ITxnResponse } from 'etcd3/lib/rpc.js';
import type { Condition, Entry, Lease, Op, TxnResult } from '../store.ts';
import type { KeySpace } from './key-space.ts';

/**
 * A transaction as etcd wants it. When a condition fails, the server answers at once with what the conditions' keys hold.
 *
 * @param idOf The server's number of a lease.
 */
export function encodeTxn(
  space: KeySpace,
  conditions: readonly Condition[],
  ops: readonly Op[],
  idOf: (lease: Lease) => string,
): ITxnRequest {
  return {
    compare: conditions.map((condition) => encodeCondition(space, condition)),
    success: ops.map((op) => encodeOp(space, op, idOf)),
    failure: keysOf(conditions).map((key) => ({ request_range: { key: space.absolute(key) } })),
  };
}

export function decodeTxn(
  space: KeySpace,
  conditions: readonly Condition[],
  answer: ITxnResponse,
): TxnResult {
  if (answer.succeeded) return { ok: true, revision: Number(answer.header.revision) };
  const current = new Map<string, Entry | undefined>();
  for (const [index, key] of keysOf(conditions).entries()) {
    const kv = answer.responses[index]?.response_range.kvs[0];
    current.set(key, kv === undefined ? undefined : space.entry(kv));
  }
  return { ok: false, current };
}

const keysOf = (conditions: readonly Condition[]): readonly string[] => [
  ...new Set(conditions.map((condition) => condition.key)),
];

function encodeCondition(space: KeySpace, condition: Condition): ICompare {
  const key = space.absolute(condition.key);
  switch (condition.kind) {
    case 'absent':
      return { key, result: 'Equal', target: 'Create', create_revision: 0 };
    case 'unchanged':
      return { key, result: 'Equal', target: 'Mod', mod_revision: condition.revision };
  }
}

function encodeOp(space: KeySpace, op: Op, idOf: (lease: Lease) => string): IRequestOp {
  const key = space.absolute(op.key);
  switch (op.kind) {
    case 'put': {
      // A copy that shares its bytes, since the encoder wants a Buffer.
      const value = Buffer.from(op.value.buffer, op.value.byteOffset, op.value.byteLength);
      return { request_put: { key, value, lease: op.lease === undefined ? 0 : idOf(op.lease) } };
    }
    case 'delete':
      return { request_delete_range: { key } };
  }
}
