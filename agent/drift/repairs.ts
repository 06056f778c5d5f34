import type { StepResult } from '../../linux/kernel.ts';
import { keyOf, type LinuxObject, type ObjectKey } from '../../linux/objects/object.ts';
import type { ObjectSet } from '../../linux/objects/object-set.ts';
import { attributesOf } from '../../linux/plan/change-table.ts';
import type { Step } from '../../linux/plan/step.ts';

/** Something that was not as we had left it, and is again. */
export interface Repair {
  readonly kind: LinuxObject['kind'];
  readonly key: ObjectKey;
  /** What was found: `absent`, or what differed. */
  readonly from: string;
  /** What it is now, the same way. */
  readonly to: string;
}

/**
 * The repairs among the steps of a pass that compared: those that succeeded and concern something that was `unexpected`, in the
 * order of the steps. What was `changed`, since something else is wanted of it now, was no doing of somebody else.
 */
export function repairsOf(
  steps: readonly Step[],
  results: readonly StepResult[],
  unexpected: ObjectSet,
  changed: Iterable<LinuxObject>,
): readonly Repair[] {
  const repairs = new Map<ObjectKey, Repair>();
  if (unexpected.size === 0) return [];
  const wished = new Set(Array.from(changed, keyOf));
  steps.forEach((step, i) => {
    const { object } = step;
    const key = keyOf(object);
    if (results[i]?.ok !== true || !unexpected.has(object) || wished.has(key)) return;
    repairs.set(key, repairOf(step, key, repairs.get(key)));
  });
  return [...repairs.values()];
}

function repairOf(step: Step, key: ObjectKey, before: Repair | undefined): Repair {
  const { op, object } = step;
  const { kind } = object;
  switch (op) {
    case 'delete':
      return { kind, key, from: textOf(object), to: absent };
    // After its deletion: it is replaced.
    case 'create':
      return { kind, key, from: before?.from ?? absent, to: textOf(object) };
    case 'change': {
      const differs = attributesOf(object).filter((a) => a.of(step.from) !== a.of(object));
      const text = (o: LinuxObject): string => differs.map((a) => valueText(a.name, a.of(o))).join(', ');
      return { kind, key, from: text(step.from), to: text(object) };
    }
  }
}

const absent = 'absent';

function textOf(o: LinuxObject): string {
  const text = attributesOf(o)
    .filter((a) => a.of(o) !== '')
    .map((a) => valueText(a.name, a.of(o)))
    .join(', ');
  return text === '' ? 'there' : text;
}

/** Some values stand in an observation for what an attribute cannot say. */
function valueText(name: string, value: string | number | boolean): string {
  if (name === 'bridge' && value === '') return 'bridge none, or with other flags';
  if ((name === 'mtu' || name === 'vni') && value === 0)
    return `${name} as wanted, but down or with other flags`;
  return `${name} ${value === '' ? 'none' : value}`;
}
