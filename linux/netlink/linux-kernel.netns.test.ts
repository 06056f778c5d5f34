import { expect, test } from '@jest/globals';
import { kernelContract, type Foreign } from '../kernel-contract.ts';
import type { NetworkScope, SandboxScope } from '../objects/scope.ts';
import { FreshNode } from '../testing/fresh-node.ts';

function meddle(node: FreshNode, where: NetworkScope | SandboxScope, f: Foreign): void {
  switch (f.what) {
    case 'link':
      node.run(where, 'ip', 'link', 'add', f.name, 'type', 'bridge');
      return;
    case 'address':
      node.run(where, 'ip', 'address', 'add', `${f.ip}/${f.length}`, 'dev', f.dev);
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
