import { expect, test } from '@jest/globals';
import { WeftError } from '../model/errors.ts';
import { gatewayMac } from '../model/network.ts';
import type { Prefix } from '../model/prefix.ts';
import { FakeKernel } from './fake-kernel.ts';
import { br0, everything, fdb, netns, scope, vxlan } from './kernel-contract-objects.ts';
import { kernelContract } from './kernel-contract.ts';
import type { LinuxObject } from './objects/object.ts';
import { sandboxScope, type NetworkScope, type SandboxScope } from './objects/scope.ts';

kernelContract('the fake', async () => {
  const kernel = new FakeKernel();
  const later = async (act: () => void): Promise<void> => {
    await Promise.resolve();
    act();
  };
  await Promise.resolve();
  return {
    kernel,
    sandbox: (name) => Promise.resolve(kernel.addSandbox(sandboxScope(`/run/netns/${name}`))),
    killSandbox: (s) =>
      later(() => {
        kernel.killSandbox(s);
      }),
    foreign: (where, f) =>
      later(() => {
        if (f.what === 'link') kernel.meddle({ ...br0, scope: where as NetworkScope, name: f.name });
        else if (f.what === 'address')
          kernel.meddle({ kind: 'address', scope: where, dev: f.dev, ip: f.ip, length: f.length });
        else if (f.what === 'default route') {
          const [prefix, metric] = f.via.includes(':') ? ['::/0', 1024] : ['0.0.0.0/0', 0];
          const route = { kind: 'route', dev: f.dev, via: f.via, prefix: prefix as Prefix, metric } as const;
          kernel.meddle({ ...route, scope: where });
        } else if (f.what === 'blackhole') {
          const [scope, metric] = [where, f.prefix.includes(':') ? 1024 : 0];
          kernel.meddle({ kind: 'route', scope, dev: '', prefix: f.prefix, metric });
        } else
          kernel.meddle({ kind: 'fdb', scope: where as NetworkScope, dev: f.dev, mac: f.mac, dst: f.dst });
      }),
    dispose: () => kernel.close(),
  };
});

const creations = (objects: readonly LinuxObject[]) =>
  objects.map((object) => ({ op: 'create' as const, object }));
const sandbox: SandboxScope = sandboxScope('/run/netns/c1');

test('every step that reaches the kernel is counted, a blocked one is not', async () => {
  const kernel = new FakeKernel();
  kernel.refuseNext({ op: 'create', kind: 'vxlan' });
  const results = await kernel.apply(creations([netns, br0, vxlan, fdb]));
  expect(results.map((r) => r.ok)).toEqual([true, true, false, false]);
  expect(kernel.writes).toBe(3);
});

test('a switch fails one call and no more', async () => {
  const kernel = new FakeKernel();
  kernel.failNext('observe', new WeftError('KERNEL_REFUSED', 'on demand'));
  await expect(kernel.observe(scope, [])).rejects.toThrow('on demand');
  expect((await kernel.observe(scope, [])).objects.size).toBe(0);
});

test('without br_netfilter its settings do not exist and writing them is a success', async () => {
  const kernel = new FakeKernel({ bridgeNetfilter: false });
  kernel.addSandbox(sandbox);
  const results = await kernel.apply(creations(everything(sandbox)));
  expect(results.every((r) => r.ok)).toBe(true);
  const { objects } = await kernel.observe(scope, [sandbox]);
  expect([...objects.keys()].filter((k) => k.includes('bridge-nf'))).toEqual([]);
});

test('a refused change leaves its object, so that those who need it go on', async () => {
  const kernel = new FakeKernel();
  await kernel.apply(creations([netns, br0, vxlan]));
  kernel.refuseNext({ op: 'change' });
  const results = await kernel.apply([
    { op: 'change', object: { ...vxlan, mtu: 1400 }, from: vxlan },
    { op: 'create', object: fdb },
  ]);
  expect(results.map((r) => r.ok)).toEqual([false, true]);
});

test('a change that needs a new device is refused', async () => {
  const kernel = new FakeKernel();
  await kernel.apply(creations([netns, br0, vxlan]));
  const [result] = await kernel.apply([{ op: 'change', object: { ...vxlan, port: 4790 }, from: vxlan }]);
  expect(result).toMatchObject({ ok: false, error: { details: { errno: 'EOPNOTSUPP' } } });
});

test('somebody else removes a device: what stands on it goes too', async () => {
  const kernel = new FakeKernel();
  await kernel.apply(creations([netns, br0, vxlan, fdb]));
  kernel.remove(vxlan);
  const { objects } = await kernel.observe(scope, []);
  expect([...objects.values()].map((o) => o.kind).filter((k) => k !== 'sysctl')).toEqual([
    'netns',
    'bridge',
    'port-fdb',
  ]);
  expect(br0.mac).toBe(gatewayMac);
});
