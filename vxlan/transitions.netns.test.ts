import { expect, test } from '@jest/globals';
import { DesiredState } from '../linux/desired.ts';
import { keyOf, type LinuxObject } from '../linux/objects/object.ts';
import { ObjectSet } from '../linux/objects/object-set.ts';
import { isSandbox, networkScope, sandboxScope, type SandboxScope } from '../linux/objects/scope.ts';
import { sameObject } from '../linux/plan/change-table.ts';
import { plan } from '../linux/plan/plan.ts';
import { describeStep } from '../linux/plan/print.ts';
import type { Plan } from '../linux/plan/step.ts';
import { FreshNode } from '../linux/testing/fresh-node.ts';
import { Tracker } from '../linux/tracker.ts';
import { endpoint, network } from './testing/builders.ts';
import { red, states, type State } from './testing/states.ts';

/** Named states that differ in every kind of object; from each to each is some fifty ways. */
const names = [
  'one endpoint and its peers',
  'moved away',
  'same sandbox, another endpoint',
  'routed',
  'IPv6 underlay',
  'another VNI',
  'conflict',
  'two networks',
];

/** The sandboxes of the states, made for real. */
function realSandboxes(node: FreshNode): ReadonlyMap<SandboxScope, SandboxScope> {
  return new Map([5, 6, 7, 15].map((n) => [sandboxScope(endpoint(n).sandbox.path), node.sandbox()] as const));
}

function inSandboxes(state: State, real: ReadonlyMap<SandboxScope, SandboxScope>): State {
  const place = (s: SandboxScope): SandboxScope => real.get(s) ?? s;
  const moved = (o: LinuxObject): LinuxObject => {
    if (o.kind === 'veth') return { ...o, peer: { ...o.peer, scope: place(o.peer.scope) } };
    if (o.kind !== 'address' && o.kind !== 'route') return o;
    return isSandbox(o.scope) ? { ...o, scope: place(o.scope) } : o;
  };
  return new Map([...state].map(([source, objects]) => [source, objects.map(moved)]));
}

test('on the real kernel, from any of some states to any other, over the changed keys alone', async () => {
  await using node = await FreshNode.open();
  const real = realSandboxes(node);
  const desired = new DesiredState();
  const tracker = new Tracker();
  let current = '';

  const held = async (): Promise<ObjectSet> => {
    const all = new ObjectSet();
    for (const id of [network().id, red.id]) {
      const { objects } = await node.kernel.observe(networkScope(id), [...real.values()]);
      for (const o of objects) all.put(o);
    }
    return all;
  };
  const go = async (to: string): Promise<void> => {
    const way = `from "${current}" to "${to}"`;
    const state = inSandboxes(states[to] ?? new Map<string, readonly LinuxObject[]>(), real);
    for (const source of states[current]?.keys() ?? []) if (!state.has(source)) desired.remove(source);
    for (const [source, objects] of state) desired.set(source, objects);
    const steps: Plan = plan(desired.objects, tracker.believed, desired.takeChanged());
    tracker.applied(steps, await node.kernel.apply(steps));
    expect([way, [...tracker.failures.values()].map((f) => f.error.message)]).toEqual([way, []]);
    const now = await held();
    expect([way, plan(desired.objects, now).map(describeStep)]).toEqual([way, []]);
    for (const o of now) {
      const wish = desired.objects.get(o);
      const isAsBelieved = o.kind === 'sysctl' || (wish !== undefined && sameObject(wish, o));
      expect([way, keyOf(o), isAsBelieved]).toEqual([way, keyOf(o), true]);
    }
    current = to;
  };

  expect(names.filter((name) => states[name] === undefined)).toEqual([]);
  for (const [i, a] of names.entries()) {
    await go(a);
    for (const b of names.slice(i + 1)) {
      await go(b);
      await go(a);
    }
  }
  await go('empty');
  expect((await held()).size).toBe(0);
}, 30_000);
