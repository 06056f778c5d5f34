import type { NetworkScope } from '../objects/scope.ts';
import type { Step } from '../plan/step.ts';
import { noNamespace } from './apply-namespace.ts';
import { outcomeOf, type Outcome } from './apply-outcome.ts';
import { writeEntry, type Entry } from './codec/entry.ts';
import { interfaceIndexes } from './interface-index.ts';
import type { NetlinkRefusal } from './message.ts';
import type { Namespaces } from './namespaces.ts';

export type EntryStep = Step & { readonly object: Entry };

/** `bridge fdb replace|del` and `ip neigh replace|del`, in their order: entries do not need each other. */
export async function applyEntries(
  namespaces: Namespaces,
  scope: NetworkScope,
  run: readonly EntryStep[],
): Promise<readonly Outcome[]> {
  const namespace = await namespaces.own(scope);
  if (namespace === undefined) return run.map((step) => outcomeOf(step, noNamespace(namespaces, scope)));
  const devices = new Set<string>();
  for (const { object } of run) devices.add(object.dev);
  const indexes = interfaceIndexes(namespace.path, devices);
  const tried = indexes.size === devices.size ? run : run.filter(({ object }) => indexes.has(object.dev));
  const refusals = await namespace.rtnetlink.sendSeries({
    count: tried.length,
    write(i, room, at) {
      const { op, object } = tried[i] as EntryStep;
      return writeEntry(object, indexes.get(object.dev) ?? 0, op === 'delete' ? 'delete' : 'put', room, at);
    },
  });
  if (refusals.size === 0 && tried.length === run.length)
    return new Array<Outcome>(run.length).fill(undefined);
  let next = 0;
  return run.map((step) => {
    const { dev } = step.object;
    return outcomeOf(step, indexes.has(dev) ? refusals.get(next++) : noDevice(dev));
  });
}

export function noDevice(name: string): NetlinkRefusal {
  return { errno: 'ENODEV', text: `there is no interface ${name}` };
}
