import { expect, test } from '@jest/globals';
import type { Ip } from '../model/ip.ts';
import type { Mac } from '../model/mac.ts';
import * as lab from './kernel-contract-objects.ts';
import type { SandboxScope } from './objects/scope.ts';
import { until } from './testing/fresh-namespace.ts';
import { FreshNode } from './testing/fresh-node.ts';

/** A node with an underlay on which every packet is counted, and a network with one endpoint here and one elsewhere. */
async function announcingNode(): Promise<{ node: FreshNode; sandbox: SandboxScope; leaving: () => number }> {
  const node = await FreshNode.open();
  node.node.run('ip', 'link', 'add', 'up0', 'type', 'veth', 'peer', 'wire0');
  node.node.run('sysctl', '-qw', 'net.ipv6.conf.up0.disable_ipv6=1', 'net.ipv6.conf.wire0.disable_ipv6=1');
  node.node.run('ip', 'address', 'add', '192.0.2.1/24', 'dev', 'up0');
  for (const name of ['up0', 'wire0']) node.node.run('ip', 'link', 'set', name, 'up');
  for (const last of [2, 3]) {
    const at = `192.0.2.${last}`;
    node.node.run('ip', 'neigh', 'add', at, 'lladdr', '02:99:00:00:00:02', 'dev', 'up0');
  }
  const sandbox = node.sandbox();
  const results = await node.kernel.apply(
    lab.everything(sandbox).map((object) => ({ op: 'create', object })),
  );
  expect(results.filter((r) => !r.ok)).toEqual([]);
  const leaving = (): number => {
    const [link] = JSON.parse(node.node.run('ip', '-s', '-j', 'link', 'show', 'up0')) as [
      { stats64: { tx: { packets: number } } },
    ];
    return link.stats64.tx.packets;
  };
  return { node, sandbox, leaving };
}

const holder = '02:57:0a:07:00:77' as Mac;

test.each([
  ['an IPv4 address', '10.7.0.77' as Ip],
  ['an IPv6 address', 'fd00:7::77' as Ip],
])('%s that is announced reaches the containers here, and nothing leaves the node', async (_, ip) => {
  const { node, sandbox, leaving } = await announcingNode();
  await using _node = node;
  const known = (): string => node.run(sandbox, 'ip', 'neigh', 'show', ip, 'dev', 'eth0');
  node.run(sandbox, 'ip', 'neigh', 'add', ip, 'lladdr', '02:99:00:00:00:01', 'dev', 'eth0', 'nud', 'stale');

  // What leaves by the tunnel is seen: a ping of the endpoint elsewhere.
  const atFirst = leaving();
  const ping = ['ping', '-c', '1', '-W', '0.1', ip.includes(':') ? 'fd00:7::9' : '10.7.0.9'];
  expect(() => node.run(sandbox, ping[0] as string, ...ping.slice(1))).toThrow();
  const before = leaving();
  expect(before).toBeGreaterThan(atFirst);

  await node.kernel.announce(lab.scope, 'br0', [{ ip, mac: holder }]);
  await until('the container knows the new holder', () => known().includes(holder));
  expect(leaving()).toBe(before);
});

test('after a network was made anew its announcements go out in the new one', async () => {
  const { node, sandbox } = await announcingNode();
  await using _node = node;
  const told = [{ ip: '10.7.0.77' as Ip, mac: holder }];
  await node.kernel.announce(lab.scope, 'br0', told);
  await node.kernel.apply([{ op: 'delete', object: lab.netns }]);
  await node.kernel.announce(lab.scope, 'br0', told);
  await node.kernel.apply(lab.everything(sandbox).map((object) => ({ op: 'create', object })));
  node.run(sandbox, 'ip', 'neigh', 'add', '10.7.0.77', 'lladdr', '02:99:00:00:00:01', 'dev', 'eth0');
  node.run(sandbox, 'ip', 'neigh', 'change', '10.7.0.77', 'dev', 'eth0', 'nud', 'stale');
  await node.kernel.announce(lab.scope, 'br0', told);
  await until('the container knows the holder', () =>
    node.run(sandbox, 'ip', 'neigh', 'show', '10.7.0.77').includes(holder),
  );
});
