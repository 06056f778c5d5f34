import { spawn } from 'node:child_process';
import { statSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import * as lab from '../kernel-contract-objects.ts';
import { kernelContract } from '../kernel-contract.ts';
import { ObjectSet } from '../objects/object-set.ts';
import type { NetworkScope, SandboxScope } from '../objects/scope.ts';
import { plan } from '../plan/plan.ts';
import { until } from '../testing/fresh-namespace.ts';
import { FreshNode } from '../testing/fresh-node.ts';
import type { Foreign } from '../testing/kernel-under-test.ts';

function meddle(node: FreshNode, where: NetworkScope | SandboxScope, f: Foreign): void {
  switch (f.what) {
    case 'link':
      node.run(where, 'ip', 'link', 'add', f.name, 'type', 'bridge');
      return;
    case 'address':
      node.run(where, 'ip', 'address', 'add', `${f.ip}/${f.length}`, 'dev', f.dev);
      return;
    case 'default route': {
      const family = f.via.includes(':') ? '-6' : '-4';
      node.run(where, 'ip', family, 'route', 'add', 'default', 'via', f.via, 'dev', f.dev);
      return;
    }
    case 'blackhole':
      node.run(where, 'ip', 'route', 'add', 'blackhole', f.prefix);
      return;
    case 'fdb':
      node.run(where, 'bridge', 'fdb', 'add', f.mac, 'dev', f.dev, 'dst', f.dst);
  }
}

kernelContract('the real kernel', async () => {
  const node = await FreshNode.open();
  return {
    kernel: node.kernel,
    sandbox: () => Promise.resolve(node.sandbox()),
    killSandbox: (scope) => node.kill(scope),
    foreign: (where, foreign) => {
      meddle(node, where, foreign);
      return Promise.resolve();
    },
    dispose: () => node[Symbol.asyncDispose](),
  };
});

test('the node is not one of its own sandboxes', async () => {
  await using node = await FreshNode.open();
  expect(() => node.kernel.identify(`sandbox:${node.node.path}`)).toThrow(
    expect.objectContaining({ code: 'SANDBOX_INVALID' }),
  );
});

test('a namespace in which a network is kept is no sandbox, by whatever path', async () => {
  await using node = await FreshNode.open();
  await node.kernel.apply(plan(new ObjectSet([lab.netns, ...lab.bridge]), new ObjectSet()));
  const pin = node.pathOf(lab.scope);
  const child = spawn('nsenter', [`--net=${pin}`, 'sleep', '30'], { stdio: 'ignore' });
  try {
    const inside = `/proc/${child.pid}/ns/net`;
    await until('the child to be inside', () => statSync(inside).ino === statSync(pin).ino);
    for (const path of [pin, inside]) {
      expect(() => node.kernel.identify(`sandbox:${path}`)).toThrow(
        expect.objectContaining({
          code: 'SANDBOX_INVALID',
          message: expect.stringContaining('in which Weft keeps a network') as unknown,
        }),
      );
    }
  } finally {
    child.kill('SIGKILL');
  }
});

test('a hundred thousand entries go in, are observed whole, and nothing is left to do', async () => {
  await using node = await FreshNode.open();
  // As many as a node has of a network with 64,000 endpoints elsewhere.
  const wished = new ObjectSet([lab.netns, ...lab.bridge, lab.vxlan, ...lab.crowd(64_000)]);
  const results = await node.kernel.apply(plan(wished, new ObjectSet()));
  expect(results.filter(({ ok }) => !ok)).toEqual([]);
  const { objects } = await node.kernel.observe(lab.scope, []);
  expect(plan(wished, objects)).toEqual([]);
  expect(Number(node.run(lab.scope, 'sh', '-c', 'ip neigh show | wc -l'))).toBe(64_000);
});
