import { expect, test } from '@jest/globals';
import { FakeKernel } from './fake-kernel.ts';
import * as lab from './kernel-contract-objects.ts';
import { keyOf, type LinuxObject } from './objects/object.ts';
import { ObjectSet } from './objects/object-set.ts';
import { sandboxScope } from './objects/scope.ts';
import { plan } from './plan/plan.ts';
import type { Plan } from './plan/step.ts';
import { Tracker } from './tracker.ts';

const sandbox = sandboxScope('/run/netns/c1');
const everything = lab.everything(sandbox);

async function setUp(): Promise<{
  kernel: FakeKernel;
  tracker: Tracker;
  apply: (steps: Plan) => Promise<void>;
}> {
  const kernel = new FakeKernel();
  kernel.addSandbox(sandbox);
  const tracker = new Tracker();
  const apply = async (steps: Plan): Promise<void> => {
    tracker.applied(steps, await kernel.apply(steps));
  };
  await apply(plan(new ObjectSet(everything), tracker.believed));
  return { kernel, tracker, apply };
}

test('what was applied is believed, and an observation finds no surprise', async () => {
  const { kernel, tracker } = await setUp();
  expect([...tracker.believed.keys()].sort()).toEqual(everything.map(keyOf).sort());
  expect([...tracker.observed(lab.scope, await kernel.observe(lab.scope, [sandbox]))]).toEqual([]);
  expect(tracker.doubts.size).toBe(0);
});

test('what stands on a deleted object is no longer believed', async () => {
  const { kernel, tracker, apply } = await setUp();
  await apply([{ op: 'delete', object: lab.veth(sandbox) }]);
  expect([...tracker.believed.values()]).toEqual(lab.without(everything, lab.veth(sandbox)));
  expect([...tracker.observed(lab.scope, await kernel.observe(lab.scope, [sandbox]))]).toEqual([]);
});

test('a refused step leaves the network in doubt; the next observation asks to plan for it again', async () => {
  const { kernel, tracker, apply } = await setUp();
  const object = { ...lab.sandboxAddress(sandbox), length: 25 };
  kernel.refuseNext({ op: 'create', kind: 'address' });
  const desired = new ObjectSet([...everything.filter((o) => keyOf(o) !== keyOf(object)), object]);
  await apply(plan(desired, tracker.believed, [object]));
  expect([...tracker.doubts]).toEqual([lab.scope]);
  expect([...tracker.failures.keys()]).toEqual([keyOf(object)]);

  const again = [...tracker.observed(lab.scope, await kernel.observe(lab.scope, [sandbox]))];
  expect(again).toContain(object);
  expect([tracker.doubts.size, tracker.failures.size]).toEqual([0, 0]);
  await apply(plan(desired, tracker.believed, again));
  expect(plan(desired, (await kernel.observe(lab.scope, [sandbox])).objects)).toEqual([]);
});

test('a success ends the failure of the same object', async () => {
  const { kernel, tracker, apply } = await setUp();
  const steps: Plan = [{ op: 'change', object: lab.otherFdb, from: lab.fdb }];
  kernel.refuseNext({});
  await apply(steps);
  expect(tracker.failures.size).toBe(1);
  await apply(steps);
  expect(tracker.failures.size).toBe(0);
});

test('a port that moves to another bridge is believed without its static entries', async () => {
  const { kernel, tracker, apply } = await setUp();
  const from = lab.veth(sandbox);
  await apply([
    { op: 'create', object: { ...lab.br0, name: 'br1' } },
    { op: 'change', object: { ...from, bridge: 'br1' }, from },
  ]);
  expect(tracker.believed.has(lab.portFdb)).toBe(false);
  const surprising = tracker.observed(lab.scope, await kernel.observe(lab.scope, [sandbox]));
  expect([...surprising].map(keyOf).filter((key) => !key.includes('/br1/'))).toEqual([]);
});

test('drift is surprising, in both directions', async () => {
  const { kernel, tracker } = await setUp();
  kernel.remove(lab.fdb);
  kernel.meddle(lab.otherNeighbour);
  const surprising = tracker.observed(lab.scope, await kernel.observe(lab.scope, [sandbox]));
  expect([...surprising]).toEqual([lab.fdb, lab.otherNeighbour]);
});

test('what is observed as it is wished is kept as the wish, and what is otherwise as it is', async () => {
  const { kernel } = await setUp();
  const tracker = new Tracker();
  const wished = new ObjectSet([lab.netns, lab.neighbour, lab.otherFdb].map((o) => ({ ...o })));
  tracker.observed(lab.scope, await kernel.observe(lab.scope, [sandbox]), wished);
  for (const o of [lab.netns, lab.neighbour]) expect(tracker.believed.get(o)).toBe(wished.get(o));
  expect(tracker.believed.get(lab.fdb)).toEqual(lab.fdb);
  expect([...tracker.believed.values()].map(keyOf).sort()).toEqual(everything.map(keyOf).sort());
});

test('the observation of one network leaves the others alone', async () => {
  const { kernel, tracker, apply } = await setUp();
  const second: LinuxObject[] = [lab.netns, lab.br0].map(lab.inSecondNetwork);
  await apply(second.map((object) => ({ op: 'create', object })));
  kernel.remove(lab.inSecondNetwork(lab.br0));
  expect([...tracker.observed(lab.scope, await kernel.observe(lab.scope, [sandbox]))]).toEqual([]);
  expect(tracker.believed.has(lab.inSecondNetwork(lab.br0))).toBe(true);
});

test('steps of which nobody knows the end leave their networks in doubt', async () => {
  const { tracker } = await setUp();
  tracker.doubt([{ op: 'create', object: lab.sandboxAddress(sandbox) }]);
  expect([...tracker.doubts]).toEqual([lab.scope]);
});
