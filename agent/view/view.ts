import { keys, prefixes } from '../../kvstore/keys.ts';
import { decodeAlive } from '../../kvstore/records/alive.ts';
import { decodeCluster } from '../../kvstore/records/cluster-json.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { decodeFence } from '../../kvstore/records/fence.ts';
import { decodeNetworkState, type NetworkState } from '../../kvstore/records/network-json.ts';
import { decodeNode } from '../../kvstore/records/node.ts';
import { decodeWait, type Wait } from '../../kvstore/records/wait.ts';
import type { Revision, Store } from '../../kvstore/store.ts';
import type { Clock } from '../../model/clock.ts';
import { endpointIdPattern, type Endpoint, type EndpointId } from '../../model/endpoint.ts';
import type { WeftError } from '../../model/errors.ts';
import { parseName, type Name } from '../../model/name.ts';
import type { Network, NetworkId } from '../../model/network.ts';
import type { Alive, Cluster, Fence, Node, NodeId } from '../../model/node.ts';
import {
  Collection,
  type CollectionPorts,
  type Recorded,
  type Remembered,
  type SyncState,
} from './collection.ts';

/** Told after the view has changed; must only mark things dirty. */
export interface ViewListener {
  cluster?(): void;
  networks?(names: ReadonlySet<Name>): void;
  wishes?(names: ReadonlySet<Name>): void;
  nodes?(): void;
  alive?(): void;
  fences?(): void;
  endpoints?(network: NetworkId, ids: ReadonlySet<EndpointId>): void;
  /** Questions and answers among those who take part in a network. */
  waits?(): void;
  state?(): void;
}

/**
 * What the store says, decoded. Whole prefixes for networks, nodes and the living; endpoints only of networks that
 * somebody joined.
 */
export class View {
  readonly cluster: Collection<Cluster>;
  readonly networkStates: Collection<NetworkState>;
  readonly wishes: Collection<Uint8Array>;
  readonly nodes: Collection<Node>;
  readonly alive: Collection<Alive>;
  readonly fences: Collection<Fence>;
  /** Of all networks: one prefix is watched, however many networks this node takes part in. */
  readonly waits: Collection<Wait>;
  readonly #store: Store;
  readonly #clock: Pick<Clock, 'wall'>;
  readonly #judge: CollectionPorts['judge'];
  #doubt: string | undefined;
  #since: number | undefined;
  #told: SyncState = 'syncing';
  readonly #endpoints = new Map<NetworkId, Collection<Endpoint>>();
  readonly #byId = new Map<NetworkId, Network>();
  readonly #listeners = new Set<ViewListener>();
  readonly #waiters = new Set<() => void>();

  /** `judge`: whether the store that speaks is the one we knew. */
  constructor(store: Store, clock: Pick<Clock, 'wall'>, judge?: CollectionPorts['judge']) {
    this.#store = store;
    this.#clock = clock;
    this.#judge = judge;
    const nameIn = (key: string): string => key.slice(key.indexOf('/') + 1);
    const named = (ks: ReadonlySet<string>): Set<Name> => new Set([...ks].map((k) => nameIn(k) as Name));
    this.cluster = this.#collect(keys.cluster, decodeCluster, () => {
      this.#tell((l) => l.cluster?.());
    });
    this.networkStates = this.#collect(prefixes.networkStates, decodeNetworkState, (ks) => {
      this.#indexNetworks();
      this.#tell((l) => l.networks?.(named(ks)));
    });
    this.wishes = this.#collect(
      prefixes.networks,
      (key, value) => {
        // Whoever wrote it finds it among the records that cannot be read.
        parseName('network', nameIn(key));
        // A copy: it is kept, and what else was listed with it need not be.
        return new Uint8Array(value);
      },
      (ks) => {
        this.#tell((l) => l.wishes?.(named(ks)));
      },
    );
    this.nodes = this.#collect(prefixes.nodes, decodeNode, () => {
      this.#tell((l) => l.nodes?.());
    });
    const onAlive = (): void => {
      this.#tell((l) => l.alive?.());
    };
    this.alive = this.#collect(prefixes.alive, decodeAlive, onAlive, true);
    // Fences stay with the store that has them, as leases do: nobody puts them back, and a missing one hides nothing.
    const onFence = (): void => {
      this.#tell((l) => l.fences?.());
    };
    this.fences = this.#collect(prefixes.fences, decodeFence, onFence, true);
    const onWait = (): void => {
      this.#tell((l) => l.waits?.());
    };
    this.waits = this.#collect(prefixes.waits, decodeWait, onWait, true);
  }

  #collect<T>(
    prefix: string,
    decode: (key: string, value: Uint8Array) => T,
    onChange: (keys: ReadonlySet<string>) => void,
    isLeased = false,
  ) {
    return new Collection<T>(prefix, decode, {
      store: this.#store,
      isLeased,
      onChange,
      onState: () => {
        this.#stateMoved();
      },
      onRevision: () => {
        this.#wake();
      },
      ...(this.#judge === undefined ? {} : { judge: this.#judge }),
    });
  }

  #stateMoved(): void {
    const { state } = this;
    if (state !== this.#told) this.#since = this.#clock.wall();
    this.#told = state;
    this.#tell((l) => l.state?.());
  }

  /** Begins to watch; what was ended because the store was another one begins anew. */
  start(): void {
    for (const c of this.#all()) c.start();
  }

  /** Begins with what an earlier life knew: `stale` from the beginning. To be called before `start`. */
  restore(known: readonly Remembered[]): void {
    const parts = new Map(known.map((part) => [part.prefix, part]));
    for (const c of this.#whole()) c.restore(parts.get(c.prefix));
    for (const network of this.networks()) {
      const part = parts.get(prefixes.endpoints(network.id));
      if (part !== undefined) this.#make(network.id).restore(part);
    }
  }

  /** What a later life should know; the living, and what they ask each other, are only of this moment. */
  remember(): readonly Remembered[] {
    const passing: readonly Collection<unknown>[] = [this.alive, this.waits];
    return this.#all().flatMap((c) => (passing.includes(c) ? [] : (c.remember() ?? [])));
  }

  /** Has the store said in this life what there is of this network? */
  isConfirmed(network: NetworkId): boolean {
    const endpoints = this.#endpoints.get(network);
    return this.networkStates.confirmed && (endpoints === undefined || endpoints.confirmed);
  }

  /** The store that was not believed is ours, and whole again as far as it can be. */
  confirm(): void {
    for (const c of this.#all()) c.confirm();
  }

  /** Why the store is not believed at present; the view is `stale` until it is. */
  set doubt(why: string | undefined) {
    if (this.#doubt === why) return;
    this.#doubt = why;
    this.#stateMoved();
  }

  /** Gives up what is held: its keys. */
  release(): readonly string[] {
    return this.#all().flatMap((c) => c.release());
  }

  /** Knows nothing any more. To be started anew. */
  async forgetAll(): Promise<void> {
    await Promise.all(this.#all().map((c) => c.forgetAll()));
    this.#endpoints.clear();
  }

  async close(): Promise<void> {
    await Promise.all(this.#all().map((c) => c.close()));
  }

  /** Every record that is known, held ones included. */
  records(): readonly { readonly key: string; readonly recorded: Recorded<unknown> }[] {
    return this.#all().flatMap((c) => Array.from(c.records, ([key, recorded]) => ({ key, recorded })));
  }

  #all(): readonly Collection<unknown>[] {
    return [...this.#whole(), ...this.#endpoints.values()];
  }

  #whole(): readonly Collection<unknown>[] {
    return [this.cluster, this.networkStates, this.wishes, this.nodes, this.alive, this.fences, this.waits];
  }

  listen(listener: ViewListener): void {
    this.#listeners.add(listener);
  }

  #tell(call: (listener: ViewListener) => void): void {
    for (const l of this.#listeners) call(l);
    this.#wake();
  }

  #wake(): void {
    for (const wake of [...this.#waiters]) wake();
  }

  /** `insync` when every whole prefix is; the worst of them otherwise. Networks joined are judged one by one. */
  get state(): SyncState {
    const states = this.#whole().map((c) => c.state);
    if (states.includes('syncing')) return 'syncing';
    return states.includes('stale') || this.#doubt !== undefined ? 'stale' : 'insync';
  }

  /** Wall-clock time since which `state` is what it is; undefined before its first change. */
  get since(): number | undefined {
    return this.#since;
  }

  /** The latest revision that any of the whole prefixes has come to; 0 before. */
  get revision(): Revision {
    return Math.max(...this.#whole().map((c) => c.revision));
  }

  /** Why contact was lost, as far as a whole prefix is without it. */
  get trouble(): string | undefined {
    return this.#doubt ?? this.#whole().find((c) => c.trouble !== undefined)?.trouble;
  }

  /** Has everything been seen at least once? */
  get ready(): boolean {
    return this.state !== 'syncing';
  }

  /** Records that were set aside, by key. */
  bad(): ReadonlyMap<string, WeftError> {
    return new Map(this.#all().flatMap((c) => [...c.bad]));
  }

  held(): readonly string[] {
    return this.#all().flatMap((c) => [...c.held]);
  }

  #indexNetworks(): void {
    this.#byId.clear();
    for (const { value } of this.networkStates.records.values())
      if ('id' in value) this.#byId.set(value.id, value);
  }

  /** Accepted networks. */
  networks(): readonly Network[] {
    return [...this.#byId.values()];
  }

  network(name: Name): Recorded<NetworkState> | undefined {
    return this.networkStates.get(keys.networkState(name));
  }

  networkById(id: NetworkId): Network | undefined {
    return this.#byId.get(id);
  }

  node(id: NodeId): Node | undefined {
    return this.nodes.get(keys.node(id))?.value;
  }

  nodeList(): readonly Node[] {
    return [...this.nodes.records.values()].map((r) => r.value);
  }

  isAlive(id: NodeId): boolean {
    return this.alive.get(keys.alive(id)) !== undefined;
  }

  /** Live node ids in rank order: the first has rank 0. */
  ranks(): readonly NodeId[] {
    return [...this.alive.records.values()].map((r) => r.value.node).toSorted();
  }

  /** Endpoints of a network that was joined. */
  endpoints(network: NetworkId): Collection<Endpoint> | undefined {
    return this.#endpoints.get(network);
  }

  joined(): readonly NetworkId[] {
    return [...this.#endpoints.keys()];
  }

  /** Begins to watch the endpoints of a network; harmless when joined already. */
  join(network: NetworkId): Collection<Endpoint> {
    const collection = this.#endpoints.get(network) ?? this.#make(network);
    collection.start();
    return collection;
  }

  #make(network: NetworkId): Collection<Endpoint> {
    const prefix = prefixes.endpoints(network);
    const collection = this.#collect(prefix, decodeEndpoint, (ks) => {
      const ids = new Set<EndpointId>();
      for (const key of ks) {
        const id = key.slice(prefix.length);
        if (endpointIdPattern.test(id)) ids.add(id as EndpointId);
      }
      this.#tell((l) => l.endpoints?.(network, ids));
    });
    this.#endpoints.set(network, collection);
    return collection;
  }

  async leave(network: NetworkId): Promise<void> {
    const collection = this.#endpoints.get(network);
    this.#endpoints.delete(network);
    await collection?.close();
  }

  /** Resolves with the first defined answer; asked now and after each change of the view. Rejects when the signal aborts. */
  until<T>(ask: () => T | undefined, signal: AbortSignal): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (): void => {
        this.#waiters.delete(wake);
        signal.removeEventListener('abort', abort);
      };
      const abort = (): void => {
        finish();
        reject(signal.reason as Error);
      };
      const wake = (): void => {
        const answer = ask();
        if (answer === undefined) return;
        finish();
        resolve(answer);
      };
      if (signal.aborted) return abort();
      signal.addEventListener('abort', abort);
      this.#waiters.add(wake);
      wake();
    });
  }
}
