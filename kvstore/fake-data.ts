import type { Clock, Timer } from '../model/clock.ts';
import { WeftError } from '../model/errors.ts';
import { KeptLease } from './kept-lease.ts';
import type { LevelSource } from './level-watch.ts';
import type { Change, Condition, Entry, Listing, Op, Revision, TxnResult } from './store.ts';

type LeaseId = number;

/** A store's durable content at one revision. */
export interface Backup {
  readonly revision: Revision;
  readonly entries: readonly Entry[];
}

/** The server's side of the fake: what all clients share. */
export class FakeData implements LevelSource {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry & { readonly lease: LeaseId | undefined }>();
  /** When keys that are gone were deleted. */
  readonly #deleted = new Map<string, Revision>();
  readonly #leases = new Map<LeaseId, { readonly ttl: number; timer: Timer }>();
  readonly #listeners = new Set<() => void>();
  #revision: Revision = 1;
  /** Deletions until this revision are forgotten. */
  #compacted: Revision = 0;
  #lives = 1;
  #replaced = 0;
  #lastLease = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get identity(): string {
    return `fake life ${this.#lives}`;
  }

  /** How often another truth was put in the place of this one. */
  get replaced(): number {
    return this.#replaced;
  }

  get revision(): Revision {
    return this.#revision;
  }

  /** Calls back whenever something was written. */
  listen(listener: () => void): void {
    this.#listeners.add(listener);
  }

  forget(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  get(key: string): Entry | undefined {
    const held = this.#entries.get(key);
    return held === undefined ? undefined : copy(held);
  }

  snapshot(prefix: string): Listing {
    const entries = [...this.#entries.values()].filter((e) => e.key.startsWith(prefix)).map(copy);
    return { revision: this.#revision, entries: entries.sort((a, b) => (a.key < b.key ? -1 : 1)) };
  }

  changes(prefix: string, since: Revision): { revision: Revision; changes: readonly Change[] } | undefined {
    if (since < this.#compacted || since > this.#revision) return undefined;
    if (since === this.#revision) return { revision: this.#revision, changes: [] };
    const isNews = (key: string, at: Revision): boolean => at > since && key.startsWith(prefix);
    const puts = [...this.#entries.values()].filter((e) => isNews(e.key, e.revision)).map(copy);
    puts.sort((a, b) => (a.key < b.key ? -1 : 1));
    const gone = [...this.#deleted].filter(([key, at]) => isNews(key, at));
    return {
      revision: this.#revision,
      changes: [
        ...puts.map((entry): Change => ({ kind: 'put', entry })),
        ...gone.map(([key]): Change => ({ kind: 'delete', key })),
      ],
    };
  }

  txn(conditions: readonly Condition[], ops: readonly Op[]): TxnResult {
    const leases = ops.map((op) => (op.kind === 'put' ? this.#leaseOf(op) : undefined));
    if (!conditions.every((c) => this.#holds(c))) {
      return { ok: false, current: new Map(conditions.map(({ key }) => [key, this.get(key)])) };
    }
    if (ops.length === 0) return { ok: true, revision: this.#revision };
    this.#revision += 1;
    for (const [index, op] of ops.entries()) {
      if (op.kind === 'delete') this.#delete(op.key);
      else this.#put(op.key, op.value, leases[index]);
    }
    this.#tell();
    return { ok: true, revision: this.#revision };
  }

  grant(ttl: number): LeaseId {
    const id = (this.#lastLease += 1);
    this.#leases.set(id, { ttl, timer: this.#expiry(id, ttl) });
    return id;
  }

  renew(id: LeaseId): boolean {
    const lease = this.#leases.get(id);
    if (lease === undefined) return false;
    lease.timer.cancel();
    lease.timer = this.#expiry(id, lease.ttl);
    return true;
  }

  revoke(id: LeaseId): void {
    this.#leases.get(id)?.timer.cancel();
    if (!this.#leases.delete(id)) return;
    const keys = [...this.#entries.values()].filter((e) => e.lease === id).map((e) => e.key);
    if (keys.length === 0) return;
    this.#revision += 1;
    for (const key of keys) this.#delete(key);
    this.#tell();
  }

  expireLeases(): void {
    for (const id of [...this.#leases.keys()]) this.revoke(id);
  }

  compact(): void {
    this.#deleted.clear();
    this.#compacted = this.#revision;
  }

  /** Everything is gone, and the revision starts again. */
  wipe(): void {
    for (const { timer } of this.#leases.values()) timer.cancel();
    for (const all of [this.#leases, this.#entries, this.#deleted]) all.clear();
    this.#revision = 1;
    this.#compacted = 0;
    this.#lives += 1;
    this.#tell();
  }

  /** What a backup holds: all that is under no lease. */
  save(): Backup {
    const entries = [...this.#entries.values()].filter((e) => e.lease === undefined).map(copy);
    return { revision: this.#revision, entries };
  }

  /** Another truth in the place of this one, as when a backup is put back. An equal identity proves nothing; see store.ts. */
  replace({ revision, entries }: Backup, identity: 'same' | 'another'): void {
    for (const { timer } of this.#leases.values()) timer.cancel();
    for (const all of [this.#leases, this.#entries, this.#deleted]) all.clear();
    for (const entry of entries) this.#entries.set(entry.key, { ...copy(entry), lease: undefined });
    this.#revision = revision;
    this.#replaced += 1;
    // Whoever knows an earlier revision has to look at the whole.
    this.#compacted = revision + 1;
    if (identity === 'another') this.#lives += 1;
    this.#tell();
  }

  #put(key: string, value: Uint8Array, lease: LeaseId | undefined): void {
    const revision = this.#revision;
    const created = this.#entries.get(key)?.created ?? revision;
    this.#deleted.delete(key);
    this.#entries.set(key, { key, value: Uint8Array.from(value), revision, created, lease });
  }

  #delete(key: string): void {
    if (this.#entries.delete(key)) this.#deleted.set(key, this.#revision);
  }

  #holds(condition: Condition): boolean {
    const revision = this.#entries.get(condition.key)?.revision;
    return condition.kind === 'absent' ? revision === undefined : revision === condition.revision;
  }

  #leaseOf({ key, lease }: Extract<Op, { kind: 'put' }>): LeaseId | undefined {
    if (lease === undefined) return undefined;
    if (lease instanceof KeptLease && this.#leases.has(lease.id as LeaseId)) return lease.id as LeaseId;
    throw new WeftError('STORE_LEASE_LOST', `cannot put ${key}: its lease is gone`, { details: { key } });
  }

  #expiry(id: LeaseId, ttl: number): Timer {
    return this.#clock.after(ttl, () => this.revoke(id));
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}

const copy = ({ key, value, revision, created }: Entry): Entry => ({
  key,
  value: Uint8Array.from(value),
  revision,
  created,
});
