import { claimIn, networkClaims, type Txn } from '../../ipam/claims.ts';
import type { Condition, Entry, Op } from '../../kvstore/store.ts';
import type { Network } from '../../model/network.ts';

/**
 * What becomes of the claims that a network holds itself, when it is changed: new ones are put where nobody has any, those that it
 * does not need any more are deleted, unless somebody else has them. All of them must be as they were read.
 */
export async function claimChanges(
  before: Network,
  after: Network,
  read: (key: string) => Promise<Entry | undefined>,
): Promise<Txn> {
  const had = new Map(networkClaims(before).map(({ key, value }) => [key, value]));
  const has = new Map(networkClaims(after).map(({ key, value }) => [key, value]));
  const conditions: Condition[] = [];
  const ops: Op[] = [];
  for (const [key, value] of has) {
    const old = had.get(key);
    if (old !== undefined && Buffer.from(old).equals(value)) continue;
    const entry = old === undefined ? undefined : await read(key);
    conditions.push(asRead(key, entry));
    ops.push({ kind: 'put', key, value });
  }
  for (const key of had.keys()) {
    const entry = has.has(key) ? undefined : await read(key);
    if (entry === undefined || !isOfNetwork(entry)) continue;
    conditions.push(asRead(key, entry));
    ops.push({ kind: 'delete', key });
  }
  return { conditions, ops };
}

const isOfNetwork = (entry: Entry): boolean => ['gateway', 'auxiliary'].includes(claimIn(entry).kind);

const asRead = (key: string, entry: Entry | undefined): Condition =>
  entry === undefined ? { kind: 'absent', key } : { kind: 'unchanged', key, revision: entry.revision };
