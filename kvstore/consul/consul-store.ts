import { hasCode, invariant, WeftError } from '../../model/errors.ts';
import type { StorePorts } from '../ports.ts';
import { RemoteLease } from '../remote-lease.ts';
import type {
  CallOptions,
  Condition,
  Entry,
  Lease,
  Limits,
  Listing,
  Op,
  ServerState,
  Store,
  TxnResult,
  Watch,
  WatchSink,
} from '../store.ts';
import { checkTxn } from '../txn-check.ts';
import { Calls } from './calls.ts';
import type { Channel } from './channel.ts';
import { commit, type CommitPorts } from './commit.ts';
import { Contact } from './contact.ts';
import { storeClosed } from './errors.ts';
import { KeySpace } from './key-space.ts';
import { grantLease } from './lease.ts';
import { Life } from './life.ts';
import { Permits } from './permits.ts';
import { askServer } from './server-state.ts';
import { Shares } from './shares.ts';
import { mostOps } from './txn.ts';

/** Of Consul's defaults: 64 operations, and 512 KiB for a request with values in base64, framing and our prefix. */
const limits: Omit<Limits, 'minLeaseTtl'> = {
  // One is ours: see `KeySpace.mark`.
  txnOps: mostOps - 1,
  valueBytes: 256 * 1024,
  txnBytes: 360_000,
  // The server ends a session up to one TTL late, to be on the safe side.
  leaseFactor: 2,
  history: false,
};

/** The Store port on the key-value store of Consul. */
export class ConsulStore implements Store {
  readonly description: string;
  readonly limits: Limits;
  readonly #ports: StorePorts;
  readonly #channels: readonly Channel[];
  readonly #closing = new AbortController();
  readonly #space: KeySpace;
  readonly #calls: Calls;
  readonly #life: Life;
  readonly #contact: Contact;
  readonly #permits: Permits;
  readonly #shares: Shares;
  readonly #commit: CommitPorts;

  constructor(
    channels: readonly [Channel, ...Channel[]],
    address: { readonly prefix: string; readonly minLeaseTtl: number },
    ports: StorePorts,
  ) {
    const { prefix, minLeaseTtl } = address;
    this.description = `Consul ${channels.map((each) => each.address).join(', ')}, prefix ${prefix}`;
    this.limits = { ...limits, minLeaseTtl };
    this.#ports = ports;
    this.#channels = channels;
    const { signal: closing } = this.#closing;
    const space = new KeySpace(prefix);
    const calls = new Calls(channels, { ...ports, closing });
    const life = new Life(calls, space);
    const permits = new Permits(calls, space);
    const leader = (options: CallOptions = {}): Promise<string> =>
      calls.single('learn who leads', (c, l) => c.leader(l), calls.share, options);
    const contact = new Contact({ ...ports, life, permits, leader, closing, description: this.description });
    this.#space = space;
    this.#calls = calls;
    this.#life = life;
    this.#contact = contact;
    this.#permits = permits;
    this.#shares = new Shares({ ...ports, calls, space, life, contact, permits });
    this.#commit = { calls, space, idOf: sessionId, nextFlags: flagsFrom(ports.fraction()) };
  }

  async identity(options?: CallOptions): Promise<string> {
    return await this.#life.identity(options);
  }

  async servers(options: CallOptions = {}): Promise<readonly ServerState[]> {
    const closing = this.#closing.signal;
    const signal = options.signal === undefined ? closing : AbortSignal.any([closing, options.signal]);
    signal.throwIfAborted();
    // A store that nobody has used has no word for itself yet. Why it cannot get one, its servers will tell.
    await this.#life.identity(options).catch(() => undefined);
    const ports = { ...this.#ports, space: this.#space };
    return await Promise.all(this.#channels.map((each) => askServer(each, ports, signal)));
  }

  async get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    const absolute = this.#space.absolute(key);
    const item = await this.#calls.repeatable(`read ${absolute}`, (c, l) => c.get(absolute, l), options);
    if (item === undefined) return undefined;
    this.#life.reached(item.ModifyIndex);
    return this.#space.entry(item);
  }

  async list(prefix: string, options?: CallOptions): Promise<Listing> {
    const absolute = this.#space.absolute(prefix);
    const wish = `list ${absolute}`;
    // Before and after: what lies between was permitted. Consul leaves out what may not be read.
    await this.#permits.demand([prefix], options);
    const floor = await this.#life.startingFloor(options);
    const { index, items } = await this.#calls.repeatable(wish, (c, l) => c.list(absolute, l), options);
    await this.#permits.demand([prefix], options);
    if (items.length === 0) await this.#life.identity(options);
    this.#life.reached(index);
    return { revision: Math.max(index, floor), entries: this.#space.entries(items) };
  }

  async txn(conditions: readonly Condition[], ops: readonly Op[], options?: CallOptions): Promise<TxnResult> {
    checkTxn(conditions, ops, this.limits);
    if (conditions.length + ops.length === 0) return { ok: true, revision: this.#life.floor };
    const result = await commit(this.#commit, conditions, ops, options).catch((error: unknown) => {
      if (hasCode(error, 'STORE_AMBIGUOUS') || options?.signal?.aborted === true) this.#contact.doubt();
      throw error;
    });
    // Watches need not wait for the next question.
    if (this.#contact.away !== undefined) void this.#contact.check();
    if (!result.ok) return result;
    const reached = this.#life.reached(result.revision);
    return ops.length === 0 ? { ok: true, revision: reached } : result;
  }

  async lease(ttl: number, options?: CallOptions): Promise<Lease> {
    const { minLeaseTtl } = this.limits;
    const { signal: closing } = this.#closing;
    const ports = { ...this.#ports, calls: this.#calls, contact: this.#contact, closing, minLeaseTtl };
    return await grantLease(ttl, ports, options);
  }

  watch(prefix: string, sink: WatchSink): Watch {
    this.#closing.signal.throwIfAborted();
    return this.#shares.watch(prefix, sink);
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(storeClosed(this.description));
    await this.#shares.close();
    for (const channel of this.#channels) channel.close();
  }
}

function sessionId(lease: Lease): string {
  invariant(lease instanceof RemoteLease, 'a put under a lease of another store');
  if (!lease.ended) return lease.id;
  throw new WeftError('STORE_LEASE_LOST', `a lease of ${lease.ttl} ms was revoked or is lost`);
}

/** A series of numbers below 2^53 that begins where hardly another one does. */
function flagsFrom(fraction: number): () => number {
  let last = Math.floor(fraction * 2 ** 52);
  return () => (last += 1);
}
