/**
 * Chooses addresses and claims them as an agent does, for a while and with as many clients as it is told; gives them back afterwards,
 * and answers with what came of it.
 *
 *   claim-process.ts NODE URL
 */
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Pools } from '../../../agent/operations/pools.ts';
import { removeRecord } from '../../../agent/operations/detach.ts';
import { systemClock } from '../../../agent/clock.ts';
import { View } from '../../../agent/view/view.ts';
import { attachTxn, readConflicts } from '../../../ipam/claims.ts';
import { macForAddresses } from '../../../ipam/mac.ts';
import { keys } from '../../../kvstore/keys.ts';
import { decodeEndpoint } from '../../../kvstore/records/endpoint.ts';
import { decodeNetworkState } from '../../../kvstore/records/network-json.ts';
import type { Endpoint, EndpointId } from '../../../model/endpoint.ts';
import { hasCode } from '../../../model/errors.ts';
import type { Network } from '../../../model/network.ts';
import type { NodeId } from '../../../model/node.ts';
import { mapBounded } from '../../lab/wait.ts';
import { endpointOf, networkState } from '../store/cast.ts';
import { say } from '../store/line-process.ts';
import { openBenchStore } from '../store/ways.ts';

export interface ClaimOrder {
  /** They work at the same time. */
  readonly clients: number;
  /** Milliseconds. */
  readonly during: number;
}

export interface Claimed {
  readonly claims: number;
  /** Transactions that were refused since somebody had the address already. */
  readonly conflicts: number;
  /** From the first to the end of the last. */
  readonly ms: number;
}

const [node, url] = process.argv.slice(2) as [NodeId, string];
const { signal } = new AbortController();
// Orders are awaited from the beginning: while a watch rests, nothing else keeps the process.
const orders = createInterface({ input: process.stdin });
const store = await openBenchStore(url);
const view = new View(store, systemClock);
const entry = await store.get(networkState.key);
if (entry === undefined) throw new Error(`${url} has no network`);
const { revision } = entry;
const network = decodeNetworkState(entry.key, entry.value) as Network;
const { name: _name, ...nobody } = endpointOf(0);
const endpoints = view.join(network.id);
await view.until(() => (endpoints.state === 'insync' ? true : undefined), signal);
const pools = new Pools({ view, clock: systemClock, rest: 0 });
const wishes = network.subnets.map((subnet) => ({ anyOf: [subnet] }));
/** Milliseconds for which an endpoint is given back. */
const patience = 30_000;
let next = 0;

interface Attached {
  readonly endpoint: Endpoint;
  readonly conflicts: number;
}

/** One endpoint, however often it is refused. */
async function claim(): Promise<Attached> {
  const id = `${node}${(next += 1).toString(16).padStart(16, '0')}` as EndpointId;
  const key = keys.endpoint(network.id, id);
  using choice = pools.begin(network.id, '');
  for (let conflicts = 0; ;) {
    const addresses = choice.choose(network, wishes, node);
    const mac = macForAddresses(addresses, choice.macsToAvoid);
    const endpoint: Endpoint = { ...nobody, id, node, addresses, mac };
    const { conditions, ops } = attachTxn(endpoint, { key: networkState.key, revision });
    const outcome = await store.txn(conditions, ops).catch(orUnknown);
    if (outcome === undefined) continue;
    if (outcome.ok) {
      endpoints.learn(key, { value: endpoint, revision: outcome.revision });
      return { endpoint, conflicts };
    }
    const found = outcome.current.get(key);
    // The reply to an earlier one was lost.
    if (found !== undefined) return { endpoint: decodeEndpoint(key, found.value), conflicts };
    conflicts += 1;
    for (const conflict of readConflicts(endpoint, outcome.current)) {
      if (conflict.what === 'address') choice.refuse(conflict.address);
      if (conflict.what === 'mac') choice.refuseMac(conflict.mac);
    }
  }
}

function orUnknown(error: unknown): undefined {
  if (!hasCode(error, 'STORE_AMBIGUOUS', 'STORE_UNAVAILABLE')) throw error;
}

/** Whatever the store takes it for: it has other things to do. */
async function giveBack({ id }: Endpoint): Promise<void> {
  const key = keys.endpoint(network.id, id);
  for (const end = performance.now() + patience; endpoints.get(key) !== undefined;) {
    const removed = await removeRecord(store, network.id, id, signal).catch((error: unknown) => {
      if (performance.now() > end) throw error;
      orUnknown(error);
    });
    if (removed !== undefined) endpoints.forget(key, removed.revision);
    else await pause(20);
  }
}

async function work({ clients, during }: ClaimOrder): Promise<Claimed> {
  const claimed: Endpoint[] = [];
  let conflicts = 0;
  const begin = performance.now();
  const client = async (): Promise<void> => {
    while (performance.now() - begin < during) {
      const done = await claim();
      conflicts += done.conflicts;
      claimed.push(done.endpoint);
    }
  };
  await Promise.all(Array.from({ length: clients }, client));
  const ms = performance.now() - begin;
  await mapBounded(claimed, 8, giveBack);
  return { claims: claimed.length, conflicts, ms };
}

say('ready');
for await (const line of orders) say(await work(JSON.parse(line) as ClaimOrder));
process.exit(0);
