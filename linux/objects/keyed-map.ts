import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { FdbEntry, NeighbourEntry } from './forwarding.ts';
import type { Place } from './kind.ts';
import { usesOf } from './kinds.ts';
import { keyOf, type LinuxObject, type ObjectKey } from './object.ts';

/**
 * Values by the keys of objects: whoever asks with an object asks for what belongs to the object's key.
 *
 * Entries of a tunnel come by the hundred thousand. A text for each key, and its hash, would be most of the work and of the
 * memory, so they are found as the kernel finds them: in the table of their device, by MAC or address.
 */
export class KeyedMap<V> {
  readonly #others = new Map<ObjectKey, V>();
  /** Two or three for each network, so that looking through them is quicker than another map. */
  readonly #tables: Table<V>[] = [];

  get size(): number {
    return this.#tables.reduce((sum, { values }) => sum + values.size, this.#others.size);
  }

  get(o: LinuxObject): V | undefined {
    return isTableEntry(o) ? this.#table(o)?.values.get(idOf(o)) : this.#others.get(keyOf(o));
  }

  has(o: LinuxObject): boolean {
    return this.get(o) !== undefined;
  }

  set(o: LinuxObject, value: V): void {
    if (isTableEntry(o)) (this.#table(o) ?? this.#newTable(o)).values.set(idOf(o), value);
    else this.#others.set(keyOf(o), value);
  }

  delete(o: LinuxObject): boolean {
    return isTableEntry(o)
      ? (this.#table(o)?.values.delete(idOf(o)) ?? false)
      : this.#others.delete(keyOf(o));
  }

  *values(): Generator<V, void> {
    for (const value of this.#others.values()) yield value;
    for (const table of this.#tables) for (const value of table.values.values()) yield value;
  }

  /** The same as going through `values`, and quicker where there are very many. */
  forEach(visit: (value: V) => void): void {
    this.#others.forEach(visit);
    for (const table of this.#tables) table.values.forEach(visit);
  }

  /** The values of a tunnel's entries that stand on the place. */
  protected *entriesOn(place: Place): Generator<V, void> {
    for (const table of this.#tables) if (table.place === place) yield* table.values.values();
  }

  #table({ kind, scope, dev }: TableEntry): Table<V> | undefined {
    for (const table of this.#tables) {
      if (table.kind === kind && table.dev === dev && table.scope === scope) return table;
    }
    return undefined;
  }

  #newTable(o: TableEntry): Table<V> {
    const { kind, scope, dev } = o;
    const table: Table<V> = { kind, scope, dev, place: usesOf(o)[0]?.place, values: new Map() };
    this.#tables.push(table);
    return table;
  }
}

/** What the kernel keeps in a table of a device. (A port's own entry is one for each port, and no table.) */
export type TableEntry = FdbEntry | NeighbourEntry;

interface Table<V> extends Pick<TableEntry, 'kind' | 'scope' | 'dev'> {
  /** What all its entries stand on. */
  readonly place: Place | undefined;
  readonly values: Map<Mac | Ip, V>;
}

export function isTableEntry(o: LinuxObject): o is TableEntry {
  return o.kind === 'fdb' || o.kind === 'neighbour';
}

function idOf(o: TableEntry): Mac | Ip {
  return o.kind === 'fdb' ? o.mac : o.ip;
}

/** Do both have one key, so that the kernel can hold only one of them? */
export function sameKey(a: LinuxObject, b: LinuxObject): boolean {
  if (a.scope !== b.scope) return false;
  if (isTableEntry(a) && isTableEntry(b)) return a.kind === b.kind && a.dev === b.dev && idOf(a) === idOf(b);
  return !isTableEntry(a) && !isTableEntry(b) && keyOf(a) === keyOf(b);
}
