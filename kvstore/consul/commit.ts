import { WeftError } from '../../model/errors.ts';
import type { CallOptions, Condition, Entry, Lease, Op, TxnResult } from '../store.ts';
import type { Calls } from './calls.ts';
import type { KvItem } from './kv.ts';
import type { KeySpace } from './key-space.ts';
import { encodeTxn, type Holders, type Step } from './txn.ts';

export interface CommitPorts {
  readonly calls: Calls;
  readonly space: KeySpace;
  /** The server's name of a lease. @throws STORE_LEASE_LOST when it is over. */
  readonly idOf: (lease: Lease) => string;
  /** A number below 2^53 that differs from the one before. */
  readonly nextFlags: () => number;
}

const isForbidden = /^permission denied/i;

/** Sessions come and go; more often than this in a row while one transaction is written, they do not. */
const attempts = 5;

/**
 * Sends a transaction, again only when it was surely refused for what is no condition of the caller. The revision is that
 * of the write; without operations that of some key asked about, or 0.
 */
export async function commit(
  ports: CommitPorts,
  conditions: readonly Condition[],
  ops: readonly Op[],
  options?: CallOptions,
): Promise<TxnResult> {
  const { calls, space } = ports;
  const wish = wishOf(space, conditions, ops);
  let holders: Holders = new Map();
  let why = '';
  for (let left = attempts; left > 0; left -= 1) {
    const encode = { space, idOf: ports.idOf, flags: ports.nextFlags() };
    let plan = encodeTxn(conditions, ops, holders, encode);
    if (plan.unknown.length > 0) {
      holders = new Map([...holders, ...(await holdersOf(ports, plan.unknown, options))]);
      plan = encodeTxn(conditions, ops, holders, encode);
    }
    const { steps } = plan;
    const answer = await calls.once(
      wish,
      (c, l) =>
        c.txn(
          steps.map(({ op }) => op),
          l,
        ),
      options,
    );
    if (answer.ok) return { ok: true, revision: Math.max(0, ...answer.indexes) };
    const refused = answer.errors.flatMap(({ at, what }) => {
      const step = steps[at];
      return step === undefined ? [] : [{ ...step, what }];
    });
    // Also of a condition, which has then been looked at by nobody.
    const forbidden = refused.find(({ what }) => isForbidden.test(what));
    if (forbidden !== undefined)
      throw refusal('STORE_DENIED', wish, `${forbidden.what}: ${forbidden.op.Key}`);
    if (refused.some(({ role }) => role === 'condition')) {
      return { ok: false, current: await currentOf(ports, conditions, options) };
    }
    why = refused.map(({ what }) => what).join('; ');
    // A write of a key fails for no other reason.
    if (refused.some(({ role }) => role === 'write')) throw refusal('STORE_DENIED', wish, why);
    await demandLeases(ports, refused, wish, options);
    holders = new Map([
      ...holders,
      ...(await holdersOf(
        ports,
        refused.map(({ key }) => key),
        options,
      )),
    ]);
  }
  throw refusal('STORE_UNAVAILABLE', wish, why);
}

function wishOf(space: KeySpace, conditions: readonly Condition[], ops: readonly Op[]): string {
  const first = ops[0]?.key ?? conditions[0]?.key ?? '';
  return `write ${space.prefix}${first}${ops.length > 1 ? ` and ${ops.length - 1} more` : ''}`;
}

const refusal = (code: 'STORE_DENIED' | 'STORE_UNAVAILABLE', wish: string, why: string): WeftError =>
  new WeftError(code, `cannot ${wish}: Consul answers: ${why}`, { details: { answer: why } });

/** @throws STORE_LEASE_LOST when a session that was to hold a key is gone. */
async function demandLeases(
  { calls }: CommitPorts,
  refused: readonly Step[],
  wish: string,
  options?: CallOptions,
): Promise<void> {
  for (const { op } of refused) {
    const { Verb, Session } = op;
    if (Verb !== 'lock' || Session === undefined) continue;
    if (await calls.repeatable('look for a session', (c, l) => c.hasSession(Session, l), options)) continue;
    throw new WeftError('STORE_LEASE_LOST', `cannot ${wish}: the session of its lease is gone`);
  }
}

async function holdersOf(
  ports: CommitPorts,
  keys: readonly string[],
  options?: CallOptions,
): Promise<Holders> {
  const items = await readAll(ports, keys, options);
  return new Map([...items].map(([key, item]) => [key, item?.Session]));
}

async function currentOf(
  ports: CommitPorts,
  conditions: readonly Condition[],
  options?: CallOptions,
): Promise<ReadonlyMap<string, Entry | undefined>> {
  const items = await readAll(
    ports,
    conditions.map(({ key }) => key),
    options,
  );
  return new Map([...items].map(([key, item]) => [key, item && ports.space.entry(item)]));
}

async function readAll(
  { calls, space }: CommitPorts,
  keys: readonly string[],
  options?: CallOptions,
): Promise<ReadonlyMap<string, KvItem | undefined>> {
  const read = async (key: string): Promise<readonly [string, KvItem | undefined]> => {
    const absolute = space.absolute(key);
    return [key, await calls.repeatable(`read ${absolute}`, (c, l) => c.get(absolute, l), options)];
  };
  return new Map(await Promise.all([...new Set(keys)].map(read)));
}
