import type { Address } from './ip-config.ts';
import type { Place, Use } from './kind.ts';
import { isTableEntry, KeyedMap } from './keyed-map.ts';
import { placesOf, usesOf } from './kinds.ts';
import type { Veth } from './link.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './object.ts';
import { linkPlace } from './place.ts';
import type { Route } from './route.ts';
import { isSandbox, type NetworkScope } from './scope.ts';

/**
 * Objects, one of each key; `get`, `has` and `delete` take any object that has the key. The set also knows what stands on what:
 * who offers and who uses a place is found without a scan. (Objects of a namespace as a whole are looked for: that is rare.)
 */
export class ObjectSet extends KeyedMap<LinuxObject> {
  /** Other than entries of a tunnel, which have their table. */
  readonly #users = new Map<Place, Set<LinuxObject>>();
  readonly #providers = new Map<Place, Set<LinuxObject>>();

  constructor(objects: Iterable<LinuxObject> = []) {
    super();
    for (const o of objects) this.put(o);
  }

  /** In place of what had its key. */
  put(o: LinuxObject): this {
    if (!isTableEntry(o)) {
      this.#forget(this.get(o));
      for (const use of usesOf(o)) if (isIndexed(use, o)) enter(this.#users, use.place, o);
      for (const place of placesOf(o)) enter(this.#providers, place, o);
    }
    this.set(o, o);
    return this;
  }

  override delete(o: LinuxObject): boolean {
    if (!isTableEntry(o)) this.#forget(this.get(o));
    return super.delete(o);
  }

  [Symbol.iterator](): Generator<LinuxObject, void> {
    return this.values();
  }

  *keys(): Generator<ObjectKey, void> {
    for (const o of this) yield keyOf(o);
  }

  /** The objects that use the place, other than a whole namespace. */
  users(place: Place): readonly LinuxObject[] {
    return [...(this.#users.get(place) ?? nobody), ...this.entriesOn(place)];
  }

  /** The objects that offer the place. */
  providers(place: Place): ReadonlySet<LinuxObject> {
    return this.#providers.get(place) ?? nobody;
  }

  /** The port that made the interface inside a sandbox on which the object stands. */
  portOf(o: Address | Route): Veth | undefined {
    for (const port of this.providers(linkPlace(o.scope, o.dev))) {
      if (port.kind === 'veth' && port.peer.scope === o.scope) return port;
    }
    return undefined;
  }

  /** The network that an object belongs to: inside a sandbox, that of the port which made the object's interface. */
  networkOf(o: LinuxObject): NetworkScope | undefined {
    if (!isSandbox(o.scope)) return o.scope;
    return o.kind === 'address' || o.kind === 'route' ? this.portOf(o)?.scope : undefined;
  }

  /** The objects of one network, those inside sandboxes included. Looks at every object. */
  ofNetwork(scope: NetworkScope): LinuxObject[] {
    const found: LinuxObject[] = [];
    for (const o of this) {
      if (o.scope !== scope) continue;
      found.push(o);
      if (o.kind === 'veth') found.push(...this.users(linkPlace(o.peer.scope, o.peer.name)));
    }
    return found;
  }

  #forget(o: LinuxObject | undefined): void {
    if (o === undefined) return;
    for (const use of usesOf(o)) if (isIndexed(use, o)) leave(this.#users, use.place, o);
    for (const place of placesOf(o)) leave(this.#providers, place, o);
  }
}

type Index = Map<Place, Set<LinuxObject>>;
const nobody: ReadonlySet<LinuxObject> = new Set();

function enter(index: Index, place: Place, o: LinuxObject): void {
  const objects = index.get(place);
  if (objects === undefined) index.set(place, new Set([o]));
  else objects.add(o);
}

function leave(index: Index, place: Place, o: LinuxObject): void {
  const objects = index.get(place);
  objects?.delete(o);
  if (objects?.size === 0) index.delete(place);
}

/** Is it kept who uses the place? Of namespaces it is not: everything in one has its scope. */
function isIndexed(use: Use, o: LinuxObject): boolean {
  return use.fate !== 'stays' && use.place !== o.scope;
}
