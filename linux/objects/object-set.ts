import type { Place, Use } from './kind.ts';
import { placesOf, usesOf } from './kinds.ts';
import type { Address, Route } from './ip-config.ts';
import type { Veth } from './link.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './object.ts';
import { linkPlace } from './place.ts';
import { isSandbox, type NetworkScope } from './scope.ts';

/**
 * Objects by key, which also knows what stands on what: who offers and who uses a place is found without a scan. (Objects of a
 * namespace as a whole are found by their keys, which begin with its scope: that is rare.)
 */
export class ObjectSet extends Map<ObjectKey, LinuxObject> {
  readonly #users = new Map<Place, Set<ObjectKey>>();
  readonly #providers = new Map<Place, Set<ObjectKey>>();

  constructor(objects: Iterable<LinuxObject> = []) {
    super();
    for (const o of objects) this.put(o);
  }

  put(o: LinuxObject): this {
    return this.set(keyOf(o), o);
  }

  override set(key: ObjectKey, o: LinuxObject): this {
    const old = this.get(key);
    if (old !== undefined) this.#forget(key, old);
    for (const use of usesOf(o)) if (isIndexed(use, o)) enter(this.#users, use.place, key);
    for (const place of placesOf(o)) enter(this.#providers, place, key);
    return super.set(key, o);
  }

  override delete(key: ObjectKey): boolean {
    const old = this.get(key);
    if (old === undefined) return false;
    this.#forget(key, old);
    return super.delete(key);
  }

  override clear(): void {
    this.#users.clear();
    this.#providers.clear();
    super.clear();
  }

  /** Keys of the objects that use the place, other than a whole namespace. */
  users(place: Place): ReadonlySet<ObjectKey> {
    return this.#users.get(place) ?? nobody;
  }

  /** Keys of the objects that offer the place. */
  providers(place: Place): ReadonlySet<ObjectKey> {
    return this.#providers.get(place) ?? nobody;
  }

  /** The port that made the interface inside a sandbox on which the object stands. */
  portOf(o: Address | Route): Veth | undefined {
    for (const key of this.providers(linkPlace(o.scope, o.dev))) {
      const port = this.get(key);
      if (port?.kind === 'veth' && port.peer.scope === o.scope) return port;
    }
    return undefined;
  }

  /** The network that an object belongs to: inside a sandbox, that of the port which made the object's interface. */
  networkOf(o: LinuxObject): NetworkScope | undefined {
    if (!isSandbox(o.scope)) return o.scope;
    return o.kind === 'address' || o.kind === 'route' ? this.portOf(o)?.scope : undefined;
  }

  /** The objects of one network, those inside sandboxes included. Looks at every key. */
  ofNetwork(scope: NetworkScope): Map<ObjectKey, LinuxObject> {
    const found = new Map<ObjectKey, LinuxObject>();
    for (const [key, o] of this) {
      if (o.scope !== scope) continue;
      found.set(key, o);
      if (o.kind !== 'veth') continue;
      for (const inside of this.users(linkPlace(o.peer.scope, o.peer.name))) {
        found.set(inside, this.get(inside) as LinuxObject);
      }
    }
    return found;
  }

  #forget(key: ObjectKey, o: LinuxObject): void {
    for (const use of usesOf(o)) if (isIndexed(use, o)) leave(this.#users, use.place, key);
    for (const place of placesOf(o)) leave(this.#providers, place, key);
  }
}

type Index = Map<Place, Set<ObjectKey>>;
const nobody: ReadonlySet<ObjectKey> = new Set();

function enter(index: Index, place: Place, key: ObjectKey): void {
  const keys = index.get(place);
  if (keys === undefined) index.set(place, new Set([key]));
  else keys.add(key);
}

function leave(index: Index, place: Place, key: ObjectKey): void {
  const keys = index.get(place);
  keys?.delete(key);
  if (keys?.size === 0) index.delete(place);
}

/** Is it kept who uses the place? Of namespaces it is not: everything in one begins with its scope. */
function isIndexed(use: Use, o: LinuxObject): boolean {
  return use.fate !== 'stays' && use.place !== o.scope;
}

/** What becomes of the objects of a set when some places vanish. */
export interface Loss {
  /** The kernel removes these with the places. */
  readonly gone: ReadonlySet<ObjectKey>;
  /** The kernel may remove these. */
  readonly doubtful: ReadonlySet<ObjectKey>;
}

/** Follows the places that vanish to all that stands on them, at any distance. */
export function lossOf(objects: ReadonlyMap<ObjectKey, LinuxObject>, vanishing: Iterable<Place>): Loss {
  const gone = new Set<ObjectKey>();
  const doubtful = new Set<ObjectKey>();
  const queue = [...vanishing];
  const seen = new Set(queue);
  for (let place = queue.pop(); place !== undefined; place = queue.pop()) {
    for (const key of usersOf(objects, place)) {
      const o = objects.get(key);
      if (o === undefined || gone.has(key)) continue;
      const fate = o.scope === place ? 'goes' : usesOf(o).find((u) => u.place === place)?.fate;
      if (fate === 'may go') doubtful.add(key);
      if (fate !== 'goes') continue;
      gone.add(key);
      for (const next of placesOf(o)) {
        if (!seen.has(next)) queue.push(next);
        seen.add(next);
      }
    }
  }
  return { gone, doubtful };
}

function usersOf(objects: ReadonlyMap<ObjectKey, LinuxObject>, place: Place): readonly ObjectKey[] {
  const isNamespace = !place.includes(' ');
  if (isNamespace)
    return [...objects.keys()].filter((k) => k.startsWith(`${place} `) && k !== `${place} netns`);
  if (objects instanceof ObjectSet) return [...objects.users(place)];
  return [...objects].filter(([, o]) => usesOf(o).some((u) => u.place === place)).map(([key]) => key);
}
