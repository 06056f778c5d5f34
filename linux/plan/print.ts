import { kindOf } from '../objects/kinds.ts';
import { keyOf } from '../objects/object.ts';
import { shellFor, type Shell } from '../objects/shell.ts';
import type { Plan, Step } from './step.ts';

/** One step as the shell lines that a person could run for it, in the node's namespace. */
export function printStep(step: Step, shell: Shell = shellFor()): readonly string[] {
  const kind = kindOf(step.object);
  switch (step.op) {
    case 'create':
      return kind.create(step.object, shell);
    case 'change':
      return kind.change(step.object, step.from, shell);
    case 'delete':
      return kind.remove(step.object, shell);
  }
}

/** The whole plan as a shell script without its first line; empty for an empty plan. */
export function printPlan(plan: Plan, shell: Shell = shellFor()): string {
  return plan
    .flatMap((step) => printStep(step, shell))
    .map((line) => `${line}\n`)
    .join('');
}

/** One step in a few words, for logs: `create network:1f2e link br0`. */
export function describeStep(step: Step): string {
  return `${step.op} ${keyOf(step.object)}`;
}
