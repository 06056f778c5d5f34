import type { WeftError } from '../../model/errors.ts';
import type { Metrics } from '../../model/metric.ts';
import type { PassReport } from '../reconcile/pass.ts';

/** What one pass did, or why it came to nothing; and how many milliseconds that took. */
export function countPass(report: PassReport | WeftError, took: number, metrics: Metrics): void {
  metrics.observe('weft_reconcile_pass_duration_seconds', {}, took / 1000);
  metrics.count('weft_reconcile_passes_total', { outcome: outcomeOf(report) });
  if (report instanceof Error) return;
  const { plan, failures } = report;
  // A plan may have a hundred thousand steps of three or four kinds.
  const steps = new Map<string, number>();
  for (const { op, object } of plan) {
    const what = `${op} ${object.kind}`;
    steps.set(what, (steps.get(what) ?? 0) + 1);
  }
  for (const [what, count] of steps) {
    const [op = '', kind = ''] = what.split(' ');
    metrics.count('weft_kernel_steps_total', { op, kind }, count);
  }
  for (const { error } of failures) metrics.count('weft_kernel_refusals_total', { errno: errnoOf(error) });
}

function outcomeOf(report: PassReport | WeftError): string {
  if (report instanceof Error) return 'failed';
  if (report.failures.length > 0) return 'refused';
  return report.plan.length > 0 ? 'changed' : 'unchanged';
}

function errnoOf({ code, details }: WeftError): string {
  if (typeof details['errno'] === 'string') return details['errno'];
  return 'neededStep' in details ? 'needed' : code;
}
