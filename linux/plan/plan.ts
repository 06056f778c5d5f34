import { ranks } from '../objects/kind.ts';
import { placesOf, rankOf, usesOf } from '../objects/kinds.ts';
import { keyOf, type LinuxObject, type ObjectKey } from '../objects/object.ts';
import { lossOf } from '../objects/object-set.ts';
import { difference } from './change-table.ts';
import type { Place } from '../objects/kind.ts';
import type { Plan, Step } from './step.ts';

type Objects = ReadonlyMap<ObjectKey, LinuxObject>;

/**
 * What must be done, in order, so that the kernel holds `desired` where it holds `observed`. Pure.
 *
 * With `keys`, only these are compared, and what stands on those of them that vanish; the cost follows their number when both
 * maps are `ObjectSet`s. Without, everything in either map is.
 *
 * The order keeps frames flowing: neighbour entries go first and the rest of the deletions follow, children before parents;
 * then everything is made or changed by rank, an FDB entry before the neighbour entry that leads to it; FDB entries go last,
 * when nothing leads to them any more. What the kernel removes with its parent is not deleted step by step, and is made again
 * if it is still wanted. A setting is never deleted.
 */
export function plan(desired: Objects, observed: Objects, keys?: Iterable<ObjectKey>): Plan {
  const draft = compare(desired, observed, keys ?? new Set([...observed.keys(), ...desired.keys()]));
  if (draft.vanishing.length > 0) followVanishing(draft, desired, observed);
  const { deletions, makings } = draft;
  const steps = [...makings.values()].filter((s) => !lacksFeature(s, observed, draft));
  const isForwarding = (s: Step): boolean => rankOf(s.object) === ranks.forwarding;
  const gone = byRank([...deletions.values()]).reverse();
  return [...gone.filter((s) => !isForwarding(s)), ...byRank(steps), ...gone.filter(isForwarding)];
}

interface Draft {
  readonly deletions: Map<ObjectKey, Step>;
  /** Creations and changes. */
  readonly makings: Map<ObjectKey, Step>;
  /** Places that end with the plan's deletions, or for a moment by its changes. */
  readonly vanishing: Place[];
  /** What the kernel removes by itself. */
  readonly gone: Set<ObjectKey>;
}

function compare(desired: Objects, observed: Objects, keys: Iterable<ObjectKey>): Draft {
  const draft: Draft = { deletions: new Map(), makings: new Map(), vanishing: [], gone: new Set() };
  const remove = (key: ObjectKey, object: LinuxObject): void => {
    if (object.kind === 'sysctl') return;
    draft.deletions.set(key, { op: 'delete', object });
    draft.vanishing.push(...placesOf(object));
  };
  for (const key of keys) {
    const wish = desired.get(key);
    const found = observed.get(key);
    if (wish === undefined) {
      if (found !== undefined) remove(key, found);
      continue;
    }
    const how = found === undefined ? 'absent' : difference(found, wish);
    if (how === 'absent' || found === undefined) {
      draft.makings.set(key, { op: 'create', object: wish });
    } else if (how.kind === 'replace') {
      remove(key, found);
      draft.makings.set(key, { op: 'create', object: wish });
    } else if (how.kind === 'in place') {
      draft.makings.set(key, { op: 'change', object: wish, from: found });
      draft.vanishing.push(...how.loses);
    }
  }
  return draft;
}

/** Leaves out what the kernel removes by itself, and makes again what is still wanted of it. */
function followVanishing(draft: Draft, desired: Objects, observed: Objects): void {
  const { gone, doubtful } = lossOf(observed, draft.vanishing);
  for (const key of gone) {
    draft.gone.add(key);
    draft.deletions.delete(key);
    const wish = desired.get(key);
    if (wish === undefined) draft.makings.delete(key);
    else draft.makings.set(key, { op: 'create', object: wish });
  }
  for (const key of doubtful) {
    const wish = desired.get(key);
    if (wish !== undefined && !draft.makings.has(key)) draft.makings.set(key, { op: 'create', object: wish });
  }
}

/** An optional setting that an observation of its namespace or interface does not show: the kernel has no such setting. */
function lacksFeature(step: Step, observed: Objects, draft: Draft): boolean {
  const { object } = step;
  if (step.op !== 'create' || object.kind !== 'sysctl' || !object.optional) return false;
  const key = keyOf(object);
  if (observed.has(key)) return false;
  return usesOf(object).every((use) => {
    const parent = use.place === object.scope ? `${object.scope} netns` : use.place;
    return observed.has(parent) && !draft.deletions.has(parent) && !draft.gone.has(parent);
  });
}

/** Steps in order of their objects' rank; within a rank in the given order. */
function byRank(steps: readonly Step[]): Step[] {
  const buckets = Map.groupBy(steps, (s) => rankOf(s.object));
  return [...buckets.keys()].sort((a, b) => a - b).flatMap((rank) => buckets.get(rank) ?? []);
}
