import { expect } from '@jest/globals';
import * as lab from '../kernel-contract-objects.ts';
import type { Kernel } from '../kernel.ts';
import { keyOf, type LinuxObject } from '../objects/object.ts';
import type { NetworkScope, SandboxScope } from '../objects/scope.ts';
import { bridgeSettings, namespaceSettings, settingObject } from '../objects/settings.ts';
import { sameObject } from '../plan/change-table.ts';
import type { Step } from '../plan/step.ts';

/** Applies steps that must all succeed. */
export async function applyAll(kernel: Kernel, steps: readonly Step[]): Promise<void> {
  const results = await kernel.apply(steps);
  expect(results.length).toBe(steps.length);
  const failed = results.flatMap((r, i) =>
    r.ok ? [] : [`${steps[i]?.op} ${keyOf((steps[i] as Step).object)}: ${r.error.message}`],
  );
  expect(failed).toEqual([]);
}

export const create = (kernel: Kernel, objects: readonly LinuxObject[]): Promise<void> =>
  applyAll(
    kernel,
    objects.map((object) => ({ op: 'create', object })),
  );

/**
 * The observation is exactly these objects. Settings are there whether wished or not: the wished ones must have their values,
 * and no others than the owned ones may appear.
 */
export async function expectHeld(
  kernel: Kernel,
  sandboxes: readonly SandboxScope[],
  wished: readonly LinuxObject[],
  of: NetworkScope = lab.scope,
): Promise<void> {
  const { objects } = await kernel.observe(of, sandboxes);
  const plain = (all: Iterable<LinuxObject>): LinuxObject[] =>
    [...all].filter((o) => o.kind !== 'sysctl').sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  expect(plain(objects)).toEqual(plain(wished));
  const bridges = wished.filter((o) => o.kind === 'bridge').flatMap((o) => bridgeSettings(o.name));
  const owned = new Set([...namespaceSettings, ...bridges].map((s) => keyOf(settingObject(of, s, ''))));
  for (const o of objects) if (o.kind === 'sysctl') expect(owned).toContain(keyOf(o));
  for (const o of wished) {
    if (o.kind !== 'sysctl') continue;
    const observed = objects.get(o);
    if (observed === undefined && o.optional) continue;
    expect([keyOf(o), observed !== undefined && sameObject(observed, o)]).toEqual([keyOf(o), true]);
  }
}
