import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import type { Ip } from '../../model/ip.ts';
import type { Mac } from '../../model/mac.ts';
import type { Vni } from '../../model/vni.ts';
import { FakeKernel } from '../fake-kernel.ts';
import * as lab from '../kernel-contract-objects.ts';
import type { Place } from '../objects/kind.ts';
import { broughtBy, placesOf, rankOf, usesOf } from '../objects/kinds.ts';
import { keyOf, type LinuxObject, type ObjectKey } from '../objects/object.ts';
import { ObjectSet } from '../objects/object-set.ts';
import { sandboxScope, unknownSandbox } from '../objects/scope.ts';
import { changeTable, difference, sameObject } from './change-table.ts';
import { plan } from './plan.ts';
import type { Plan } from './step.ts';

const sandbox = sandboxScope('/run/netns/c1');
const everything = lab.everything(sandbox);
/** Without what comes with others. */
const alone = everything.filter(
  (o) => ((o.kind !== 'route' || o.via !== undefined) && !lab.bridge.includes(o)) || o === lab.br0,
);

/** Any consistent subset of the contract's objects, some of them with other attributes. */
const anyState: fc.Arbitrary<ObjectSet> = fc
  .tuple(
    fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }),
    fc.array(fc.nat(3), { minLength: 40, maxLength: 40 }),
  )
  .map(([kept, variant]) => {
    const set = new ObjectSet();
    alone.forEach((o, i) => {
      const parents = usesOf(o).filter((u) => u.fate !== 'may go');
      const rooted = parents.every((u) => set.providers(u.place).size > 0);
      if (!rooted || !(kept[i] === true || o.kind === 'netns')) return;
      const varied = variation(o, variant[i] ?? 0);
      for (const each of [varied, ...broughtBy(varied)]) set.put(each);
    });
    return set;
  });

function variation(o: LinuxObject, n: number): LinuxObject {
  if (n === 0) return o;
  switch (o.kind) {
    case 'netns':
      return { ...o, mark: `${o.mark} ${n}` };
    case 'bridge':
      return { ...o, mtu: 1450 - n };
    case 'vxlan':
      return [{ ...o, vni: 9 as Vni }, { ...o, mtu: 1400 }, lab.vxlan6][n - 1] as LinuxObject;
    case 'veth':
      return { ...o, mtu: 1450 - n, peer: { ...o.peer, mac: `02:57:00:00:01:0${n}` as Mac } };
    case 'fdb':
      return { ...o, dst: `192.0.2.${n + 100}` as Ip };
    case 'neighbour':
      return { ...o, mac: `02:57:00:00:00:1${n}` as Mac };
    case 'address':
      return { ...o, length: o.length - n };
    case 'sysctl':
      return { ...o, value: String(n) };
    case 'route':
    case 'port-fdb':
      return o;
  }
}

async function kernelHolding(objects: ObjectSet): Promise<FakeKernel> {
  const kernel = new FakeKernel();
  kernel.addSandbox(sandbox);
  await applyAll(kernel, plan(objects, new ObjectSet()));
  return kernel;
}

async function applyAll(kernel: FakeKernel, steps: Plan): Promise<void> {
  const results = await kernel.apply(steps);
  expect(results.flatMap((r) => (r.ok ? [] : [r.error.message]))).toEqual([]);
}

const observed = async (kernel: FakeKernel): Promise<ObjectSet> =>
  (await kernel.observe(lab.scope, [sandbox])).objects;

const byKey = (objects: readonly LinuxObject[]): ReadonlyMap<ObjectKey, LinuxObject> =>
  new Map(objects.map((o) => [keyOf(o), o]));

describe('for any two states', () => {
  test('the plan leads from one to the other, and a second plan is empty', async () => {
    await fc.assert(
      fc.asyncProperty(anyState, anyState, async (from, to) => {
        const kernel = await kernelHolding(from);
        await applyAll(kernel, plan(to, await observed(kernel)));
        const now = await observed(kernel);
        const left = [...now].filter((o) => o.kind !== 'sysctl' || to.has(o));
        const wished = [...to].filter((o) => !(o.kind === 'sysctl' && o.optional) || now.has(o));
        expect(byKey(left)).toEqual(byKey(wished));
        expect(plan(to, now)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });

  test('the plan over the keys that differ is the plan over all', () => {
    fc.assert(
      fc.property(anyState, anyState, (from, to) => {
        const differing = [...new ObjectSet([...from, ...to])].filter((o) => {
          const [a, b] = [from.get(o), to.get(o)];
          return a === undefined || b === undefined || !sameObject(a, b);
        });
        const sorted = (p: Plan): string[] => p.map((s) => JSON.stringify(s)).sort();
        expect(sorted(plan(to, from, differing))).toEqual(sorted(plan(to, from)));
      }),
      { numRuns: 200 },
    );
  });

  test('parents are made before children, and children that go with a parent are not deleted', () => {
    fc.assert(
      fc.property(anyState, anyState, (from, to) => {
        const steps = plan(to, from);
        const firstMade = (place: string): number =>
          steps.findIndex((s) => s.op === 'create' && placesOf(s.object).includes(place));
        steps.forEach((step, i) => {
          const uses = usesOf(step.object).filter((u) => u.fate === 'goes');
          if (step.op === 'create') for (const u of uses) expect(firstMade(u.place)).toBeLessThan(i);
          if (step.op !== 'delete') return;
          const parentsDeleted = steps.filter(
            (s) => s.op === 'delete' && uses.some((u) => placesOf(s.object).includes(u.place)),
          );
          expect(parentsDeleted).toEqual([]);
        });
      }),
      { numRuns: 200 },
    );
  });
});

test('a plan over few keys looks at few objects, however many there are', () => {
  const crowd = [lab.netns, lab.br0, lab.vxlan, lab.veth(sandbox), lab.portFdb, ...lab.crowd(5000)];
  let looks = 0;
  class Counting extends ObjectSet {
    override get(o: LinuxObject): LinuxObject | undefined {
      looks += 1;
      return super.get(o);
    }
    override *values(): Generator<LinuxObject, void> {
      for (const o of super.values()) {
        looks += 1;
        yield o;
      }
    }
    override users(place: Place): readonly LinuxObject[] {
      const users = super.users(place);
      looks += users.length;
      return users;
    }
  }
  const held = new Counting(crowd);
  const desired = new Counting(crowd);
  desired.put(lab.fdb);
  desired.delete(lab.veth(sandbox));
  desired.delete(lab.portFdb);
  looks = 0;
  const steps = plan(desired, held, [lab.fdb, lab.veth(sandbox), lab.portFdb]);
  expect(steps.map((s) => [s.op, s.object.kind])).toEqual([
    ['delete', 'veth'],
    ['create', 'fdb'],
  ]);
  expect(looks).toBeLessThan(20);
});

test('a replaced tunnel device asks for each of its entries again', () => {
  const crowd = [lab.netns, lab.br0, lab.vxlan, ...lab.crowd(100)];
  const desired = new ObjectSet(crowd);
  desired.put({ ...lab.vxlan, vni: 5 as Vni });
  const steps = plan(desired, new ObjectSet(crowd), [lab.vxlan]);
  expect(steps.length).toBe(2 + 200);
  expect(steps.slice(2).map((s) => rankOf(s.object))).toEqual([
    ...Array<number>(100).fill(8),
    ...Array<number>(100).fill(9),
  ]);
});

test('an optional setting is written where its interface is new, even if an observation shows the old one without', () => {
  const optional = everything.find(
    (o) => o.kind === 'sysctl' && o.optional && o.key.includes('/br0/'),
  ) as LinuxObject;
  const held = new ObjectSet([lab.netns, { ...lab.vxlan, name: 'br0' }]);
  const steps = plan(new ObjectSet([lab.netns, lab.br0, optional]), held);
  expect(steps.map((s) => `${s.op} ${s.object.kind}`)).toEqual([
    'delete vxlan',
    'create bridge',
    'create sysctl',
  ]);
});

test('a port whose other end is unknown is deleted when unwanted and replaced when wanted', () => {
  const veth = lab.veth(sandbox);
  const stray = { ...veth, peer: { scope: unknownSandbox, name: '', mac: '00:00:00:00:00:00' as Mac } };
  expect(plan(new ObjectSet(), new ObjectSet([stray])).map((s) => s.op)).toEqual(['delete']);
  expect(plan(new ObjectSet([veth]), new ObjectSet([stray])).map((s) => s.op)).toEqual(['delete', 'create']);
});

describe('the change table', () => {
  test('has a reason for every attribute', () => {
    for (const attribute of Object.values(changeTable).flat()) {
      expect(attribute.why).toMatch(/^[A-Z].{20,}\.$/);
    }
  });

  test('a difference is a matter of what is compared, not of who observed it', () => {
    const setting = everything.find((o) => o.kind === 'sysctl') as Extract<LinuxObject, { kind: 'sysctl' }>;
    expect(difference(setting, { ...setting, optional: !setting.optional }).kind).toBe('none');
    expect(difference(lab.vxlan, lab.vxlan6)).toEqual({ kind: 'replace', attributes: ['family'] });
    expect(difference(lab.vxlan, { ...lab.vxlan, local: '192.0.2.9' as Ip }).kind).toBe('in place');
    expect(difference({ ...lab.br0, name: 'vxlan0' }, lab.vxlan)).toEqual({
      kind: 'replace',
      attributes: ['bridge'],
    });
  });
});
