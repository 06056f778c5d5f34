import { KeyedMap, sameKey } from './objects/keyed-map.ts';
import type { LinuxObject } from './objects/object.ts';
import { ObjectSet } from './objects/object-set.ts';
import { sameObject } from './plan/change-table.ts';

/** Who wants an object: a name chosen by the caller, for instance `network 4f1c...`. */
export type Source = string;

/**
 * What this node's kernel should hold, put together from sources that each replace their own part. The cost of an update
 * follows the size of the source, never that of the whole. A source has few objects: they are looked through.
 *
 * When several sources want one key, the source whose name comes first by code units has it; the others wait behind it.
 */
export class DesiredState {
  readonly #objects = new ObjectSet();
  readonly #sources = new Map<Source, readonly LinuxObject[]>();
  /** Who wants a key, in order, where several do. In the store a claim has one holder, so that there are few of these. */
  readonly #rivals = new KeyedMap<readonly Source[]>();
  #changed: LinuxObject[] = [];
  /** May a key have changed twice? Not as long as all that happened is that objects came. */
  #mayRepeat = false;

  /** The objects that have their keys, to be read and not written. */
  get objects(): ObjectSet {
    return this.#objects;
  }

  has(source: Source): boolean {
    return this.#sources.has(source);
  }

  /** What the source wants, whether it has the keys or waits behind others. */
  wishesOf(source: Source): readonly LinuxObject[] {
    return this.#sources.get(source) ?? nothing;
  }

  /** From now on the source wants exactly these objects. Two of one key within a source: the later counts. */
  set(source: Source, objects: readonly LinuxObject[]): void {
    const before = this.wishesOf(source);
    const now = settled(objects, before);
    if (now.length === 0) this.#sources.delete(source);
    else this.#sources.set(source, now);
    for (const o of before) if (findKey(now, o) === undefined) this.#withdraw(o, source);
    for (const o of now) {
      const old = findKey(before, o);
      if (old === undefined) this.#claim(o, source);
      else if (old !== o) this.#replace(o, source);
    }
  }

  /** The source wants nothing any more. */
  remove(source: Source): void {
    this.set(source, nothing);
  }

  /**
   * What came, went or became another since the last call: one object for each key, in its old or its new form. One that came
   * and went may be among them.
   */
  takeChanged(): readonly LinuxObject[] {
    const changed = this.#changed;
    this.#changed = [];
    if (!this.#mayRepeat) return changed;
    this.#mayRepeat = false;
    return [...new ObjectSet(changed)];
  }

  #claim(o: LinuxObject, source: Source): void {
    const held = this.#objects.get(o);
    if (held === undefined) {
      this.#objects.put(o);
      this.#changed.push(o);
      return;
    }
    const others = this.#rivals.get(o) ?? [this.#otherThan(source, held)];
    this.#rivals.set(o, [...others, source].sort());
    this.#replace(o, source);
  }

  /** Another form of what the source wants already. */
  #replace(o: LinuxObject, source: Source): void {
    if ((this.#rivals.get(o)?.[0] ?? source) === source) this.#give(o);
  }

  #withdraw(o: LinuxObject, source: Source): void {
    const left = this.#rivals.get(o)?.filter((s) => s !== source) ?? [];
    if (left.length > 1) this.#rivals.set(o, left);
    else this.#rivals.delete(o);
    const [heir] = left;
    const inherited = heir === undefined ? undefined : findKey(this.wishesOf(heir), o);
    if (inherited !== undefined) {
      this.#give(inherited);
      return;
    }
    this.#objects.delete(o);
    this.#changed.push(o);
    this.#mayRepeat = true;
  }

  #give(o: LinuxObject): void {
    const old = this.#objects.get(o);
    if (old !== undefined && sameObject(old, o)) return;
    this.#objects.put(o);
    this.#changed.push(o);
    this.#mayRepeat = true;
  }

  /** The one other source that wants the key. */
  #otherThan(source: Source, o: LinuxObject): Source {
    for (const [other, objects] of this.#sources) {
      if (other !== source && findKey(objects, o) !== undefined) return other;
    }
    return source;
  }
}

const nothing: readonly LinuxObject[] = [];

/** The last of each key; what is as before in its former identity. */
function settled(objects: readonly LinuxObject[], before: readonly LinuxObject[]): readonly LinuxObject[] {
  // The usual case, an endpoint that is new, without a copy for each.
  if (before.length === 0 && !hasRepeats(objects)) return objects;
  const now: LinuxObject[] = [];
  for (const [i, o] of objects.entries()) {
    if (findKey(objects, o, i + 1) !== undefined) continue;
    const old = findKey(before, o);
    now.push(old !== undefined && sameObject(old, o) ? old : o);
  }
  return now;
}

function hasRepeats(objects: readonly LinuxObject[]): boolean {
  return objects.some((o, i) => findKey(objects, o, i + 1) !== undefined);
}

/** The first of the objects, from an index on, that has the key of this one. */
function findKey(objects: readonly LinuxObject[], o: LinuxObject, from = 0): LinuxObject | undefined {
  for (let i = from; i < objects.length; i += 1) {
    const other = objects[i];
    if (other !== undefined && sameKey(other, o)) return other;
  }
  return undefined;
}
