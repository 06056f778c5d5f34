import type { Place } from './kind.ts';
import { placesOf, usesOf } from './kinds.ts';
import type { LinuxObject } from './object.ts';
import type { ObjectSet } from './object-set.ts';

/** What becomes of the objects of a set when some places vanish. */
export interface Loss {
  /** The kernel removes these with the places. */
  readonly gone: ReadonlySet<LinuxObject>;
  /** The kernel may remove these. */
  readonly doubtful: ReadonlySet<LinuxObject>;
}

/** Follows the places that vanish to all that stands on them, at any distance. */
export function lossOf(objects: ObjectSet, vanishing: Iterable<Place>): Loss {
  const gone = new Set<LinuxObject>();
  const doubtful = new Set<LinuxObject>();
  const queue = [...vanishing];
  const seen = new Set(queue);
  for (let place = queue.pop(); place !== undefined; place = queue.pop()) {
    for (const o of usersOf(objects, place)) {
      if (gone.has(o)) continue;
      const fate = o.scope === place ? 'goes' : usesOf(o).find((u) => u.place === place)?.fate;
      if (fate === 'may go') doubtful.add(o);
      if (fate !== 'goes') continue;
      gone.add(o);
      for (const next of placesOf(o)) {
        if (!seen.has(next)) queue.push(next);
        seen.add(next);
      }
    }
  }
  return { gone, doubtful };
}

function usersOf(objects: ObjectSet, place: Place): readonly LinuxObject[] {
  const isNamespace = !place.includes(' ');
  if (isNamespace) return [...objects].filter((o) => o.scope === place && o.kind !== 'netns');
  return objects.users(place);
}
