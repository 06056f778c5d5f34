import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { LinuxObject } from '../../linux/objects/object.ts';
import { networkScope, type NetworkScope, type SandboxScope } from '../../linux/objects/scope.ts';
import { FreshNode } from '../../linux/testing/fresh-node.ts';
import { until } from '../../linux/testing/fresh-namespace.ts';
import type { NetworkId } from '../../model/network.ts';
import { DriftScene } from './testing/drift-scene.ts';
import { picture } from './testing/picture.ts';

const id = '00000000000000b1' as NetworkId;
const scope = networkScope(id);

/** A node with one network, a sandbox in it and some endpoints elsewhere, all programmed. */
class Stage implements AsyncDisposable {
  readonly node: FreshNode;
  readonly scene: DriftScene;
  readonly sandbox: SandboxScope;

  private constructor(node: FreshNode, scene: DriftScene, sandbox: SandboxScope) {
    this.node = node;
    this.scene = scene;
    this.sandbox = sandbox;
  }

  static async open(remote = 3): Promise<Stage> {
    const node = await FreshNode.open();
    const sandbox = node.sandbox();
    const scene = new DriftScene({ kernel: node.kernel, id, sandboxes: [node.pathOf(sandbox)], remote });
    await scene.pass();
    return new Stage(node, scene, sandbox);
  }

  run(where: NetworkScope | SandboxScope, ...command: readonly [string, ...string[]]): string {
    return this.node.run(where, ...command);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.scene.close();
    await this.node[Symbol.asyncDispose]();
  }
}

describe('what a hand changes is as it was within a second, counted and told:', () => {
  const hands: readonly (readonly [
    string,
    LinuxObject['kind'],
    ...(readonly (readonly [string, ...string[]])[]),
  ])[] = [
    [
      'an FDB entry that is gone',
      'fdb',
      ['bridge', 'fdb', 'del', '02:57:00:00:03:e8', 'dev', 'vxlan0', 'dst', '192.0.2.2'],
    ],
    [
      'an FDB entry that leads elsewhere',
      'fdb',
      ['bridge', 'fdb', 'replace', '02:57:00:00:03:e8', 'dev', 'vxlan0', 'dst', '192.0.2.9'],
    ],
    [
      'an FDB entry too many',
      'fdb',
      ['bridge', 'fdb', 'add', '02:99:00:00:03:e8', 'dev', 'vxlan0', 'dst', '192.0.2.9'],
    ],
    ['a neighbour that is gone', 'neighbour', ['ip', 'neigh', 'del', '10.7.3.232', 'dev', 'vxlan0']],
    ['an IPv6 neighbour that is gone', 'neighbour', ['ip', 'neigh', 'del', 'fd00:7::3e8', 'dev', 'vxlan0']],
    [
      'a neighbour of another MAC',
      'neighbour',
      [
        'ip',
        'neigh',
        'replace',
        '10.7.3.232',
        'lladdr',
        '02:99:00:00:00:01',
        'nud',
        'permanent',
        'dev',
        'vxlan0',
      ],
    ],
    [
      'a neighbour that is not permanent',
      'neighbour',
      [
        'ip',
        'neigh',
        'replace',
        '10.7.3.232',
        'lladdr',
        '02:57:00:00:03:e8',
        'nud',
        'stale',
        'dev',
        'vxlan0',
      ],
    ],
    ["the router's neighbour that is gone", 'neighbour', ['ip', 'neigh', 'del', '10.7.3.232', 'dev', 'br0']],
    [
      "a port's own entry that is gone",
      'port-fdb',
      ['bridge', 'fdb', 'del', '02:57:00:00:00:10', 'dev', 'v000000000000', 'master'],
    ],
    ['a gateway address that is gone', 'address', ['ip', 'address', 'del', '10.8.0.254/24', 'dev', 'br0']],
    [
      'an IPv6 gateway address that is gone',
      'address',
      ['ip', 'address', 'del', 'fd00:8::ffff:1/64', 'dev', 'br0'],
    ],
    ['an address too many', 'address', ['ip', 'address', 'add', '10.66.0.1/24', 'dev', 'br0']],
    ['a route too many', 'route', ['ip', 'route', 'add', '10.99.0.0/24', 'via', '10.7.0.9', 'dev', 'br0']],
    ["the route to a gateway's subnet gone", 'route', ['ip', 'route', 'del', '10.8.0.0/24']],
    ["the IPv6 route to a gateway's subnet gone", 'route', ['ip', 'route', 'del', 'fd00:8::/64']],
    ['all IPv4 routes gone', 'route', ['ip', 'route', 'flush', 'table', 'main']],
    ['all IPv6 routes gone', 'route', ['ip', '-6', 'route', 'flush', 'table', 'main']],
    [
      'a route that leads to another device',
      'route',
      ['ip', 'route', 'replace', '10.8.0.0/24', 'dev', 'vxlan0'],
    ],
    ['a longer prefix on another device', 'route', ['ip', 'route', 'add', '10.8.0.0/25', 'dev', 'vxlan0']],
    ['a route that leads nowhere', 'route', ['ip', 'route', 'add', 'blackhole', '10.8.0.0/25']],
    ['an IPv6 route that leads nowhere', 'route', ['ip', 'route', 'add', 'prohibit', 'fd00:8::/80']],
    ['a route that leads to lo', 'route', ['ip', 'route', 'add', '10.8.0.0/25', 'dev', 'lo']],
    [
      'a route that leads several ways',
      'route',
      ['ip', 'route', 'add', '10.99.0.0/24', 'nexthop', 'via', '10.7.0.9', 'nexthop', 'via', '10.7.0.8'],
    ],
    [
      "the bridge's own entry gone",
      'port-fdb',
      ['bridge', 'fdb', 'del', '02:57:00:00:00:01', 'dev', 'br0', 'self'],
    ],
    [
      "the bridge's MAC at a port",
      'port-fdb',
      ['bridge', 'fdb', 'replace', '02:57:00:00:00:01', 'dev', 'v000000000000', 'master', 'static'],
    ],
    ['the bridge down', 'bridge', ['ip', 'link', 'set', 'br0', 'down']],
    ['another MAC of the bridge', 'bridge', ['ip', 'link', 'set', 'br0', 'address', '02:99:00:00:00:02']],
    ['snooping on', 'bridge', ['ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_snooping', '1']],
    ['the bridge gone', 'bridge', ['ip', 'link', 'del', 'br0']],
    ['the tunnel device down', 'vxlan', ['ip', 'link', 'set', 'vxlan0', 'down']],
    ['another MTU of the tunnel device', 'vxlan', ['ip', 'link', 'set', 'vxlan0', 'mtu', '1300']],
    ['a tunnel device that learns', 'vxlan', ['bridge', 'link', 'set', 'dev', 'vxlan0', 'learning', 'on']],
    ['a tunnel device that is no port', 'vxlan', ['ip', 'link', 'set', 'vxlan0', 'nomaster']],
    ['the tunnel device gone', 'vxlan', ['ip', 'link', 'del', 'vxlan0']],
    ['a port that floods', 'veth', ['bridge', 'link', 'set', 'dev', 'v000000000000', 'flood', 'on']],
    [
      'a port that learns',
      'veth',
      ['ip', 'link', 'set', 'v000000000000', 'type', 'bridge_slave', 'learning', 'on'],
    ],
    ['a port that is closed', 'veth', ['bridge', 'link', 'set', 'dev', 'v000000000000', 'state', '0']],
    ['a tunnel device that is closed', 'vxlan', ['bridge', 'link', 'set', 'dev', 'vxlan0', 'state', '0']],
    ['a port that is down', 'veth', ['ip', 'link', 'set', 'v000000000000', 'down']],
    [
      'a port of another name',
      'veth',
      ['ip', 'link', 'set', 'v000000000000', 'down'],
      ['ip', 'link', 'set', 'v000000000000', 'name', 'other'],
    ],
    ['a port that is gone', 'veth', ['ip', 'link', 'del', 'v000000000000']],
    ['a setting of the namespace', 'sysctl', ['sysctl', '-qw', 'net.ipv4.ip_forward=0']],
    ['a setting of the bridge', 'sysctl', ['sysctl', '-qw', 'net.ipv4.conf.br0.rp_filter=1']],
    ['a setting without a notice', 'sysctl', ['sysctl', '-qw', 'net.ipv4.conf.br0.send_redirects=1']],
    ['IPv4 forwarding of the bridge', 'sysctl', ['sysctl', '-qw', 'net.ipv4.conf.br0.forwarding=0']],
    ['IPv6 forwarding of the bridge', 'sysctl', ['sysctl', '-qw', 'net.ipv6.conf.br0.forwarding=0']],
    ['no IPv6 on the bridge', 'sysctl', ['sysctl', '-qw', 'net.ipv6.conf.br0.disable_ipv6=1']],
    ['no IPv6 at all', 'sysctl', ['sysctl', '-qw', 'net.ipv6.conf.all.disable_ipv6=1']],
    ['another one', 'sysctl', ['sysctl', '-qw', 'net.bridge.bridge-nf-call-iptables=1']],
    ['an IPv6 setting without a notice', 'sysctl', ['sysctl', '-qw', 'net.ipv6.conf.br0.accept_ra=1']],
    ['an IPv6 setting', 'sysctl', ['sysctl', '-qw', 'net.ipv6.conf.all.forwarding=0']],
    ['another mark', 'netns', ['ip', 'link', 'set', 'lo', 'alias', 'mine']],
  ];
  test.each(hands)('%s', async (_, kind, ...commands) => {
    await using stage = await Stage.open();
    await repaired(stage, kind, () => {
      for (const command of commands) stage.run(scope, ...command);
    });
  });
});

describe('what a hand changes in a sandbox, which nobody holds, is as it was within a second:', () => {
  const hands: readonly (readonly [
    string,
    LinuxObject['kind'],
    ...(readonly (readonly [string, ...string[]])[]),
  ])[] = [
    ['an address that is gone', 'address', ['ip', 'address', 'del', '10.7.0.16/16', 'dev', 'eth0']],
    ['an IPv6 address that is gone', 'address', ['ip', 'address', 'del', 'fd00:7::10/64', 'dev', 'eth0']],
    ['a route that is gone', 'route', ['ip', 'route', 'del', '10.8.0.0/24']],
    ['an IPv6 route that is gone', 'route', ['ip', 'route', 'del', 'fd00:8::/64']],
    ['an interface that is down', 'veth', ['ip', 'link', 'set', 'eth0', 'down']],
    ['another MTU', 'veth', ['ip', 'link', 'set', 'eth0', 'mtu', '1200']],
    ['another MAC', 'veth', ['ip', 'link', 'set', 'eth0', 'address', '02:99:00:00:00:01']],
    [
      'an interface of another name',
      'veth',
      ['ip', 'link', 'set', 'eth0', 'down'],
      ['ip', 'link', 'set', 'eth0', 'name', 'other'],
    ],
    ['an interface that is gone', 'veth', ['ip', 'link', 'del', 'eth0']],
  ];
  test.each(hands)('%s', async (_, kind, ...commands) => {
    await using stage = await Stage.open();
    await repaired(stage, kind, () => {
      for (const command of commands) stage.run(stage.sandbox, ...command);
    });
  });

  test('what is not ours is left alone, and is no reason to look', async () => {
    await using stage = await Stage.open();
    const { scene, sandbox } = stage;
    const strange: readonly (readonly [string, ...string[]])[] = [
      ['ip', 'link', 'add', 'lan0', 'type', 'bridge'],
      ['ip', 'link', 'set', 'lan0', 'up'],
      ['ip', 'address', 'add', '10.66.0.1/24', 'dev', 'lan0'],
      ['ip', 'address', 'add', '10.66.1.1/24', 'dev', 'eth0'],
      ['ip', 'address', 'add', 'fd00:66::1/64', 'dev', 'eth0'],
      ['ip', 'route', 'add', '10.67.0.0/24', 'via', '10.66.1.2'],
      ['ip', 'route', 'add', 'default', 'via', '10.66.0.2'],
      ['ip', 'neigh', 'add', '10.7.0.99', 'lladdr', '02:66:00:00:00:01', 'nud', 'permanent', 'dev', 'eth0'],
      ['sysctl', '-qw', 'net.ipv4.ip_forward=1'],
    ];
    for (const command of strange) stage.run(sandbox, ...command);
    const before = picture(stage.node, scope, stage.sandbox);
    // Something of ours: when it is heard of and repaired, the rest was heard of before.
    stage.run(sandbox, 'ip', 'address', 'del', '10.7.0.16/16', 'dev', 'eth0');
    await until('the address', () => scene.repairs.counts.size > 0, 3000);
    expect([...scene.repairs.counts.keys()].toSorted()).toEqual(['address']);
    expect(scene.compares).toBe(1);
    expect(picture(stage.node, scope, stage.sandbox)).toEqual(before);
  });

  test('a sandbox that ends is noticed, and nothing of it is made again', async () => {
    await using stage = await Stage.open();
    const { scene, node, sandbox } = stage;
    await node.kill(sandbox);
    const standing = (): string | undefined => scene.one.progress(scene.local[0]!)?.kind;
    await until('the endpoint to be known as dead', () => standing() === 'failed', 3000);
    expect(node.run(scope, 'ip', 'link')).not.toContain('v000000000000');
    expect([...scene.repairs.counts]).toEqual([]);
  });
});

describe('a namespace under our feet', () => {
  test('that was deleted is made anew with all that was in it', async () => {
    await using stage = await Stage.open();
    await repaired(stage, 'netns', () => {
      const path = stage.node.pathOf(scope);
      execFileSync('umount', ['--lazy', path]);
      rmSync(path);
    });
    // And what happens in the new one is heard.
    const before = stage.scene.repairs.counts.get('fdb');
    stage.run(scope, 'bridge', 'fdb', 'del', '02:57:00:00:03:e8', 'dev', 'vxlan0', 'dst', '192.0.2.2');
    await until('an entry', () => stage.scene.repairs.counts.get('fdb') !== before, 3000);
  });
});

describe('a pin that was unmounted, and whose file stays', () => {
  test('is found, and the namespace made anew', async () => {
    await using stage = await Stage.open();
    await repaired(stage, 'netns', () => execFileSync('umount', ['--lazy', stage.node.pathOf(scope)]));
  });
});

describe('many at once', () => {
  test('a thousand FDB entries are one compare, and eight events and one that sums up', async () => {
    await using stage = await Stage.open(1000);
    const { scene } = stage;
    const lines = Array.from({ length: 1000 }, (_, i) => {
      const n = (1000 + i).toString(16).padStart(6, '0');
      return `fdb del 02:57:00:${n.slice(0, 2)}:${n.slice(2, 4)}:${n.slice(4)} dev vxlan0 dst 192.0.2.2\n`;
    });
    const file = join(stage.node.netnsDir, 'batch');
    writeFileSync(file, lines.join(''));
    await repaired(stage, 'fdb', () => stage.run(scope, 'bridge', '-batch', file));
    rmSync(file);
    await until('all of them', () => scene.repairs.counts.get('fdb') === 1000, 3000);
    expect(
      picture(stage.node, scope, stage.sandbox).filter((line) => line.includes('dst 192.0.2.2')).length,
    ).toBe(1000);
    expect(scene.events.length).toBeLessThan(30);
    expect(scene.events.findLast(({ message }) => message.includes('more of'))?.message).toMatch(/\d+ fdb$/);
  });

  test('what we write ourselves is no reason to look, however much it is', async () => {
    await using stage = await Stage.open(2000);
    const { scene } = stage;
    // Something of a stranger: when it is repaired, all of ours was heard of before.
    stage.run(scope, 'ip', 'neigh', 'del', '10.7.3.232', 'dev', 'vxlan0');
    await until('the neighbour', () => scene.repairs.counts.size > 0, 3000);
    expect([...scene.repairs.counts]).toEqual([['neighbour', 1]]);
    expect([scene.compares, scene.passes]).toEqual([1, 2]);
  });
});

test('what somebody keeps changing is repaired with pauses', async () => {
  await using stage = await Stage.open();
  const { scene } = stage;
  const count = (): number => scene.repairs.counts.get('neighbour') ?? 0;
  const meddle = (): string => stage.run(scope, 'ip', 'neigh', 'del', '10.7.3.232', 'dev', 'vxlan0');
  for (let i = 1; i <= 5; i += 1) {
    meddle();
    await until(`repair ${i}`, () => count() === i, 3000);
  }
  expect(scene.events.at(-1)?.kind).toBe('drift-fought');
  expect([...scene.repairs.feuds()].length).toBe(1);
  const start = performance.now();
  meddle();
  // What nobody fights over is not kept waiting.
  stage.run(scope, 'bridge', 'fdb', 'del', '02:57:00:00:03:e9', 'dev', 'vxlan0', 'dst', '192.0.2.2');
  await until('another object', () => scene.repairs.counts.get('fdb') === 1, 3000);
  const soon = performance.now() - start;
  meddle();
  const again = count();
  await until('the next repair', () => count() > again, 6000);
  expect(soon).toBeLessThan(900);
  expect(performance.now() - start).toBeGreaterThan(1000);
});

async function repaired(stage: Stage, kind: LinuxObject['kind'], hand: () => unknown): Promise<void> {
  const { scene } = stage;
  const before = picture(stage.node, scope, stage.sandbox);
  hand();
  const start = performance.now();
  await until(`a repair of kind ${kind}`, () => scene.repairs.counts.has(kind), 3000);
  const took = performance.now() - start;
  expect(took).toBeLessThan(1000);
  expect(scene.events[0]?.kind).toBe('drift-repaired');
  expect(picture(stage.node, scope, stage.sandbox)).toEqual(before);
  expect(scene.failures).toEqual([]);
}
