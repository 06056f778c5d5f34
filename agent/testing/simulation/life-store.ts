import type { FakeStore } from '../../../kvstore/fake-store.ts';
import type {
  CallOptions,
  Condition,
  Entry,
  Lease,
  Limits,
  Listing,
  Op,
  Store,
  TxnResult,
  Watch,
  WatchSink,
  WatchUpdate,
} from '../../../kvstore/store.ts';
import type { Clock } from '../../../model/clock.ts';
import { WeftError } from '../../../model/errors.ts';
import type { Life } from './life.ts';

/** What happens to a later transaction of this client. */
export type Mishap =
  | { readonly kind: 'crash before' | 'crash after' }
  /** STORE_AMBIGUOUS for the caller. `late`: it is applied after this many milliseconds all the same. */
  | { readonly kind: 'reply lost' | 'request lost' }
  | { readonly kind: 'late'; readonly ms: number };

/** Sees every transaction that is applied. `begin` is called just before; what it returns, when it was applied. */
export type Audit = (conditions: readonly Condition[], ops: readonly Op[]) => () => void;

export interface LifeStorePorts {
  readonly life: Life;
  readonly clock: Clock;
  readonly client: FakeStore;
  /** Reaches the data when this client is long gone. */
  readonly beyond: FakeStore;
  readonly audit: Audit;
  crash(): void;
}

/** The store as one process reaches it: with delays, with news that are held up on the way, and with mishaps. */
export class LifeStore implements Store {
  readonly description = 'simulated store';
  readonly limits: Limits;
  readonly #ports: LifeStorePorts;
  /** Prefixes of which the news are held up, with those. */
  readonly #held = new Map<string, (() => void)[]>();
  #holds: ((prefix: string) => boolean) | undefined;
  #isCut = false;
  #mishap: { readonly what: Mishap; after: number } | undefined;

  constructor(ports: LifeStorePorts) {
    this.#ports = ports;
    this.limits = ports.client.limits;
  }

  get isCut(): boolean {
    return this.#isCut;
  }

  /** Are news held up? */
  get isHolding(): boolean {
    return this.#holds !== undefined;
  }

  cut(): void {
    this.#isCut = true;
    this.#ports.client.goAway();
  }

  heal(): void {
    this.#isCut = false;
    this.#ports.client.comeBack();
  }

  /** News below the prefixes chosen so are held up until `release`; their order stays. */
  hold(holds: (prefix: string) => boolean): void {
    this.#holds = holds;
  }

  release(): void {
    this.#holds = undefined;
    const held = [...this.#held.values()].flat();
    this.#held.clear();
    for (const deliver of held) deliver();
  }

  /** Befalls the transaction after so many others. */
  plan(what: Mishap, after: number): void {
    this.#mishap = { what, after };
  }

  forgive(): void {
    this.#mishap = undefined;
  }

  identity(options?: CallOptions): Promise<string> {
    return this.#read((client) => client.identity(options), options);
  }

  get(key: string, options?: CallOptions): Promise<Entry | undefined> {
    return this.#read((client) => client.get(key, options), options);
  }

  list(prefix: string, options?: CallOptions): Promise<Listing> {
    return this.#read((client) => client.list(prefix, options), options);
  }

  async txn(conditions: readonly Condition[], ops: readonly Op[], options?: CallOptions): Promise<TxnResult> {
    const { life, client, crash } = this.#ports;
    const result = await life.ask(async () => {
      const mishap = this.#due();
      if (mishap?.kind === 'crash before') {
        crash();
        return life.never;
      }
      if (mishap?.kind === 'request lost') throw lost();
      if (mishap?.kind === 'late') {
        this.#applyLater(conditions, ops, mishap.ms);
        throw lost();
      }
      const applied = this.#ports.audit(conditions, ops);
      const answer = await client.txn(conditions, ops, options);
      if (answer.ok) applied();
      if (mishap?.kind === 'crash after') {
        crash();
        return life.never;
      }
      if (mishap?.kind === 'reply lost') throw lost();
      return answer;
    }, options?.signal);
    if (this.#isCut) throw lost();
    return result;
  }

  lease(ttl: number, options?: CallOptions): Promise<Lease> {
    return this.#read((client) => client.lease(ttl, options), options);
  }

  watch(prefix: string, sink: WatchSink): Watch {
    const { life, client } = this.#ports;
    if (life.isOver) return { close: () => Promise.resolve() };
    let isClosed = false;
    const deliver = (update: WatchUpdate): void => {
      life.run(() => {
        if (!isClosed) sink(update);
      });
    };
    const watch = client.watch(prefix, (update) => {
      const waiting = this.#held.get(prefix) ?? [];
      if (waiting.length === 0 && this.#holds?.(prefix) !== true) return deliver(update);
      waiting.push(() => {
        deliver(update);
      });
      this.#held.set(prefix, waiting);
    });
    return {
      close: () => {
        isClosed = true;
        return watch.close();
      },
    };
  }

  close(): Promise<void> {
    return this.#ports.client.close();
  }

  async #read<T>(task: (client: FakeStore) => Promise<T>, options: CallOptions | undefined): Promise<T> {
    const answer = await this.#ports.life.ask(() => task(this.#ports.client), options?.signal);
    if (this.#isCut) throw new WeftError('STORE_UNAVAILABLE', 'the simulated store is out of reach');
    return answer;
  }

  #due(): Mishap | undefined {
    const planned = this.#mishap;
    if (planned === undefined) return undefined;
    planned.after -= 1;
    if (planned.after >= 0) return undefined;
    this.#mishap = undefined;
    return planned.what;
  }

  /** A request that hung in the network and arrives when nobody waits for its answer any more. */
  #applyLater(conditions: readonly Condition[], ops: readonly Op[], ms: number): void {
    const { clock, beyond } = this.#ports;
    clock.after(ms, () => {
      void beyond.txn(conditions, ops).catch(() => undefined);
    });
  }
}

const lost = (): WeftError => new WeftError('STORE_AMBIGUOUS', 'the simulated reply was lost');
