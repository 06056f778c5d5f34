import { keys, prefixes } from '../../kvstore/keys.ts';
import { encodeText, type Store } from '../../kvstore/store.ts';
import { inBatches } from '../../kvstore/transfer/batches.ts';
import { create } from '../../kvstore/transfer/restore.ts';
import { asWeftError, hasCode } from '../../model/errors.ts';
import { networksIn, subjectOf, type Bundle } from './bundles.ts';

export interface RebuildPorts {
  readonly store: Store;
  /** Who restores, for people. */
  readonly from: string;
  readonly leaseTtl: number;
  readonly signal: AbortSignal;
}

/** What became of a rebuild: how many keys were written, and what could not be put back, with the reason. */
export interface Rebuilt {
  readonly written: number;
  readonly refused: ReadonlyMap<string, string>;
}

/** Endpoints under way at once. */
const width = 16;

/** The bundles of which the store lacks something. */
export async function missingFrom(
  store: Store,
  bundles: readonly Bundle[],
  signal: AbortSignal,
): Promise<readonly Bundle[]> {
  const present = new Set((await store.list('', { signal })).entries.map(({ key }) => key));
  return bundles.filter(({ items }) => items.some(({ key }) => !present.has(key)));
}

/**
 * Writes the bundles into a store that has lost them, each without overwriting anything. While it is under way the
 * key `restoring` is there, under a lease: when this agent dies, another one goes on. Undefined: somebody else is at it.
 *
 * @throws errors of the store; what was written until then stays.
 */
export async function rebuild(bundles: readonly Bundle[], ports: RebuildPorts): Promise<Rebuilt | undefined> {
  const { store, from, leaseTtl, signal } = ports;
  const lease = await store.lease(leaseTtl, { signal });
  try {
    const key = keys.restoring;
    const mark = await store.txn(
      [{ kind: 'absent', key }],
      [{ kind: 'put', key, value: encodeText(from), lease }],
      { signal },
    );
    return mark.ok ? await fill(bundles, ports) : undefined;
  } finally {
    // The mark goes with it.
    await lease.revoke().catch(() => undefined);
  }
}

async function fill(bundles: readonly Bundle[], ports: RebuildPorts): Promise<Rebuilt> {
  const { store, signal } = ports;
  const refused = new Map<string, string>();
  let written = 0;
  const write = async (bundle: Bundle): Promise<void> => {
    signal.throwIfAborted();
    try {
      // A network with many claims is more than some stores take at once; its state comes last.
      for (const batch of inBatches(bundle.items, store.limits)) written += await create(store, batch);
    } catch (error) {
      if (!hasCode(error, 'STORE_OCCUPIED')) throw error;
      refused.set(subjectOf(bundle), asWeftError(error).message);
    }
  };
  for (const bundle of bundles) if (bundle.network === undefined) await write(bundle);
  const networks = networksIn((await store.list(prefixes.networkStates, { signal })).entries);
  const endpoints = bundles.filter(({ network }) => network !== undefined && networks.has(network));
  for (const bundle of bundles) {
    if (bundle.network !== undefined && !networks.has(bundle.network))
      refused.set(subjectOf(bundle), `the store has no network ${bundle.network}`);
  }
  const left = endpoints.toReversed();
  const work = async (): Promise<void> => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) await write(next);
  };
  await Promise.all(Array.from({ length: width }, work));
  return { written, refused };
}
