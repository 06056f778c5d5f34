import type { Timer } from '../../model/clock.ts';
import { WeftError } from '../../model/errors.ts';
import { KeptLease } from '../kept-lease.ts';
import { LevelWatch } from '../level-watch.ts';
import type { StorePorts } from '../ports.ts';
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
import { Bell } from './bell.ts';
import { bootClock, type BootClock } from './boot-clock.ts';
import { Database } from './database.ts';
import { Entries } from './entries.ts';
import { Leases } from './leases.ts';

/** Looking without having heard the bell. */
const pollEvery = 250;

/** In size as etcd, so that what works in a lab works on a cluster. */
const fileLimits: Limits = {
  txnOps: 128,
  valueBytes: 1024 * 1024,
  txnBytes: 1400 * 1024,
  minLeaseTtl: 1000,
  leaseFactor: 1.25,
  history: true,
};

/** The database as it is open now. */
interface Opened {
  readonly database: Database;
  readonly entries: Entries;
  readonly leases: Leases;
}

/**
 * Opens the store in a SQLite file that the processes of one machine share; a missing file is created, for the owner alone.
 *
 * @throws STORE_DENIED, STORE_UNAVAILABLE, or INPUT_INVALID when the path names something that is no store of ours.
 */
export async function openFileStore(
  address: { readonly path: string; readonly prefix: string },
  ports: StorePorts,
): Promise<Store> {
  return new FileStore(address.path, address.prefix, ports);
}

/** One client of the file. SQLite answers at once, so that every call is done when it returns its promise. */
class FileStore implements Store {
  readonly description: string;
  readonly limits = fileLimits;
  readonly #path: string;
  readonly #prefix: string;
  readonly #ports: StorePorts;
  readonly #bootClock: BootClock;
  readonly #bell: Bell;
  readonly #watches = new Set<LevelWatch>();
  readonly #leases = new Set<KeptLease<number>>();
  #opened: Opened;
  #poll: Timer | undefined;
  #pulse: NodeJS.Immediate | undefined;
  /** What all watches have been told; undefined when one has to be asked anyway. */
  #told: string | undefined;
  #isAway = false;
  #closed = false;

  constructor(path: string, prefix: string, ports: StorePorts) {
    this.description = `file ${path}`;
    this.#path = path;
    this.#prefix = prefix;
    this.#ports = ports;
    this.#bootClock = bootClock();
    this.#opened = this.#open();
    this.#bell = new Bell(`${path}.bell`, ports.logger, () => {
      this.#wake();
    });
    this.#armPoll();
  }

  async identity(options?: CallOptions): Promise<string> {
    return this.#current(options).entries.identity;
  }

  async servers(options?: CallOptions): Promise<readonly ServerState[]> {
    this.#demandOpen();
    options?.signal?.throwIfAborted();
    const begin = this.#ports.clock.monotonic();
    const server = this.#path;
    try {
      const { database, entries } = this.#current();
      const version = database.read(`read the version of ${server}`, () => database.version);
      const took = this.#ports.clock.monotonic() - begin;
      const remarks = [{ kind: 'info', text: clockOfLeases(this.#bootClock) }] as const;
      return [{ kind: 'answers', server, version, identity: entries.identity, took, remarks }];
    } catch (error) {
      return [{ kind: 'silent', server, error: error as WeftError }];
    }
  }

  async get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    const { database, entries } = this.#swept(options);
    return database.read(`read ${key} from ${this.#path}`, () => entries.get(key));
  }

  async list(prefix: string, options?: CallOptions): Promise<Listing> {
    const { database, entries } = this.#swept(options);
    return database.read(`list ${prefix} from ${this.#path}`, () => entries.snapshot(prefix));
  }

  async txn(conditions: readonly Condition[], ops: readonly Op[], options?: CallOptions): Promise<TxnResult> {
    checkTxn(conditions, ops, this.limits);
    const opened = this.#current(options);
    return this.#write(opened, `write ${ops[0]?.key ?? 'nothing'} to ${this.#path}`, () =>
      apply(opened, conditions, ops),
    );
  }

  async lease(ttl: number, options?: CallOptions): Promise<Lease> {
    const opened = this.#current(options);
    const granted = Math.ceil(Math.max(ttl, this.limits.minLeaseTtl));
    const id = this.#write(opened, `make a lease in ${this.#path}`, () => opened.leases.grant(granted));
    const hold = {
      renew: () => this.#renew(opened, id),
      revoke: () => {
        this.#leases.delete(lease);
        this.#revoke(opened, id);
      },
    };
    const lease = new KeptLease(id, granted, hold, this.#ports.clock);
    this.#leases.add(lease);
    lease.lost.addEventListener('abort', () => this.#leases.delete(lease));
    return lease;
  }

  watch(prefix: string, sink: WatchSink): Watch {
    this.#demandOpen();
    const watch = new LevelWatch(prefix, sink, this.#ports.logger, () => {
      this.#watches.delete(watch);
    });
    this.#watches.add(watch);
    this.#told = undefined;
    this.#wake();
    return watch;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll?.cancel();
    clearImmediate(this.#pulse);
    for (const lease of this.#leases) lease.release();
    for (const watch of this.#watches) await watch.close();
    this.#bell.close();
    this.#opened.database.close();
  }

  #open(): Opened {
    const database = new Database(this.#path);
    try {
      return database.read(`open the store ${this.#path}`, () => {
        const entries = new Entries(database.sql, this.#prefix);
        return { database, entries, leases: new Leases(database.sql, entries, this.#bootClock) };
      });
    } catch (error) {
      database.close();
      throw error;
    }
  }

  /** The database that the path names now: a file that was put in its place is another store. */
  #current(options?: CallOptions): Opened {
    this.#demandOpen();
    options?.signal?.throwIfAborted();
    if (this.#opened.database.isCurrent) return this.#opened;
    const before = this.#opened;
    this.#opened = this.#open();
    before.database.close();
    this.#ports.logger.warn('another file is in the place of the store', { path: this.#path });
    return this.#opened;
  }

  /** The same, without the keys of leases that have expired. */
  #swept(options?: CallOptions): Opened {
    const opened = this.#current(options);
    const { leases } = opened;
    const wish = `end leases in ${this.#path}`;
    if (opened.database.read(wish, () => leases.anyExpired)) this.#write(opened, wish, () => undefined);
    return opened;
  }

  #write<T>({ database, entries, leases }: Opened, wish: string, work: () => T): T {
    let changed = false;
    const result = database.write(wish, () => {
      const before = entries.revision;
      leases.sweep();
      const answer = work();
      changed = entries.revision !== before;
      return answer;
    });
    if (changed) {
      this.#bell.ring();
      this.#wake();
    }
    return result;
  }

  /** A lease of a file that is no longer in place is over. */
  #renew(opened: Opened, id: number): boolean {
    if (this.#current() !== opened) return false;
    return this.#write(opened, `renew a lease in ${this.#path}`, () => opened.leases.renew(id));
  }

  #revoke(opened: Opened, id: number): void {
    if (this.#current() !== opened) return;
    this.#write(opened, `revoke a lease in ${this.#path}`, () => {
      opened.leases.end([id]);
    });
  }

  #armPoll(): void {
    this.#poll = this.#ports.clock.after(pollEvery, () => {
      this.#wake();
      this.#armPoll();
    });
  }

  /** Watches are told in a turn of their own, never within a call of their owner. */
  #wake(): void {
    if (this.#closed) return;
    this.#pulse ??= setImmediate(() => {
      this.#pulse = undefined;
      this.#tell();
    });
  }

  #tell(): void {
    try {
      const { database, entries } = this.#swept();
      const news = database.read(`read changes from ${this.#path}`, () => {
        const state = `${entries.identity} ${entries.revision}`;
        if (state === this.#told) return [];
        this.#told = state;
        return [...this.#watches].map((watch) => [watch, watch.next(entries)] as const);
      });
      if (this.#isAway) this.#ports.logger.debug('the store is back', { path: this.#path });
      this.#isAway = false;
      for (const [watch, update] of news) if (update !== undefined) watch.deliver(update);
    } catch (error) {
      this.#goStale(error as WeftError);
    }
  }

  #goStale(cause: WeftError): void {
    if (!this.#isAway) this.#ports.logger.debug('the store does not answer', { error: cause.message });
    this.#isAway = true;
    this.#told = undefined;
    for (const watch of this.#watches) watch.stale(cause);
  }

  #demandOpen(): void {
    if (this.#closed)
      throw new WeftError('STORE_CLOSED', `the store ${this.#path} was closed by this program`);
  }
}

const clockOfLeases = ({ boot }: BootClock): string =>
  `leases are counted by the monotonic clock of this machine, boot ${boot}`;

function apply({ entries, leases }: Opened, conditions: readonly Condition[], ops: readonly Op[]): TxnResult {
  const held = ops.map((op) => {
    if (op.kind === 'delete' || op.lease === undefined) return undefined;
    if (op.lease instanceof KeptLease && leases.has(op.lease.id as number)) return op.lease.id as number;
    const text = `cannot put ${op.key}: its lease of ${op.lease.ttl} ms is gone`;
    throw new WeftError('STORE_LEASE_LOST', text, { details: { key: op.key } });
  });
  if (!conditions.every((condition) => entries.holds(condition))) {
    return { ok: false, current: new Map(conditions.map(({ key }) => [key, entries.get(key)])) };
  }
  if (ops.length === 0) return { ok: true, revision: entries.revision };
  const revision = entries.advance();
  for (const [index, op] of ops.entries()) {
    if (op.kind === 'put') entries.put(op.key, op.value, revision, held[index]);
    else entries.delete(op.key, revision);
  }
  return { ok: true, revision };
}
