import type {
  CallOptions,
  Condition,
  Entry,
  Lease,
  Limits,
  Listing,
  Op,
  Revision,
  Store,
  TxnResult,
  Watch,
  WatchSink,
  WatchUpdate,
} from '../../kvstore/store.ts';

interface DryWatch {
  readonly prefix: string;
  readonly sink: WatchSink;
  /** Has it said what there is? Before, it needs no news. */
  hasSpoken: boolean;
}

/**
 * A store that is read and not written: what would be written is kept here, and whoever reads through this finds it. Leases are
 * given that nobody keeps alive.
 */
export class DryStore implements Store {
  readonly description: string;
  readonly limits: Limits;
  readonly #real: Store;
  /** What was written here; undefined: deleted here. */
  readonly #written = new Map<string, Entry | undefined>();
  readonly #leased = new Set<string>();
  readonly #watches = new Set<DryWatch>();
  #head: Revision = 0;
  #calls = 0;

  constructor(real: Store) {
    this.#real = real;
    this.description = real.description;
    this.limits = real.limits;
  }

  /** How many calls there were, of any kind. */
  get calls(): number {
    return this.#calls;
  }

  /** Every key that would be written, with its value, or deleted, in the order of the keys. */
  writes(): readonly { readonly key: string; readonly value?: Uint8Array; readonly leased: boolean }[] {
    return Array.from(this.#written, ([key, entry]) => ({
      key,
      leased: this.#leased.has(key),
      ...(entry === undefined ? {} : { value: entry.value }),
    })).toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  identity(options?: CallOptions): Promise<string> {
    return this.#real.identity(options);
  }

  async get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    this.#calls += 1;
    const entry = await this.#real.get(key, options);
    this.#see(entry?.revision ?? 0);
    return this.#written.has(key) ? this.#written.get(key) : entry;
  }

  async list(prefix: string, options?: CallOptions): Promise<Listing> {
    this.#calls += 1;
    const { revision, entries } = await this.#real.list(prefix, options);
    this.#see(revision);
    return { revision: this.#revision(revision), entries: this.#merged(prefix, entries) };
  }

  async txn(conditions: readonly Condition[], ops: readonly Op[], options?: CallOptions): Promise<TxnResult> {
    this.#calls += 1;
    const current = new Map<string, Entry | undefined>();
    for (const { key } of conditions) current.set(key, await this.get(key, options));
    const holds = (c: Condition): boolean =>
      c.kind === 'absent' ? current.get(c.key) === undefined : current.get(c.key)?.revision === c.revision;
    if (!conditions.every(holds)) return { ok: false, current };
    const before = new Map<string, Entry | undefined>();
    for (const { key } of ops) before.set(key, await this.get(key, options));
    this.#head += 1;
    const revision = this.#head;
    for (const op of ops) this.#write(op, before.get(op.key), revision);
    queueMicrotask(() => {
      this.#tell(ops.map(({ key }) => key));
    });
    return { ok: true, revision };
  }

  #write(op: Op, before: Entry | undefined, revision: Revision): void {
    const { key } = op;
    this.#leased.delete(key);
    if (op.kind === 'delete') {
      if (before !== undefined) this.#written.set(key, undefined);
      return;
    }
    if (op.lease !== undefined) this.#leased.add(key);
    this.#written.set(key, { key, value: op.value, revision, created: before?.created ?? revision });
  }

  async lease(ttl: number): Promise<Lease> {
    return { ttl, lost: new AbortController().signal, revoke: async () => undefined };
  }

  watch(prefix: string, sink: WatchSink): Watch {
    const watch: DryWatch = { prefix, sink, hasSpoken: false };
    this.#watches.add(watch);
    const real = this.#real.watch(prefix, (update) => {
      this.#calls += 1;
      if (update.kind !== 'stale') this.#see(update.revision);
      watch.hasSpoken ||= update.kind === 'snapshot';
      sink(this.#adapted(prefix, update));
    });
    return {
      close: async () => {
        this.#watches.delete(watch);
        await real.close();
      },
    };
  }

  close(): Promise<void> {
    return this.#real.close();
  }

  #see(revision: Revision): void {
    this.#head = Math.max(this.#head, revision);
  }

  /** That of the store, unless something was written here: then none may lie behind it. */
  #revision(real: Revision): Revision {
    return this.#written.size === 0 ? real : this.#head;
  }

  #merged(prefix: string, entries: readonly Entry[]): readonly Entry[] {
    if (this.#written.size === 0) return entries;
    const own = [...this.#written].flatMap(([key, entry]) =>
      entry !== undefined && key.startsWith(prefix) ? [entry] : [],
    );
    const others = entries.filter(({ key }) => !this.#written.has(key));
    return [...others, ...own].toSorted((a, b) => (a.key < b.key ? -1 : 1));
  }

  #adapted(prefix: string, update: WatchUpdate): WatchUpdate {
    switch (update.kind) {
      case 'stale':
        return update;
      case 'snapshot': {
        const entries = this.#merged(prefix, update.entries);
        return { ...update, revision: this.#revision(update.revision), entries };
      }
      case 'changes': {
        const keyOf = (c: (typeof update.changes)[number]): string =>
          c.kind === 'put' ? c.entry.key : c.key;
        const changes = update.changes.filter((c) => !this.#written.has(keyOf(c)));
        return { ...update, revision: this.#revision(update.revision), changes };
      }
    }
  }

  #tell(keys: readonly string[]): void {
    for (const { prefix, sink, hasSpoken } of [...this.#watches]) {
      const changes = keys
        .filter((key) => hasSpoken && key.startsWith(prefix) && this.#written.has(key))
        .map((key) => {
          const entry = this.#written.get(key);
          return entry === undefined ? ({ kind: 'delete', key } as const) : ({ kind: 'put', entry } as const);
        });
      if (changes.length > 0) sink({ kind: 'changes', revision: this.#head, changes });
    }
  }
}
