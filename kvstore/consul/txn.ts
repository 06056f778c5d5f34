import type { Condition, Lease, Op } from '../store.ts';
import type { KvOp } from './kv.ts';
import type { KeySpace } from './key-space.ts';

/** Consul's limit of operations in one transaction, conditions included. */
export const mostOps = 64;

/** The sessions that hold keys, as far as they have been looked up: a key that is here and undefined is held by none. */
export type Holders = ReadonlyMap<string, string | undefined>;

/** One operation for the server, and what it means when it is refused. */
export interface Step {
  readonly op: KvOp;
  /** `hold`: a session holds the key that we thought does not, or the other way round. */
  readonly role: 'condition' | 'write' | 'hold';
  /** Of the port. */
  readonly key: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  /** Keys whose holder has to be looked up, since there is no room for an operation that asks. */
  readonly unknown: readonly string[];
}

export interface EncodePorts {
  readonly space: KeySpace;
  /** The server's name of a lease. */
  readonly idOf: (lease: Lease) => string;
  /** Differs from the one before: a write of an equal key would leave its revision as it is. */
  readonly flags: number;
}

/**
 * A transaction as Consul wants it. A put changes who holds the key, which no operation of Consul does by itself: a plain
 * write leaves a key to its session, and a session cannot take the key of another one. So a holder has to be named, and
 * every plain write is followed by an operation that fails when there is one.
 */
export function encodeTxn(
  conditions: readonly Condition[],
  ops: readonly Op[],
  holders: Holders,
  ports: EncodePorts,
): Plan {
  const { space, flags } = ports;
  const steps: Step[] = conditions.map((condition) => encodeCondition(space, condition));
  for (const op of ops) steps.push(...encodeOp(op, holders, ports));
  if (ops.length > 0 && ops.every(({ kind }) => kind === 'delete')) {
    // Deletions are answered without an index.
    const op: KvOp = { Verb: 'set', Key: space.mark, Value: base64(Buffer.of(0x2e)), Flags: flags };
    steps.push({ op, role: 'write', key: '' });
  }
  const absent = new Set(conditions.filter(({ kind }) => kind === 'absent').map(({ key }) => key));
  const unsure = steps.filter(({ op, key }) => op.Verb === 'set' && key !== '' && !absent.has(key));
  const room = Math.max(0, mostOps - steps.length);
  const guards = unsure.slice(0, room).map(({ key, op: { Key } }): Step => {
    return { op: { Verb: 'check-session', Key, Session: '' }, role: 'hold', key };
  });
  const unknown = unsure.slice(room).flatMap(({ key }) => (holders.has(key) ? [] : [key]));
  return { steps: [...steps, ...guards], unknown };
}

function encodeCondition(space: KeySpace, condition: Condition): Step {
  const { key } = condition;
  const Key = space.absolute(key);
  switch (condition.kind) {
    case 'absent':
      return { op: { Verb: 'check-not-exists', Key }, role: 'condition', key };
    case 'unchanged':
      return { op: { Verb: 'check-index', Key, Index: condition.revision }, role: 'condition', key };
  }
}

function encodeOp(op: Op, holders: Holders, { space, idOf, flags }: EncodePorts): readonly Step[] {
  const { key } = op;
  const Key = space.absolute(key);
  if (op.kind === 'delete') return [{ op: { Verb: 'delete', Key }, role: 'write', key }];
  const written = { Key, Value: base64(op.value), Flags: flags };
  const holder = holders.get(key);
  const unlock: Step[] =
    holder === undefined ? [] : [{ op: { Verb: 'unlock', ...written, Session: holder }, role: 'hold', key }];
  if (op.lease !== undefined) {
    const Session = idOf(op.lease);
    const lock: Step = { op: { Verb: 'lock', ...written, Session }, role: 'hold', key };
    return holder === Session ? [lock] : [...unlock, lock];
  }
  return holder === undefined ? [{ op: { Verb: 'set', ...written }, role: 'write', key }] : unlock;
}

const base64 = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64');
