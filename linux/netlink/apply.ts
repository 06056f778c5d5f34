import type { StepResult } from '../kernel.ts';
import { writeSettings } from '../netns/sysctl.ts';
import type { Sysctl } from '../objects/ip-config.ts';
import type { LinuxObject } from '../objects/object.ts';
import type { NetworkScope } from '../objects/scope.ts';
import { Refusals } from '../plan/refusals.ts';
import type { Step } from '../plan/step.ts';
import { applyEntries, type EntryStep } from './apply-entries.ts';
import { applyIpConfig, type IpConfigStep } from './apply-ip-config.ts';
import { applyLink, type LinkStep } from './apply-links.ts';
import { applyNamespace, noNamespace } from './apply-namespace.ts';
import { outcomeOf, outcomeWithout, refused, type Outcome } from './apply-outcome.ts';
import type { Namespaces } from './namespaces.ts';

/**
 * Carries out the steps in order, and answers one result for each: the port's `apply`. Consecutive steps that do not need each
 * other and go to one namespace are one batch.
 *
 * @throws KERNEL_REFUSED when a socket failed: then nobody knows how far it went.
 */
export async function applySteps(namespaces: Namespaces, steps: readonly Step[]): Promise<StepResult[]> {
  const refusals = new Refusals();
  const results: StepResult[] = [];
  for (let from = 0; from < steps.length;) {
    const end = runEnd(steps, from);
    const run = steps.slice(from, end);
    const blocking = refusals.isEmpty ? undefined : run.map((step) => refusals.blocking(step));
    const tried = blocking === undefined ? run : run.filter((_, i) => blocking[i] === undefined);
    const answers = tried.length === 0 ? [] : await carryOut(namespaces, tried);
    let next = 0;
    run.forEach((step, i) => {
      const error = blocking?.[i] ?? answers[next++];
      if (error !== undefined) refusals.add(step);
      results.push(error === undefined ? done : { ok: false, error });
    });
    from = end;
  }
  return results;
}

const done: StepResult = { ok: true };

type Class = 'alone' | 'setting' | 'ip' | 'entry';

/** Steps of one class may share a batch. */
function classOf(o: LinuxObject): Class {
  switch (o.kind) {
    case 'netns':
    case 'bridge':
    case 'vxlan':
    case 'veth':
      return 'alone';
    case 'sysctl':
      return 'setting';
    case 'address':
    case 'route':
      return 'ip';
    case 'fdb':
    case 'port-fdb':
    case 'neighbour':
      return 'entry';
  }
}

/** The end of the run that begins at `from`: steps of one class and namespace and, but for entries, one operation. */
function runEnd(steps: readonly Step[], from: number): number {
  const { op, object } = steps[from] as Step;
  const type = classOf(object);
  let end = from + 1;
  if (type === 'alone') return end;
  for (let next = steps[end]; next !== undefined; next = steps[end]) {
    if (next.object.scope !== object.scope || classOf(next.object) !== type) break;
    if (next.op !== op && type !== 'entry') break;
    end += 1;
  }
  return end;
}

async function carryOut(namespaces: Namespaces, run: readonly Step[]): Promise<readonly Outcome[]> {
  const first = run[0] as Step;
  try {
    switch (first.object.kind) {
      case 'netns':
        return [await applyNamespace(namespaces, first)];
      case 'bridge':
      case 'vxlan':
      case 'veth':
        return [await applyLink(namespaces, first as LinkStep)];
      case 'sysctl':
        return await applySettings(namespaces, first.object.scope, run);
      case 'address':
      case 'route':
        return await applyIpConfig(namespaces, first.object.scope, run as readonly IpConfigStep[]);
      case 'fdb':
      case 'port-fdb':
      case 'neighbour':
        return await applyEntries(namespaces, first.object.scope, run as readonly EntryStep[]);
    }
  } catch (error) {
    return run.map((step) => outcomeWithout(step, error));
  }
}

/** `sysctl -w KEY=VALUE`; a setting is never deleted, and an optional one may be missing. */
async function applySettings(
  namespaces: Namespaces,
  scope: NetworkScope,
  run: readonly Step[],
): Promise<readonly Outcome[]> {
  if (run[0]?.op === 'delete') return run.map(() => undefined);
  const namespace = await namespaces.own(scope);
  if (namespace === undefined) return run.map((step) => refused(step, noNamespace(namespaces, scope)));
  const settings = run.map((step) => step.object as Sysctl);
  const answers = writeSettings(namespace.path, settings);
  return run.map((step, i) => {
    const answer = answers[i];
    return settings[i]?.optional === true && answer?.errno === 'ENOENT' ? undefined : outcomeOf(step, answer);
  });
}
