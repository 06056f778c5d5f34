import { expect } from '@jest/globals';
import * as lab from '../kernel-contract-objects.ts';
import type { Kernel } from '../kernel.ts';
import type { Ip } from '../../model/ip.ts';
import { keyOf, type LinuxObject } from '../objects/object.ts';
import type { NetworkScope, SandboxScope } from '../objects/scope.ts';

interface UnderTest {
  readonly kernel: Kernel;
  sandbox(name: string): Promise<SandboxScope>;
  foreign(
    scope: SandboxScope,
    foreign: { readonly what: 'default route'; readonly dev: string; readonly via: Ip },
  ): Promise<void>;
}

/** The promises about default routes, of which a sandbox has one in each family, by one of its networks. */
export function routeCases(promise: (title: string, run: (k: UnderTest) => Promise<void>) => void): void {
  promise('one passes from one network to another, whoever is first', async (k) => {
    const s = await k.sandbox('c1');
    const [first, second] = [lab.everything(s), lab.inOtherNetwork(s)];
    await create(k.kernel, [...first, ...second]);
    const [ours, others] = [lab.defaultRoutes(s), lab.otherDefaultRoutes(s)];
    await create(k.kernel, ours);
    await expectHeld(k.kernel, [s], [...first, ...ours]);
    // It is taken over, and then not taken away by who had it.
    await create(k.kernel, others);
    await remove(k.kernel, ours);
    await expectHeld(k.kernel, [s], first);
    await expectHeld(k.kernel, [s], [...second, ...others], lab.secondScope);
    // And given up before it is taken.
    await remove(k.kernel, others);
    await create(k.kernel, ours);
    await expectHeld(k.kernel, [s], [...first, ...ours]);
    await expectHeld(k.kernel, [s], second, lab.secondScope);
  });

  promise('one that is not ours stays, whatever is asked', async (k) => {
    const s = await k.sandbox('c1');
    const plain = lab.everything(s);
    await create(k.kernel, plain);
    const ours = lab.defaultRoutes(s);
    for (const { via, dev } of ours) await k.foreign(s, { what: 'default route', dev, via });
    const results = await k.kernel.apply(ours.map((object) => ({ op: 'create', object })));
    for (const result of results)
      expect(result).toMatchObject({ error: { code: 'KERNEL_REFUSED', details: { errno: 'EEXIST' } } });
    await remove(k.kernel, ours);
    const again = await k.kernel.apply(ours.map((object) => ({ op: 'create', object })));
    expect(again.map(({ ok }) => ok)).toEqual([false, false]);
    await expectHeld(k.kernel, [s], plain);
  });
}

async function create(kernel: Kernel, objects: readonly LinuxObject[]): Promise<void> {
  const results = await kernel.apply(objects.map((object) => ({ op: 'create', object })));
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
}

async function remove(kernel: Kernel, objects: readonly LinuxObject[]): Promise<void> {
  const results = await kernel.apply(objects.map((object) => ({ op: 'delete', object })));
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
}

/** Of addresses and routes in the sandbox, the observation has just these. */
async function expectHeld(
  kernel: Kernel,
  sandboxes: readonly SandboxScope[],
  wished: readonly LinuxObject[],
  of: NetworkScope = lab.scope,
): Promise<void> {
  const { objects } = await kernel.observe(of, sandboxes);
  const inside = (all: Iterable<LinuxObject>): readonly LinuxObject[] =>
    [...all]
      .filter((o) => sandboxes.some((sandbox) => o.scope === sandbox))
      .sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  expect(inside(objects)).toEqual(inside(wished));
}
