import { describe, expect, test } from '@jest/globals';
import type { WeftError } from '../model/errors.ts';
import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import { prefixFamily } from '../model/prefix.ts';
import * as lab from './kernel-contract-objects.ts';
import type { KernelUnderTest } from './testing/kernel-under-test.ts';
import { applyAll, create, expectHeld } from './testing/contract-steps.ts';
import { lookCases } from './testing/look-cases.ts';
import { observeCases } from './testing/observe-cases.ts';
import { gatewayCases } from './testing/gateway-cases.ts';
import { routeCases } from './testing/route-cases.ts';
import type { StepResult } from './kernel.ts';
import { ownEntry } from './objects/forwarding.ts';
import { broughtBy } from './objects/kinds.ts';
import { keyOf, type LinuxObject } from './objects/object.ts';
import type { SandboxScope } from './objects/scope.ts';

/** The promises of the Kernel port: each test gets a node of its own that holds nothing of ours. */
export function kernelContract(name: string, setup: () => Promise<KernelUnderTest>): void {
  const withKernel = (run: (k: KernelUnderTest) => Promise<void>) => async (): Promise<void> => {
    const k = await setup();
    try {
      await run(k);
    } finally {
      await k.dispose();
    }
  };
  const promise = (title: string, run: (k: KernelUnderTest) => Promise<void>): void => {
    test(title, withKernel(run));
  };

  describe(`${name} keeps the kernel contract:`, () => {
    describe('creating', () => createCases(promise));
    describe('changing', () => changeCases(promise));
    describe('deleting', () => deleteCases(promise));
    describe('refusing', () => refuseCases(promise));
    describe('observing', () => observeCases(promise));
    describe('looking', () => lookCases(promise));
    describe('default routes', () => routeCases(promise));
    describe('gateways', () => gatewayCases(promise));
  });
}

type Promised = (title: string, run: (k: KernelUnderTest) => Promise<void>) => void;
const { scope } = lab;

function createCases(promise: Promised): void {
  promise('each kind of object is observed as it was wished', async (k) => {
    const s = await k.sandbox('c1');
    const wished: LinuxObject[] = [];
    for (const o of lab.everything(s)) {
      await applyAll(k.kernel, [{ op: 'create', object: o }]);
      wished.push(o, ...broughtBy(o));
      await expectHeld(k.kernel, [s], lab.overlay(wished, []));
    }
  });

  promise('what exists as wished is a success', async (k) => {
    const s = await k.sandbox('c1');
    await create(k.kernel, lab.everything(s));
    await create(k.kernel, lab.everything(s));
    await expectHeld(k.kernel, [s], lab.everything(s));
  });

  promise('an IPv6 underlay carries a tunnel device with IPv6 FDB entries', async (k) => {
    const wished = [lab.netns, ...lab.bridge, lab.vxlan6, { ...lab.fdb, dst: 'fd00:99::2' as Ip }];
    await create(k.kernel, wished);
    await expectHeld(k.kernel, [], wished);
  });

  promise('a port that is wished down is down', async (k) => {
    const s = await k.sandbox('c1');
    const wished = [lab.netns, ...lab.bridge, { ...lab.veth(s), up: false }];
    await create(k.kernel, wished);
    await expectHeld(k.kernel, [s], wished);
  });

  promise('an FDB, neighbour or route entry that exists otherwise is replaced', async (k) => {
    const s = await k.sandbox('c1');
    await create(k.kernel, lab.everything(s));
    const others = [lab.otherFdb, lab.otherNeighbour, lab.otherRoute(s)];
    await create(k.kernel, others);
    await expectHeld(k.kernel, [s], lab.overlay(lab.everything(s), others));
  });

  promise('a thousand endpoints in one batch are all there', async (k) => {
    const wished = [lab.netns, ...lab.bridge, lab.vxlan, ...lab.crowd(1000)];
    await create(k.kernel, wished);
    await expectHeld(k.kernel, [], wished);
    await applyAll(
      k.kernel,
      lab
        .crowd(1000)
        .reverse()
        .map((object) => ({ op: 'delete', object })),
    );
    await expectHeld(k.kernel, [], [lab.netns, ...lab.bridge, lab.vxlan]);
  });

  promise('two networks live side by side, with the same addresses', async (k) => {
    const [a, b] = [await k.sandbox('c1'), await k.sandbox('c2')];
    const second = lab.everything(b).map(lab.inSecondNetwork);
    await create(k.kernel, [...lab.everything(a), ...second]);
    // Asked about both: whichever the interfaces are called and numbered, each network has its own.
    await expectHeld(k.kernel, [a, b], lab.everything(a));
    await expectHeld(k.kernel, [a, b], second, lab.secondScope);
  });
}

function changeCases(promise: Promised): void {
  promise('each attribute that can be changed in place is, and nothing else', async (k) => {
    const s = await k.sandbox('c1');
    let held = lab.everything(s);
    await create(k.kernel, held);
    for (const [from, object] of lab.changes(s)) {
      await applyAll(k.kernel, [{ op: 'change', object, from }]);
      held = lab.overlay(held, [object]);
      await expectHeld(k.kernel, [s], held);
    }
  });

  promise('a port that moves to another bridge leaves its static entries behind', async (k) => {
    const s = await k.sandbox('c1');
    const [from, second] = [lab.veth(s), { ...lab.br0, name: 'br1' }];
    const base = [lab.netns, ...lab.bridge, second, ...broughtBy(second), from];
    await create(k.kernel, [...base, lab.portFdb]);
    const moved = { ...from, bridge: 'br1' };
    await applyAll(k.kernel, [{ op: 'change', object: moved, from }]);
    await expectHeld(k.kernel, [s], lab.overlay(base, [moved]));
    await create(k.kernel, [lab.portFdb]);
    await expectHeld(k.kernel, [s], lab.overlay(base, [moved, lab.portFdb]));
  });

  promise('a bridge that gets another MAC forgets its neighbours, and nothing else', async (k) => {
    const s = await k.sandbox('c1');
    const [all, from] = [lab.everything(s), lab.br0];
    await create(k.kernel, all);
    const object = { ...from, mac: '02:57:00:00:00:02' as Mac };
    await applyAll(k.kernel, [{ op: 'change', object, from }]);
    await applyAll(k.kernel, [{ op: 'delete', object: ownEntry(from) }]);
    const forgotten = all.filter((o) => o.kind === 'neighbour' && o.dev === from.name);
    expect(forgotten.length).toBe(2);
    const moved = all.filter((o) => !lab.bridge.includes(o));
    const left = moved.filter((o) => !forgotten.includes(o));
    const bridge = [object, ...broughtBy(object)];
    await expectHeld(k.kernel, [s], [...left, ...bridge]);
    await create(k.kernel, forgotten);
    await expectHeld(k.kernel, [s], [...moved, ...bridge]);
  });

  promise('a port goes down when it wants neither addresses nor routes, and comes up again', async (k) => {
    const s = await k.sandbox('c1');
    const up = lab.veth(s);
    const base = [lab.netns, ...lab.bridge, up, lab.portFdb];
    await create(k.kernel, base);
    await applyAll(k.kernel, [{ op: 'change', object: { ...up, up: false }, from: up }]);
    await expectHeld(k.kernel, [s], lab.overlay(base, [{ ...up, up: false }]));
    await applyAll(k.kernel, [{ op: 'change', object: up, from: { ...up, up: false } }]);
    await expectHeld(k.kernel, [s], base);
  });
}

function deleteCases(promise: Promised): void {
  promise('objects go one by one, children first', async (k) => {
    const s = await k.sandbox('c1');
    const held = lab.everything(s);
    await create(k.kernel, held);
    while (held.length > 0) {
      const object = held.pop() as LinuxObject;
      await applyAll(k.kernel, [{ op: 'delete', object }]);
      if (object.kind !== 'sysctl') await expectHeld(k.kernel, [s], held);
    }
  });

  promise('the deletion of what is absent is a success', async (k) => {
    const s = await k.sandbox('c1');
    const all = lab.everything(s);
    await applyAll(
      k.kernel,
      all.toReversed().map((object) => ({ op: 'delete', object })),
    );
    await create(k.kernel, [lab.netns, ...lab.bridge]);
    const absent = all.filter((o) => o.kind !== 'netns' && !lab.bridge.includes(o)).reverse();
    await applyAll(
      k.kernel,
      absent.map((object) => ({ op: 'delete', object })),
    );
    await expectHeld(k.kernel, [s], [lab.netns, ...lab.bridge]);
  });

  promise(
    'the last IPv4 address of an interface takes its IPv4 routes along, no other address does',
    async (k) => {
      const s = await k.sandbox('c1');
      const held = lab.everything(s).filter((o) => o.kind !== 'neighbour');
      await create(k.kernel, held);
      const addresses = held.filter((o) => o.kind === 'address' && o.scope === s);
      await applyAll(
        k.kernel,
        addresses.map((object) => ({ op: 'delete', object })),
      );
      const left = held.filter((o) => !addresses.includes(o));
      await expectHeld(
        k.kernel,
        [s],
        left.filter((o) => !(o.kind === 'route' && prefixFamily(o.prefix) === 4 && o.scope === s)),
      );
    },
  );

  const cases: readonly [string, (s: SandboxScope) => LinuxObject][] = [
    ['network namespace', () => lab.netns],
    ['tunnel device', () => lab.vxlan],
    ['port', (s) => lab.veth(s)],
  ];
  for (const [what, parent] of cases) {
    promise(`what stands on a ${what} goes with it`, async (k) => {
      const s = await k.sandbox('c1');
      await create(k.kernel, lab.everything(s));
      await applyAll(k.kernel, [{ op: 'delete', object: parent(s) }]);
      await expectHeld(k.kernel, [s], lab.without(lab.everything(s), parent(s)));
      await create(k.kernel, lab.everything(s));
      await expectHeld(k.kernel, [s], lab.everything(s));
    });
  }
}

function refuseCases(promise: Promised): void {
  promise('a refused step stops only those that need its object, and they name it', async (k) => {
    const s = await k.sandbox('c1');
    await k.foreign(s, { what: 'link', name: 'eth0' });
    const results = await k.kernel.apply(lab.everything(s).map((object) => ({ op: 'create', object })));
    const veth = lab.veth(s);
    const lost = new Set(['veth', 'port-fdb', 'address', 'route']);
    lab.everything(s).forEach((o, i) => {
      const isOfRouter = (o.kind === 'address' || o.kind === 'route') && o.scope === scope;
      const inLost = lost.has(o.kind) && !isOfRouter && !lab.bridge.includes(o);
      expect([keyOf(o), results[i]?.ok]).toEqual([keyOf(o), !inLost]);
      if (inLost && o.kind !== 'veth') {
        expect(errorOf(results[i])).toMatchObject({
          code: 'KERNEL_REFUSED',
          details: { neededStep: { op: 'create', key: keyOf(veth) } },
        });
      }
    });
    await expectHeld(k.kernel, [s], lab.without(lab.everything(s), veth));
  });

  promise('of entries made, changed and deleted together, one on an absent device is refused', async (k) => {
    const devices = [lab.netns, ...lab.bridge, lab.vxlan];
    await create(k.kernel, [...devices, lab.fdb, lab.neighbour]);
    const results = await k.kernel.apply(lab.mixedSteps);
    expect(results.map((r) => r.ok || r.error.code)).toEqual([true, 'KERNEL_REFUSED', true, true, true]);
    await expectHeld(k.kernel, [], [...devices, lab.neighbour6, lab.otherFdb]);
  });

  promise('a device that exists with attributes that need a new one is refused', async (k) => {
    await create(k.kernel, [lab.netns, ...lab.bridge, lab.vxlan]);
    const [result] = await k.kernel.apply([{ op: 'create', object: { ...lab.vxlan, vni: lab.otherVni } }]);
    expect(errorOf(result).code).toBe('KERNEL_REFUSED');
    await expectHeld(k.kernel, [], [lab.netns, ...lab.bridge, lab.vxlan]);
  });

  promise('a second tunnel device with the same VNI and port is refused', async (k) => {
    await create(k.kernel, [lab.netns, ...lab.bridge, lab.vxlan]);
    const second = [lab.netns, ...lab.bridge, lab.vxlan].map(lab.inSecondNetwork);
    const twin = { ...lab.vxlan, scope: lab.secondScope };
    await create(k.kernel, second.slice(0, -1));
    const [result] = await k.kernel.apply([{ op: 'create', object: twin }]);
    expect(errorOf(result).code).toBe('KERNEL_REFUSED');
    await expectHeld(k.kernel, [], second.slice(0, -1), lab.secondScope);
  });

  promise('a port into a sandbox that is gone is refused, its deletion a success', async (k) => {
    const s = await k.sandbox('c1');
    await k.killSandbox(s);
    await create(k.kernel, [lab.netns, ...lab.bridge]);
    const [result] = await k.kernel.apply([{ op: 'create', object: lab.veth(s) }]);
    expect(['KERNEL_REFUSED', 'SANDBOX_INVALID']).toContain(errorOf(result).code);
    await applyAll(k.kernel, [{ op: 'delete', object: lab.sandboxAddress(s) }]);
    await applyAll(k.kernel, [{ op: 'delete', object: lab.veth(s) }]);
  });
}

function errorOf(result: StepResult | undefined): WeftError {
  if (result === undefined || result.ok) throw new Error('the step should have been refused');
  return result.error;
}
