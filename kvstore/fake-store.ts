import type { Clock } from '../model/clock.ts';
import { WeftError } from '../model/errors.ts';
import { silentLogger, type Logger } from '../model/logger.ts';
import { FakeData, type Backup } from './fake-data.ts';
import { KeptLease } from './kept-lease.ts';
import { LevelWatch } from './level-watch.ts';
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
} from './store.ts';
import { checkTxn } from './txn-check.ts';

export interface FakeStoreOptions {
  /** Time of the leases. */
  readonly clock: Clock;
  readonly logger?: Logger;
  readonly limits?: Partial<Limits>;
}

type Call = 'identity' | 'get' | 'list' | 'txn' | 'lease' | 'revoke';

const defaultLimits: Limits = {
  txnOps: 128,
  valueBytes: 1024 * 1024,
  txnBytes: 1536 * 1024,
  minLeaseTtl: 100,
  leaseFactor: 1,
  history: true,
};

/**
 * A store in memory that keeps the contract of the real ones; each instance is one client. Fails on demand, loses replies, and
 * lets a test cut this client off, or wipe the data of all.
 */
export class FakeStore implements Store {
  readonly description = 'fake store in memory';
  readonly limits: Limits;
  readonly #options: FakeStoreOptions;
  readonly #data: FakeData;
  readonly #watches = new Set<LevelWatch>();
  readonly #leases = new Set<KeptLease<number>>();
  readonly #failures = new Map<Call, Error>();
  #lostReply: 'applied' | 'not applied' | undefined;
  #away = false;
  #closed = false;
  #waking = false;

  constructor(options: FakeStoreOptions, data = new FakeData(options.clock)) {
    this.limits = { ...defaultLimits, ...options.limits };
    this.#options = options;
    this.#data = data;
    data.listen(this.#wake);
  }

  /** A second client of the same data. */
  another(): FakeStore {
    return new FakeStore(this.#options, this.#data);
  }

  /** The next call of this kind throws; nothing is applied. */
  failNext(call: Call, error: Error): void {
    this.#failures.set(call, error);
  }

  /** The reply to the next transaction is lost: it throws STORE_AMBIGUOUS, applied or not. */
  loseNextReply(fate: 'applied' | 'not applied'): void {
    this.#lostReply = fate;
  }

  /** This client no longer reaches the data; its leases are no longer renewed. Other clients go on. */
  goAway(): void {
    this.#away = true;
    this.#wake();
  }

  comeBack(): void {
    this.#away = false;
    this.#wake();
  }

  /** All data is gone: another life of the store, with another identity and low revisions. */
  wipe(): void {
    this.#data.wipe();
  }

  /** What a backup made now would hold. */
  save(): Backup {
    return this.#data.save();
  }

  /** A backup is put back in the place of all data, into a store that calls itself the same or another one. */
  replace(backup: Backup, identity: 'same' | 'another' = 'same'): void {
    this.#data.replace(backup, identity);
  }

  /** What the data holds below a prefix at this very moment, for a test that looks over everybody's shoulder. */
  peek(prefix: string): Listing {
    return this.#data.snapshot(prefix);
  }

  /** Is another one whenever the data may be. */
  get version(): string {
    return `${this.#data.identity} ${this.#data.replaced} ${this.#data.revision}`;
  }

  /** Forgets the history: watches that have missed something start again with a snapshot. */
  compact(): void {
    this.#data.compact();
  }

  /** Ends every lease of every client, as an administrator would. */
  expireLeases(): void {
    this.#data.expireLeases();
  }

  async identity(options?: CallOptions): Promise<string> {
    await this.#turn('identity', options);
    return this.#data.identity;
  }

  async servers(options?: CallOptions): Promise<readonly ServerState[]> {
    this.#demandOpen();
    options?.signal?.throwIfAborted();
    const server = 'memory';
    if (this.#away) return [{ kind: 'silent', server, error: unreachable() }];
    const { identity } = this.#data;
    return [{ kind: 'answers', server, version: 'fake 1', identity, took: 0, remarks: [] }];
  }

  async get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    await this.#turn('get', options);
    return this.#data.get(key);
  }

  async list(prefix: string, options?: CallOptions): Promise<Listing> {
    await this.#turn('list', options);
    return this.#data.snapshot(prefix);
  }

  async txn(conditions: readonly Condition[], ops: readonly Op[], options?: CallOptions): Promise<TxnResult> {
    checkTxn(conditions, ops, this.limits);
    await this.#turn('txn', options);
    const fate = this.#lostReply;
    this.#lostReply = undefined;
    if (fate === undefined) return this.#data.txn(conditions, ops);
    if (fate === 'applied') this.#data.txn(conditions, ops);
    throw new WeftError('STORE_AMBIGUOUS', 'the reply to a transaction was lost on demand');
  }

  async lease(ttl: number, options?: CallOptions): Promise<Lease> {
    await this.#turn('lease', options);
    const granted = Math.max(ttl, this.limits.minLeaseTtl);
    const id = this.#data.grant(granted);
    const reached = (call: Call): FakeData => {
      this.#fail(call);
      return this.#data;
    };
    const hold = {
      renew: () => reached('lease').renew(id),
      revoke: () => {
        reached('revoke').revoke(id);
      },
    };
    const lease = new KeptLease(id, granted, hold, this.#options.clock);
    this.#leases.add(lease);
    return lease;
  }

  watch(prefix: string, sink: WatchSink): Watch {
    this.#demandOpen();
    const watch = new LevelWatch(prefix, sink, this.#options.logger ?? silentLogger, () => {
      this.#watches.delete(watch);
    });
    this.#watches.add(watch);
    this.#wake();
    return watch;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#data.forget(this.#wake);
    for (const lease of this.#leases) lease.release();
    await Promise.all([...this.#watches].map((watch) => watch.close()));
  }

  readonly #wake = (): void => {
    if (this.#waking) return;
    this.#waking = true;
    queueMicrotask(() => {
      this.#waking = false;
      for (const watch of this.#watches) this.#update(watch);
    });
  };

  #update(watch: LevelWatch): void {
    if (this.#away) return watch.stale(unreachable());
    const update = watch.next(this.#data);
    if (update !== undefined) watch.deliver(update);
  }

  async #turn(call: Call, options: CallOptions | undefined): Promise<void> {
    this.#demandOpen();
    options?.signal?.throwIfAborted();
    await Promise.resolve();
    this.#demandOpen();
    options?.signal?.throwIfAborted();
    this.#fail(call);
  }

  #fail(call: Call): void {
    if (this.#away) throw unreachable();
    const failure = this.#failures.get(call);
    this.#failures.delete(call);
    if (failure !== undefined) throw failure;
  }

  #demandOpen(): void {
    if (this.#closed) throw new WeftError('STORE_CLOSED', 'the fake store was closed');
  }
}

const unreachable = (): WeftError => new WeftError('STORE_UNAVAILABLE', 'the fake store is away on demand');
