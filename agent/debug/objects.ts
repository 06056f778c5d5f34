import type {
  DebugDesiredJson,
  DebugObservedJson,
  DebugPlanJson,
  NetworkChangeJson,
} from '../../api/schemas/debug.ts';
import type { DebugRequest } from '../../api/service.ts';
import { keyOf, type LinuxObject } from '../../linux/objects/object.ts';
import type { Shell } from '../../linux/objects/shell.ts';
import { shellFor } from '../../linux/objects/shell.ts';
import { printStep } from '../../linux/plan/print.ts';
import type { Plan } from '../../linux/plan/step.ts';
import type { NetworkId } from '../../model/network.ts';
import type { Agent } from '../agent.ts';
import type { NetworkReconciler } from '../reconcile/network-reconciler.ts';
import { idOf } from './network-of.ts';

type ObjectJson = DebugObservedJson[number]['objects'][number]['object'];

/** What this node's kernel should hold, as of the last pass, and how far it has come. @throws NETWORK_NOT_FOUND */
export async function desiredOf(agent: Agent, request: DebugRequest): Promise<DebugDesiredJson> {
  return ofEach(agent, request, async (one, take) => {
    const { objects, total } = take(one.desired, one.desired.size);
    const shown = objects.map((object) => {
      const state = one.stateOf(object);
      const shown = { key: keyOf(object), state: state.kind, object: objectJson(object) };
      if (state.kind !== 'error') return shown;
      const { decision, error } = state;
      return { ...shown, error: { decision, message: error.message } };
    });
    return { total, objects: shown };
  });
}

/** What it holds: read now. @throws NETWORK_NOT_FOUND; what the kernel port throws. */
export async function observedOf(agent: Agent, request: DebugRequest): Promise<DebugObservedJson> {
  return ofEach(agent, request, async (one, take) => {
    const { objects: found, deadSandboxes } = await one.look();
    const { objects, total } = take(found, found.size);
    return {
      total,
      objects: objects.map((object) => ({ key: keyOf(object), object: objectJson(object) })),
      deadSandboxes: Array.from(deadSandboxes, (scope) => scope.slice('sandbox:'.length)),
    };
  });
}

/**
 * What is to be done about the difference, as a pass that began now would do it. @throws NETWORK_NOT_FOUND; what the kernel port
 * throws.
 */
export async function planOf(agent: Agent, request: DebugRequest): Promise<DebugPlanJson> {
  const { view, ports } = agent;
  const shell = shellFor(ports.settings.config.netnsDir);
  return ofEach(agent, request, async (one, take) => {
    const steps = await one.planNow(view.isConfirmed(one.id));
    const { objects, total } = take(steps, steps.length);
    return { total, steps: stepsJson(objects, shell) };
  });
}

/** Steps as people and programs read them. */
export function stepsJson(steps: Plan, shell: Shell): NetworkChangeJson['steps'] {
  return steps.map((step) => ({ op: step.op, key: keyOf(step.object), lines: printStep(step, shell) }));
}

/** As many as the limit of the whole request still allows. */
type Take = <T>(
  all: Iterable<T>,
  total: number,
) => {
  readonly objects: readonly T[];
  readonly total: number;
};

/** One answer for each network of this node, sorted by name. */
async function ofEach<A extends object>(
  agent: Agent,
  { network, limit }: DebugRequest,
  answer: (one: NetworkReconciler, take: Take) => Promise<A>,
): Promise<readonly (A & { readonly network: string; readonly id: NetworkId })[]> {
  const { reconciler, view } = agent;
  const wanted = network === undefined ? undefined : idOf(network, agent);
  const named = [...reconciler.networks().values()]
    .filter(({ id }) => wanted === undefined || id === wanted)
    .map((one) => ({ one, name: view.networkById(one.id)?.name ?? one.id }))
    .toSorted((a, b) => (a.name < b.name ? -1 : 1));
  let left = limit;
  const take: Take = <T>(all: Iterable<T>, total: number) => {
    const objects: T[] = [];
    for (const o of all) {
      if (left === 0) break;
      objects.push(o);
      left -= 1;
    }
    return { objects, total };
  };
  const answers = [];
  for (const { one, name } of named) {
    answers.push({ network: name, id: one.id, ...(await answer(one, take)) });
  }
  return answers;
}

const objectJson = (o: LinuxObject): ObjectJson => ({ ...o });
