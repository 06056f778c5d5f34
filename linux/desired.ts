import { keyOf, type LinuxObject, type ObjectKey } from './objects/object.ts';
import { ObjectSet } from './objects/object-set.ts';
import { sameObject } from './plan/change-table.ts';

/** Who wants an object: a name chosen by the caller, for instance `endpoint 4f1c...`. */
export type Source = string;

/**
 * What this node's kernel should hold, put together from sources that each replace their own part. The cost of an update
 * follows the size of the source, never that of the whole.
 *
 * When several sources want one key, the source whose name comes first by code units has it; the others wait behind it.
 */
export class DesiredState {
  readonly #objects = new ObjectSet();
  readonly #sources = new Map<Source, readonly LinuxObject[]>();
  /** Who wants a key; several, in order, only when they compete. */
  readonly #claims = new Map<ObjectKey, Source | readonly Source[]>();
  readonly #changed = new Set<ObjectKey>();

  /** The objects that have their keys, to be read and not written. */
  get objects(): ObjectSet {
    return this.#objects;
  }

  has(source: Source): boolean {
    return this.#sources.has(source);
  }

  /** Who wants the object of this key: the one that has it, then those that wait behind. */
  sourcesOf(key: ObjectKey): readonly Source[] {
    return this.#claimants(key);
  }

  /** From now on the source wants exactly these objects. Two of one key within a source: the later counts. */
  set(source: Source, objects: readonly LinuxObject[]): void {
    const now = byKey(objects);
    const had = this.#sources.get(source);
    const before = had === undefined ? nothing : byKey(had);
    for (const [key, old] of before) {
      const o = now.get(key);
      if (o !== undefined && sameObject(old, o)) now.set(key, old);
    }
    if (now.size === 0) this.#sources.delete(source);
    else this.#sources.set(source, [...now.values()]);
    for (const key of before.keys()) if (!now.has(key)) this.#withdraw(key, source);
    for (const [key, o] of now) if (before.get(key) !== o) this.#claim(key, source, o);
  }

  /** The source wants nothing any more. */
  remove(source: Source): void {
    this.set(source, []);
  }

  /** The keys whose object came, went or became another since the last call; a key that came and went may be among them. */
  takeChanged(): Set<ObjectKey> {
    const taken = new Set(this.#changed);
    this.#changed.clear();
    return taken;
  }

  #claim(key: ObjectKey, source: Source, o: LinuxObject): void {
    const claim = this.#claims.get(key);
    if (claim === undefined || claim === source) {
      this.#claims.set(key, source);
      this.#give(key, o);
      return;
    }
    const others = this.#claimants(key).filter((s) => s !== source);
    const all = [...others, source].sort();
    this.#claims.set(key, all.length === 1 ? source : all);
    if (all[0] === source) this.#give(key, o);
  }

  #withdraw(key: ObjectKey, source: Source): void {
    const left = this.#claimants(key).filter((s) => s !== source);
    const [heir] = left;
    if (heir === undefined) {
      this.#claims.delete(key);
      this.#objects.delete(key);
      this.#changed.add(key);
      return;
    }
    this.#claims.set(key, left.length === 1 ? heir : left);
    const inherited = this.#sources.get(heir)?.find((o) => keyOf(o) === key);
    if (inherited !== undefined) this.#give(key, inherited);
  }

  #give(key: ObjectKey, o: LinuxObject): void {
    const old = this.#objects.get(key);
    if (old !== undefined && sameObject(old, o)) return;
    this.#objects.set(key, o);
    this.#changed.add(key);
  }

  #claimants(key: ObjectKey): readonly Source[] {
    const claim = this.#claims.get(key) ?? [];
    return typeof claim === 'string' ? [claim] : claim;
  }
}

const nothing: ReadonlyMap<ObjectKey, LinuxObject> = new Map();

function byKey(objects: readonly LinuxObject[]): Map<ObjectKey, LinuxObject> {
  const map = new Map<ObjectKey, LinuxObject>();
  for (const o of objects) map.set(keyOf(o), o);
  return map;
}
