import { invariant, WeftError } from '../model/errors.ts';
import type { Condition, Limits, Op } from './store.ts';

const keyPattern = /^[!-~]+$/;

/**
 * What every back end checks before it sends a transaction.
 *
 * @throws INVARIANT for a key that is not printable ASCII, an empty value, or a key twice in `ops`; STORE_LIMIT when the
 * transaction or one of its values is larger than the store takes.
 */
export function checkTxn(conditions: readonly Condition[], ops: readonly Op[], limits: Limits): void {
  const written = new Set<string>();
  let bytes = 0;
  for (const op of ops) {
    checkKey(op.key);
    invariant(!written.has(op.key), `${op.key} is written twice in one transaction`);
    written.add(op.key);
    bytes += op.key.length + (op.kind === 'put' ? checkValue(op.key, op.value, limits) : 0);
  }
  for (const { key } of conditions) {
    checkKey(key);
    bytes += key.length;
  }
  const count = conditions.length + ops.length;
  if (count > limits.txnOps) tooMuch(`${count} conditions and operations`, limits.txnOps, ops);
  if (bytes > limits.txnBytes) tooMuch(`${bytes} bytes`, limits.txnBytes, ops);
}

function checkKey(key: string): void {
  invariant(keyPattern.test(key), `key ${JSON.stringify(key)} is empty or not printable ASCII`);
}

function checkValue(key: string, value: Uint8Array, limits: Limits): number {
  const size = value.byteLength;
  invariant(size > 0, `the value of ${key} is empty`);
  if (size <= limits.valueBytes) return size;
  throw new WeftError(
    'STORE_LIMIT',
    `the value of ${key} has ${size} bytes; the store takes ${limits.valueBytes}`,
    { details: { key, size, limit: limits.valueBytes } },
  );
}

function tooMuch(size: string, limit: number, ops: readonly Op[]): never {
  const first = ops[0]?.key ?? 'nothing';
  throw new WeftError(
    'STORE_LIMIT',
    `a transaction that writes ${first} has ${size}; the store takes ${limit}`,
    {
      details: { keys: ops.map((op) => op.key), limit },
    },
  );
}
