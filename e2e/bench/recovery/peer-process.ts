/**
 * The peer: puts endpoints of its own into a store, and takes them out again.
 *
 *   peer-process.ts URL
 */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { attachTxn, detachTxn, endpointClaims, type Txn } from '../../../ipam/claims.ts';
import { keys } from '../../../kvstore/keys.ts';
import { encodeEndpoint } from '../../../kvstore/records/endpoint.ts';
import type { Entry, Revision, Store } from '../../../kvstore/store.ts';
import type { Endpoint } from '../../../model/endpoint.ts';
import { hasCode } from '../../../model/errors.ts';
import type { NetworkId } from '../../../model/network.ts';
import { wallClock } from '../poller.ts';
import { fill } from '../store/fill.ts';
import { say } from '../store/line-process.ts';
import { openBenchStore } from '../store/ways.ts';
import { peerEndpoint, peerRecord, roomy } from './peer.ts';

export type PeerOrder =
  /** Endpoints from number 0 on, as fast as the store takes them; answered with `filled`. */
  | { readonly kind: 'fill'; readonly network: NetworkId; readonly count: number }
  /** Attaches and detaches in turns, answered with all of them. */
  | {
      readonly kind: 'change';
      readonly network: NetworkId;
      /** Number of the first endpoint. */
      readonly first: number;
      readonly changes: number;
      /** Milliseconds from one change to the next: whatever becomes of those before. */
      readonly every: number;
    };

/** One transaction: when it was due, and when the store had answered it, as `wallClock` counts. */
export interface PeerChange {
  readonly op: 'attach' | 'detach';
  readonly addresses: readonly string[];
  readonly begin: number;
  readonly committed: number;
}

/** So many endpoints are there while one goes and another comes: each stays long enough for a slow agent to see it. */
const standing = 200;

/** Attempts of one transaction, on a store that has more to do than it can. */
const attempts = 10;

/** Nobody stands in its way: what is refused was applied by an attempt whose answer was lost. */
async function commit(store: Store, { conditions, ops }: Txn): Promise<Revision> {
  let wasLost = false;
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    try {
      const outcome = await store.txn(conditions, ops);
      if (outcome.ok) return outcome.revision;
      if (!wasLost) throw new Error(`the store refused ${ops[0]?.key ?? 'nothing'}`);
      return (await store.get(ops[0]?.key ?? ''))?.revision ?? 0;
    } catch (error) {
      if (!hasCode(error, 'STORE_AMBIGUOUS', 'STORE_UNAVAILABLE')) throw error;
      wasLost ||= hasCode(error, 'STORE_AMBIGUOUS');
    }
  }
  throw new Error(`the store did not take ${ops[0]?.key ?? 'nothing'} in ${attempts} attempts`);
}

/** The claims are as the attach has left them: nothing has to be read. */
function detachOf(endpoint: Endpoint, revision: Revision): Promise<Txn> {
  const claims = new Map(
    endpointClaims(endpoint).map(({ key, value }): [string, Entry] => [
      key,
      { key, value, revision, created: revision },
    ]),
  );
  return detachTxn(endpoint, revision, async (key) => claims.get(key));
}

async function change(store: Store, order: PeerOrder & { kind: 'change' }): Promise<readonly PeerChange[]> {
  const key = keys.networkState(roomy.name);
  const state = await store.get(key);
  if (state === undefined) throw new Error(`there is no network ${roomy.name}`);
  const attach = (n: number): Promise<Revision> =>
    commit(store, attachTxn(peerEndpoint(order.network, n), { key, revision: state.revision }));
  const there: { readonly n: number; readonly revision: Promise<Revision> }[] = [];
  let next = order.first;
  const come = (): Promise<Revision> => {
    const [n, revision] = [next, attach(next)];
    next += 1;
    there.push({ n, revision });
    return revision;
  };
  await Promise.all(Array.from({ length: standing }, come));
  const start = wallClock() + 500;
  const changes = Array.from({ length: order.changes }, async (_, i): Promise<PeerChange> => {
    const due = start + i * order.every;
    await pause(Math.max(0, due - wallClock()));
    if (i % 2 === 0) {
      const { addresses } = peerEndpoint(order.network, next);
      await come();
      return { op: 'attach', addresses, begin: due, committed: wallClock() };
    }
    const oldest = there.shift();
    if (oldest === undefined) throw new Error('nobody is left');
    const endpoint = peerEndpoint(order.network, oldest.n);
    await commit(store, await detachOf(endpoint, await oldest.revision));
    return { op: 'detach', addresses: endpoint.addresses, begin: due, committed: wallClock() };
  });
  const done = await Promise.all(changes);
  for (const { n, revision } of there)
    await commit(store, await detachOf(peerEndpoint(order.network, n), await revision));
  return done;
}

async function carryOut(store: Store, order: PeerOrder): Promise<unknown> {
  if (order.kind === 'change') return change(store, order);
  const items = Array.from({ length: order.count }, (_, n) => {
    const endpoint = peerEndpoint(order.network, n);
    return { key: keys.endpoint(order.network, endpoint.id), value: encodeEndpoint(endpoint) };
  });
  await fill(store, items, () => undefined);
  return 'filled';
}

const store = await openBenchStore(process.argv[2] ?? '');
await store.txn([], [{ kind: 'put', ...peerRecord }]);
for await (const line of createInterface({ input: process.stdin }))
  say(await carryOut(store, JSON.parse(line) as PeerOrder));
process.exit(0);
