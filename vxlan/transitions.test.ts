import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Ip } from '../model/ip.ts';
import { DesiredState } from '../linux/desired.ts';
import { FakeKernel } from '../linux/fake-kernel.ts';
import { placesOf, usesOf } from '../linux/objects/kinds.ts';
import { keyOf, type LinuxObject, type ObjectKey } from '../linux/objects/object.ts';
import { ObjectSet } from '../linux/objects/object-set.ts';
import { networkScope, sandboxScope, type SandboxScope } from '../linux/objects/scope.ts';
import { sameObject } from '../linux/plan/change-table.ts';
import { plan } from '../linux/plan/plan.ts';
import { describeStep } from '../linux/plan/print.ts';
import type { Plan } from '../linux/plan/step.ts';
import { Tracker } from '../linux/tracker.ts';
import { endpoint, network } from './testing/builders.ts';
import { red, states, type State } from './testing/states.ts';

const sandboxes: SandboxScope[] = [5, 6, 7, 15].map((n) => sandboxScope(endpoint(n).sandbox.path));
const scopes = [network().id, red.id].map(networkScope);

/** A node: desired state, tracker and kernel, moved by passes as the agent does it. */
class NodeUnderTest {
  readonly kernel = new FakeKernel();
  readonly desired = new DesiredState();
  readonly tracker = new Tracker();
  #wished: State = new Map();

  constructor() {
    for (const s of sandboxes) this.kernel.addSandbox(s);
  }

  wish(state: State): readonly LinuxObject[] {
    for (const source of this.#wished.keys()) if (!state.has(source)) this.desired.remove(source);
    for (const [source, objects] of state) this.desired.set(source, objects);
    this.#wished = state;
    return this.desired.takeChanged();
  }

  async apply(steps: Plan): Promise<void> {
    this.tracker.applied(steps, await this.kernel.apply(steps));
  }

  /** A pass over what changed, against what is believed. */
  async passOver(changed: Iterable<LinuxObject>): Promise<Plan> {
    const steps = plan(this.desired.objects, this.tracker.believed, changed);
    await this.apply(steps);
    return steps;
  }

  /** A full compare against what the kernel holds. */
  async fullPlan(): Promise<Plan> {
    return plan(this.desired.objects, await this.held());
  }

  async held(): Promise<ObjectSet> {
    const all = new ObjectSet();
    for (const scope of scopes) {
      for (const o of (await this.kernel.observe(scope, sandboxes)).objects) all.put(o);
    }
    return all;
  }

  async observeAll(): Promise<readonly LinuxObject[]> {
    const surprising: LinuxObject[] = [];
    for (const scope of scopes) {
      const observation = await this.kernel.observe(scope, sandboxes);
      surprising.push(...this.tracker.observed(scope, observation));
    }
    return surprising;
  }

  /** The kernel holds the desired objects, and nothing else but settings. */
  async expectReached(): Promise<void> {
    const held = await this.held();
    for (const o of this.desired.objects) {
      const [key, found] = [keyOf(o), held.get(o)];
      expect([key, found]).toEqual([key, found !== undefined && sameObject(found, o) ? found : o]);
    }
    const extra = [...held].filter((o) => o.kind !== 'sysctl' && !this.desired.objects.has(o));
    expect(extra).toEqual([]);
    expect(this.tracker.failures).toEqual(new Map());
    expect((await this.fullPlan()).map(describeStep)).toEqual([]);
  }
}

/** Parents are made before their children and outlive them; nothing is deleted that the kernel removes by itself. */
function expectOrdered(steps: Plan): void {
  const made = new Map<string, number>();
  const ended = new Map<string, number>();
  steps.forEach((step, i) => {
    if (step.op === 'change') return;
    for (const place of placesOf(step.object)) (step.op === 'create' ? made : ended).set(place, i);
  });
  steps.forEach((step, i) => {
    const own = placesOf(step.object);
    for (const { place, fate } of usesOf(step.object)) {
      if (own.includes(place)) continue;
      if (step.op === 'create') expect(made.get(place) ?? -1).toBeLessThan(i);
      if (step.op === 'delete' && fate === 'goes') expect(ended.get(place)).toBeUndefined();
    }
  });
}

const names = Object.keys(states);
const stateOf = (name: string): State => states[name] ?? new Map();

describe('from any state to any other, over the changed keys alone, as if going there directly', () => {
  for (const from of names) {
    test(`from "${from}"`, async () => {
      for (const to of names) {
        const node = new NodeUnderTest();
        await node.passOver(node.wish(stateOf(from)));
        await node.expectReached();
        const steps = await node.passOver(node.wish(stateOf(to)));
        expectOrdered(steps);
        await node.expectReached();
        const direct = new NodeUnderTest();
        await direct.passOver(direct.wish(stateOf(to)));
        const settled = (held: ObjectSet): ReadonlyMap<ObjectKey, LinuxObject> => {
          const ours = [...held].filter((o) => o.kind !== 'sysctl' || node.desired.objects.has(o));
          return new Map(ours.map((o) => [keyOf(o), o]));
        };
        expect(settled(await node.held())).toEqual(settled(await direct.held()));
      }
    });
  }
});

const anyName = fc.constantFrom(...names);

test('any walk through the states ends where the direct way ends, and what is believed is what is held', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyName, { minLength: 1, maxLength: 6 }), async (walk) => {
      const node = new NodeUnderTest();
      for (const name of walk) await node.passOver(node.wish(stateOf(name)));
      await node.expectReached();
      const surprising = (await node.observeAll()).filter((o) => o.kind !== 'sysctl');
      expect(surprising).toEqual([]);
    }),
    { numRuns: 60 },
  );
});

test('a full compare reaches the state from whatever somebody else left, and a second one is empty', async () => {
  await fc.assert(
    fc.asyncProperty(anyName, anyName, fc.array(fc.nat(), { maxLength: 8 }), async (from, to, removals) => {
      const node = new NodeUnderTest();
      await node.passOver(node.wish(stateOf(from)));
      const held = [...(await node.held())];
      for (const n of removals) {
        const victim = held[n % Math.max(held.length, 1)];
        if (victim !== undefined) node.kernel.remove(victim);
      }
      node.wish(stateOf(to));
      await node.observeAll();
      const steps = await node.fullPlan();
      expectOrdered(steps);
      await node.apply(steps);
      await node.expectReached();
    }),
    { numRuns: 100 },
  );
});

test('after refused steps, reading back and trying again reaches the state', async () => {
  await fc.assert(
    fc.asyncProperty(
      anyName,
      anyName,
      fc.array(fc.nat(), { minLength: 1, maxLength: 3 }),
      async (from, to, at) => {
        const node = new NodeUnderTest();
        await node.passOver(node.wish(stateOf(from)));
        const changed = node.wish(stateOf(to));
        const intended = plan(node.desired.objects, node.tracker.believed, changed);
        for (const n of at) {
          const step = intended[n % Math.max(intended.length, 1)];
          if (step !== undefined) node.kernel.refuseNext({ op: step.op, key: keyOf(step.object) });
        }
        await node.passOver(changed);
        for (let attempt = 0; attempt < at.length && node.tracker.doubts.size > 0; attempt += 1) {
          const surprising = await node.observeAll();
          await node.passOver(surprising);
        }
        await node.expectReached();
      },
    ),
    { numRuns: 100 },
  );
});

test('what is foreign in a sandbox never appears in a plan', async () => {
  await fc.assert(
    fc.asyncProperty(anyName, anyName, async (from, to) => {
      const node = new NodeUnderTest();
      for (const scope of sandboxes) {
        node.kernel.meddle({ kind: 'address', scope, dev: 'lan0', ip: '10.7.0.200' as Ip, length: 24 });
        node.kernel.meddle({ kind: 'address', scope, dev: 'eth0', ip: '10.7.0.201' as Ip, length: 24 });
      }
      for (const name of [from, to, 'empty']) {
        node.wish(stateOf(name));
        await node.observeAll();
        const steps = await node.fullPlan();
        expect(steps.filter((s) => /10\.7\.0\.20[01]/.test(keyOf(s.object)))).toEqual([]);
        await node.apply(steps);
      }
      expect((await node.held()).size).toBe(0);
    }),
    { numRuns: 60 },
  );
});

test('what is stray in a network namespace is removed, and nothing else is touched', async () => {
  const node = new NodeUnderTest();
  await node.passOver(node.wish(stateOf('two endpoints')));
  const scope = networkScope(network().id);
  const stray: LinuxObject = { kind: 'bridge', scope, name: 'stray0', mac: endpoint(99).mac, mtu: 1500 };
  node.kernel.meddle(stray);
  expect(await node.fullPlan()).toEqual([{ op: 'delete', object: stray }]);
});
