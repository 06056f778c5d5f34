import { expect } from '@jest/globals';
import * as lab from '../kernel-contract-objects.ts';
import type { Kernel } from '../kernel.ts';
import type { Ip } from '../../model/ip.ts';
import { broughtBy } from '../objects/kinds.ts';
import { keyOf, type LinuxObject } from '../objects/object.ts';
import type { Step } from '../plan/step.ts';
import { applyAll } from './contract-steps.ts';

interface UnderTest {
  readonly kernel: Kernel;
}

const { gateways } = lab;
const routes = gateways.flatMap((address) => broughtBy(address));
/** Others of the same subnets. */
const others = gateways.map((address) => ({ ...address, ip: address.ip.replace(/1$/, '99') as Ip }));

/** The promises about the routes to the subnets of gateways, which the kernel makes and removes by itself. */
export function gatewayCases(promise: (title: string, run: (k: UnderTest) => Promise<void>) => void): void {
  promise('the route to its subnet comes with an address, and goes with it', async ({ kernel }) => {
    await all(kernel, 'create', [lab.netns, ...lab.bridge, ...gateways]);
    expect(routes.length).toBe(2);
    await expectHeld(kernel, [...gateways, ...routes]);
    await all(kernel, 'delete', gateways);
    await expectHeld(kernel, []);
  });

  promise('one that was removed is put back, and goes with its address all the same', async ({ kernel }) => {
    await all(kernel, 'create', [lab.netns, ...lab.bridge, ...gateways]);
    await all(kernel, 'delete', routes);
    await expectHeld(kernel, gateways);
    await all(kernel, 'create', routes);
    await expectHeld(kernel, [...gateways, ...routes]);
    await all(kernel, 'delete', gateways);
    await expectHeld(kernel, []);
  });

  promise('one that is there already is a success', async ({ kernel }) => {
    await all(kernel, 'create', [lab.netns, ...lab.bridge, ...gateways, ...routes, ...routes]);
    await expectHeld(kernel, [...gateways, ...routes]);
  });

  promise('it stays when another address of the subnet goes', async ({ kernel }) => {
    await all(kernel, 'create', [lab.netns, ...lab.bridge, ...gateways, ...others]);
    await expectHeld(kernel, [...gateways, ...others, ...routes]);
    await all(kernel, 'delete', others);
    await expectHeld(kernel, [...gateways, ...routes]);
  });
}

const all = (kernel: Kernel, op: 'create' | 'delete', objects: readonly LinuxObject[]): Promise<void> =>
  applyAll(
    kernel,
    objects.map((object): Step => ({ op, object })),
  );

/** Of addresses and routes the observation has just these. */
async function expectHeld(kernel: Kernel, wished: readonly LinuxObject[]): Promise<void> {
  const { objects } = await kernel.observe(lab.scope, []);
  const found = [...objects].filter(({ kind }) => kind === 'address' || kind === 'route');
  const sorted = (list: readonly LinuxObject[]): readonly LinuxObject[] =>
    list.toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  expect(sorted(found)).toEqual(sorted(wished));
}
