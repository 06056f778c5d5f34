import { ranks, type Place } from '../objects/kind.ts';
import { broughtBy, placesOf, rankOf, usesOf } from '../objects/kinds.ts';
import { lossOf } from '../objects/loss.ts';
import type { LinuxObject } from '../objects/object.ts';
import { ObjectSet } from '../objects/object-set.ts';
import { difference, sameObject } from './change-table.ts';
import type { Plan, Step } from './step.ts';

/**
 * What must be done, in order, so that the kernel holds `desired` where it holds `observed`. Pure.
 *
 * With `only`, one object for each key that matters, in whatever form, just these keys are compared, and what stands on those
 * of them that vanish: the cost follows their number. Without, everything in either set is.
 *
 * The order keeps frames flowing: neighbour entries go first and the rest of the deletions follow, children before parents;
 * then everything is made or changed by rank, an FDB entry before the neighbour entry that leads to it; FDB entries go last,
 * when nothing leads to them any more. What the kernel removes with its parent is not deleted step by step, and is made again
 * if it is still wanted; what it makes with something is not made beside it. A setting is never deleted.
 */
export function plan(desired: ObjectSet, observed: ObjectSet, only?: Iterable<LinuxObject>): Plan {
  const draft = compare(desired, observed, only);
  const { deletions, makings, ending } = followVanishing(draft, desired, observed);
  const brought = bringing(makings, observed, ending);
  const going = byRank(deletions);
  const made = byRank(makings, (step) => lacksFeature(step, observed, ending) || isAmong(brought, step));
  const last = going[ranks.forwarding] ?? [];
  going[ranks.forwarding] = [];
  const none: Step[] = [];
  return none.concat(...going.reverse().map((steps) => steps.reverse()), ...made, last.reverse());
}

interface Draft {
  readonly deletions: readonly Step[];
  /** Creations and changes. */
  readonly makings: readonly Step[];
  /** Places that end with the plan's deletions, or for a moment by its changes. */
  readonly vanishing: readonly Place[];
}

function compare(desired: ObjectSet, observed: ObjectSet, only?: Iterable<LinuxObject>): Draft {
  const deletions: Step[] = [];
  const makings: Step[] = [];
  const vanishing: Place[] = [];
  const remove = (object: LinuxObject): void => {
    if (object.kind === 'sysctl') return;
    deletions.push({ op: 'delete', object });
    vanishing.push(...placesOf(object));
  };
  const compareOne = (wish: LinuxObject | undefined, found: LinuxObject | undefined): void => {
    if (found === undefined) {
      if (wish !== undefined) makings.push({ op: 'create', object: wish });
      return;
    }
    if (wish === undefined) {
      remove(found);
      return;
    }
    const how = difference(found, wish);
    if (how.kind === 'replace') {
      remove(found);
      makings.push({ op: 'create', object: wish });
    } else if (how.kind === 'in place') {
      makings.push({ op: 'change', object: wish, from: found });
      vanishing.push(...how.loses);
    }
  };
  if (only !== undefined) for (const o of only) compareOne(desired.get(o), observed.get(o));
  else compareAll(desired, observed, compareOne);
  return { deletions, makings, vanishing };
}

/** Of each key that is in either set, what both have. */
function compareAll(
  desired: ObjectSet,
  observed: ObjectSet,
  compareOne: (wish: LinuxObject | undefined, found: LinuxObject | undefined) => void,
): void {
  let met = 0;
  observed.forEach((found) => {
    const wish = desired.get(found);
    if (wish !== undefined) met += 1;
    compareOne(wish, found);
  });
  if (met === desired.size) return;
  desired.forEach((wish) => {
    if (!observed.has(wish)) compareOne(wish, undefined);
  });
}

interface Followed extends Pick<Draft, 'deletions' | 'makings'> {
  /** Observed objects that are deleted, or go with what is. */
  readonly ending: ReadonlySet<LinuxObject>;
}

/** Leaves out what the kernel removes by itself, and makes again what is still wanted of it. */
function followVanishing(draft: Draft, desired: ObjectSet, observed: ObjectSet): Followed {
  const { deletions, makings, vanishing } = draft;
  if (vanishing.length === 0) return { deletions, makings, ending: new Set() };
  const { gone, doubtful } = lossOf(observed, vanishing);
  const wishes = (lost: Iterable<LinuxObject>): LinuxObject[] =>
    [...lost].map((o) => desired.get(o)).filter((wish) => wish !== undefined);
  const again = new Set(wishes(gone));
  const others = makings.filter((s) => !again.has(s.object));
  const planned = new Set(makings.map((s) => s.object));
  for (const wish of wishes(doubtful)) if (!planned.has(wish)) again.add(wish);
  return {
    deletions: deletions.filter((s) => !gone.has(s.object)),
    makings: [...others, ...[...again].map((object): Step => ({ op: 'create', object }))],
    ending: new Set([...deletions.map((s) => s.object), ...gone]),
  };
}

/** An optional setting that an observation of its namespace or interface does not show: the kernel has no such setting. */
function lacksFeature(step: Step, observed: ObjectSet, ending: ReadonlySet<LinuxObject>): boolean {
  const { object } = step;
  if (step.op !== 'create' || object.kind !== 'sysctl' || !object.optional) return false;
  if (observed.has(object)) return false;
  return usesOf(object).every((use) => {
    const parents = [...observed.providers(use.place)];
    return parents.length > 0 && !parents.some((parent) => ending.has(parent));
  });
}

/** What the kernel makes by itself with what is made. */
function bringing(
  makings: readonly Step[],
  observed: ObjectSet,
  ending: ReadonlySet<LinuxObject>,
): ObjectSet {
  const brought = new ObjectSet();
  for (const step of makings) {
    const news =
      step.op === 'delete' ? [] : broughtBy(step.object, step.op === 'change' ? step.from : undefined);
    if (news.length === 0) continue;
    // What is made again in case that it is gone may be there, and bring nothing.
    const held = step.op === 'create' ? observed.get(step.object) : undefined;
    if (held === undefined || ending.has(held)) for (const o of news) brought.put(o);
  }
  return brought;
}

function isAmong(objects: ObjectSet, { op, object }: Step): boolean {
  if (op !== 'create' || objects.size === 0) return false;
  const other = objects.get(object);
  return other !== undefined && sameObject(other, object);
}

/** The steps by their objects' rank, those left out that are to be; within a rank in the given order. */
function byRank(steps: readonly Step[], isLeftOut?: (step: Step) => boolean): Step[][] {
  const ranked = Object.values(ranks).map((): Step[] => []);
  for (const step of steps) if (isLeftOut?.(step) !== true) ranked[rankOf(step.object)]?.push(step);
  return ranked;
}
