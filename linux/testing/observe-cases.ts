import { expect } from '@jest/globals';
import * as lab from '../kernel-contract-objects.ts';
import type { Ip } from '../../model/ip.ts';
import type { KernelUnderTest } from './kernel-under-test.ts';
import { applyAll, create, expectHeld } from './contract-steps.ts';

const { scope, strays } = lab;

/** The promises of `observe`. */
export function observeCases(
  promise: (title: string, run: (k: KernelUnderTest) => Promise<void>) => void,
): void {
  promise('a namespace that is absent is an empty observation', async (k) => {
    const observed = await k.kernel.observe(scope, []);
    expect([observed.objects.size, observed.deadSandboxes.size]).toEqual([0, 0]);
  });

  promise('our namespaces are listed with their marks', async (k) => {
    expect(await k.kernel.namespaces()).toEqual([]);
    await create(k.kernel, [lab.netns, lab.inSecondNetwork(lab.netns)]);
    const listed = [...(await k.kernel.namespaces())].sort((a, b) => (a.scope < b.scope ? -1 : 1));
    expect(listed).toEqual([lab.netns, lab.inSecondNetwork(lab.netns)]);
  });

  promise('a sandbox that died is reported, and its port is gone', async (k) => {
    const [s, alive] = [await k.sandbox('c1'), await k.sandbox('c2')];
    await create(k.kernel, lab.everything(s));
    expect((await k.kernel.observe(scope, [s, alive])).deadSandboxes.size).toBe(0);
    await k.killSandbox(s);
    expect([...(await k.kernel.observe(scope, [s, alive])).deadSandboxes]).toEqual([s]);
    await expectHeld(k.kernel, [s], lab.without(lab.everything(s), lab.veth(s)));
  });

  promise('a port into a sandbox that was not asked about is there, its other end unknown', async (k) => {
    const s = await k.sandbox('c1');
    await create(k.kernel, lab.everything(s));
    const { objects } = await k.kernel.observe(scope, []);
    expect(objects.get(lab.veth(s))).toMatchObject({
      kind: 'veth',
      name: lab.veth(s).name,
      peer: { scope: 'sandbox:' },
    });
    expect([...objects.values()].filter((o) => o.scope === s)).toEqual([]);
  });

  promise('each of two sandboxes in one network has its own port', async (k) => {
    const [a, b] = [await k.sandbox('c1'), await k.sandbox('c2')];
    const second = [lab.secondVeth(b), lab.secondAddress(b)];
    await create(k.kernel, [...lab.everything(a), ...second]);
    await expectHeld(k.kernel, [a, b], [...lab.everything(a), ...second]);
    await expectHeld(k.kernel, [b, a], [...lab.everything(a), ...second]);
  });

  promise('of a sandbox in two networks, each observation sees its own interface', async (k) => {
    const s = await k.sandbox('c1');
    const second = lab.inOtherNetwork(s);
    await create(k.kernel, [...lab.everything(s), ...second]);
    await expectHeld(k.kernel, [s], lab.everything(s));
    await expectHeld(k.kernel, [s], second, lab.secondScope);
  });

  promise('in a network namespace all is ours, whoever put it there', async (k) => {
    const s = await k.sandbox('c1');
    await create(k.kernel, lab.everything(s));
    await k.foreign(scope, { what: 'link', name: strays.link.name });
    await k.foreign(scope, strays.address.foreign);
    await k.foreign(scope, strays.route.foreign);
    await k.foreign(scope, strays.route6.foreign);
    await k.foreign(scope, strays.fdb.foreign);
    const { objects } = await k.kernel.observe(scope, [s]);
    expect(objects.get(strays.address.object)).toEqual(strays.address.object);
    expect(objects.get(strays.route.object)).toEqual(strays.route.object);
    expect(objects.get(strays.route6.object)).toEqual(strays.route6.object);
    expect(objects.get(strays.fdb.object)).toEqual(strays.fdb.object);
    expect(objects.get(strays.link)).toMatchObject({ kind: 'bridge', name: strays.link.name });
    const routes = [strays.route.object, strays.route6.object];
    const all = [strays.fdb.object, ...routes, strays.address.object, strays.link];
    await applyAll(
      k.kernel,
      all.map((object) => ({ op: 'delete', object })),
    );
    await expectHeld(k.kernel, [s], lab.everything(s));
  });

  promise('in a sandbox only what is marked is ours', async (k) => {
    const s = await k.sandbox('c1');
    await k.foreign(s, { what: 'link', name: 'mine0' });
    await k.foreign(s, { what: 'address', dev: 'mine0', ip: '10.98.0.1' as Ip, length: 24 });
    await create(k.kernel, lab.everything(s));
    await k.foreign(s, { what: 'address', dev: 'eth0', ip: '10.97.0.1' as Ip, length: 24 });
    await expectHeld(k.kernel, [s], lab.everything(s));
  });

  promise('an interface that is no port of ours does not answer for one', async (k) => {
    const s = await k.sandbox('c1');
    await k.foreign(s, { what: 'link', name: 'eth0' });
    await create(k.kernel, [lab.netns, ...lab.bridge]);
    await expectHeld(k.kernel, [s], [lab.netns, ...lab.bridge]);
  });

  promise('a sandbox has one identity for life, and none afterwards', async (k) => {
    const [a, b] = [await k.sandbox('c1'), await k.sandbox('c2')];
    await create(k.kernel, [lab.netns, ...lab.bridge, lab.veth(b)]);
    await k.foreign(b, { what: 'link', name: 'mine0' });
    expect(k.kernel.identify(a).interfaces).toEqual(['lo']);
    expect([...k.kernel.identify(b).interfaces].sort()).toEqual(['eth0', 'lo', 'mine0']);
    expect(k.kernel.identify(a)).toEqual(k.kernel.identify(a));
    expect(k.kernel.identify(a).bootId).toBe(k.kernel.identify(b).bootId);
    expect(k.kernel.identify(a).cookie).not.toBe(k.kernel.identify(b).cookie);
    await k.killSandbox(a);
    expect(() => k.kernel.identify(a)).toThrow(expect.objectContaining({ code: 'SANDBOX_INVALID' }));
  });

  promise('announcing in any state does no harm', async (k) => {
    await k.kernel.announce(scope, 'br0', [{ ip: '10.7.0.9' as Ip, mac: lab.fdb.mac }]);
    await create(k.kernel, [lab.netns, ...lab.bridge, lab.vxlan]);
    await k.kernel.announce(scope, 'br0', [
      { ip: '10.7.0.9' as Ip, mac: lab.fdb.mac },
      { ip: 'fd00:7::9' as Ip, mac: lab.fdb.mac },
    ]);
    await expectHeld(k.kernel, [], [lab.netns, ...lab.bridge, lab.vxlan]);
  });
}
