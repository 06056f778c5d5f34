import { kindOf } from '../objects/kinds.ts';
import { keyOf } from '../objects/object.ts';
import type { Plan, Step } from './step.ts';

/** One step as the shell lines that a person could run for it, in the node's namespace. */
export function printStep(step: Step): readonly string[] {
  const kind = kindOf(step.object);
  switch (step.op) {
    case 'create':
      return kind.create(step.object);
    case 'change':
      return kind.change(step.object, step.from);
    case 'delete':
      return kind.remove(step.object);
  }
}

/** The whole plan as a shell script without its first line; empty for an empty plan. */
export function printPlan(plan: Plan): string {
  return plan
    .flatMap(printStep)
    .map((line) => `${line}\n`)
    .join('');
}

/** One step in a few words, for logs: `create network:1f2e link br0`. */
export function describeStep(step: Step): string {
  return `${step.op} ${keyOf(step.object)}`;
}
