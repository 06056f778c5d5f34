import { invariant, WeftError } from '../../model/errors.ts';
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
import { storeClosed } from './errors.ts';
import { Gate } from './gate.ts';
import { KeySpace } from './key-space.ts';
import { grantLease, minLeaseTtl } from './lease.ts';
import { list } from './list.ts';
import type { Login } from './login.ts';
import { askServer } from './server-state.ts';
import { decodeTxn, encodeTxn } from './txn.ts';
import { WatchStreams } from './watch-streams.ts';
import { EtcdWatch } from './watch.ts';

/** Of etcd's defaults: 128 operations, and 1.5 MiB for a request with all its framing and our prefix. */
const limits: Limits = {
  txnOps: 128,
  valueBytes: 1_048_576,
  txnBytes: 1_500_000,
  minLeaseTtl,
  // After a change of leader the server counts the TTL anew.
  leaseFactor: 2,
  history: true,
};

/** The Store port on etcd v3. */
export class EtcdStore implements Store {
  readonly description: string;
  readonly limits = limits;
  readonly #ports: StorePorts;
  readonly #channels: readonly Channel[];
  readonly #closing = new AbortController();
  readonly #space: KeySpace;
  readonly #calls: Calls;
  readonly #streams: WatchStreams;
  readonly #gate: Gate;
  readonly #watches = new Set<EtcdWatch>();

  /** `login`: that of the channels. */
  constructor(channels: readonly [Channel, ...Channel[]], login: Login, prefix: string, ports: StorePorts) {
    this.description = `etcd ${channels.map((each) => each.address).join(', ')}, prefix ${prefix}`;
    this.#ports = ports;
    this.#channels = channels;
    this.#space = new KeySpace(prefix);
    this.#calls = new Calls(channels, { ...ports, closing: this.#closing.signal });
    const ask = (): Promise<string> => this.identity();
    this.#gate = new Gate({ ...ports, ask, closing: this.#closing.signal });
    this.#streams = new WatchStreams({ calls: this.#calls, login, space: this.#space, clock: ports.clock });
  }

  async identity(options?: CallOptions): Promise<string> {
    const request = { key: this.#space.absolute('cluster'), count_only: true };
    const answer = await this.#calls.repeatable('learn the cluster id', (m) => m.range, request, options);
    return answer.header.cluster_id;
  }

  async servers(options: CallOptions = {}): Promise<readonly ServerState[]> {
    const closing = this.#closing.signal;
    const signal = options.signal === undefined ? closing : AbortSignal.any([closing, options.signal]);
    signal.throwIfAborted();
    return await Promise.all(this.#channels.map((each) => askServer(each, this.#ports.clock, signal)));
  }

  async get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    const request = { key: this.#space.absolute(key) };
    const wish = `read ${this.#space.prefix}${key}`;
    const [kv] = (await this.#calls.repeatable(wish, (m) => m.range, request, options)).kvs;
    return kv === undefined ? undefined : this.#space.entry(kv);
  }

  async list(prefix: string, options?: CallOptions): Promise<Listing> {
    const { revision, entries } = await list({ calls: this.#calls, space: this.#space }, prefix, options);
    return { revision, entries };
  }

  async txn(conditions: readonly Condition[], ops: readonly Op[], options?: CallOptions): Promise<TxnResult> {
    checkTxn(conditions, ops, limits);
    const request = encodeTxn(this.#space, conditions, ops, leaseId);
    const first = ops[0]?.key ?? conditions[0]?.key ?? '';
    const wish = `write ${this.#space.prefix}${first}${ops.length > 1 ? ` and ${ops.length - 1} more` : ''}`;
    const answer = await this.#calls.once(wish, (m) => m.txn, request, options);
    this.#gate.open();
    return decodeTxn(this.#space, conditions, answer);
  }

  async lease(ttl: number, options?: CallOptions): Promise<Lease> {
    const ports = { ...this.#ports, calls: this.#calls, closing: this.#closing.signal };
    return await grantLease(ttl, ports, options);
  }

  watch(prefix: string, sink: WatchSink): Watch {
    this.#closing.signal.throwIfAborted();
    const own = { calls: this.#calls, space: this.#space, streams: this.#streams, gate: this.#gate };
    const ports = { ...this.#ports, ...own };
    const watch = new EtcdWatch(prefix, sink, ports);
    this.#watches.add(watch);
    return {
      close: async () => {
        this.#watches.delete(watch);
        await watch.close();
      },
    };
  }

  async close(): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#closing.abort(storeClosed(this.description));
    for (const watch of this.#watches) await watch.close();
    this.#watches.clear();
    this.#streams.close();
    for (const channel of this.#channels) channel.close();
  }
}

function leaseId(lease: Lease): string {
  invariant(lease instanceof RemoteLease, 'a put under a lease of another store');
  if (!lease.ended) return lease.id;
  throw new WeftError('STORE_LEASE_LOST', `a lease of ${lease.ttl} ms was revoked or is lost`);
}
