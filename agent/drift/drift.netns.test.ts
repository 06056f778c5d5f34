import { describe, expect, test } from '@jest/globals';
import { networkScope, type NetworkScope, type SandboxScope } from '../../linux/objects/scope.ts';
import { FreshNode } from '../../linux/testing/fresh-node.ts';
import { until } from '../../linux/testing/fresh-namespace.ts';
import type { NetworkId } from '../../model/network.ts';
import { DriftScene } from './testing/drift-scene.ts';

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

/** What `ip`, `bridge` and `sysctl` say of everything in both namespaces, less what changes when something is made anew. */
function picture({ node, sandbox }: Stage): readonly string[] {
  const lines = [scope, sandbox].flatMap((where) =>
    [
      ['ip', '-d', '-o', 'link'],
      ['ip', '-o', 'address'],
      ['ip', 'route'],
      ['ip', '-6', 'route'],
      ['ip', 'neigh', 'show', 'nud', 'permanent'],
      ['bridge', 'fdb', 'show'],
      ['bridge', '-d', 'link'],
    ].flatMap(([program = '', ...args]) => node.run(where, program, ...args).split('\n')),
  );
  const settings = ['net.ipv4.ip_forward', 'net.ipv4.conf.br0.rp_filter', 'net.ipv6.conf.all.forwarding'];
  lines.push(...settings.map((key) => node.run(scope, 'sysctl', key)));
  return lines
    .map((line) => madeAnew.reduce((text, pattern) => text.replaceAll(pattern, ''), line))
    .filter((line) => !/^ *$|fe80|ff02::|33:33:|01:00:5e:|dynamic/.test(line))
    .sort();
}

/** What is another when an interface is made anew: indexes, MACs that are not ours, ids and times of the bridge. */
const madeAnew = [
  /^\d+: |@if\d+|@\w+|link-netns(id)? \S+|permaddr \S+/g,
  /\b(?!02:57)([0-9a-f]{2}:){5}[0-9a-f]{2}\b/g,
  /port_(no|id) \S+|bridge_id \S+|root_id \S+|designated_\w+ +\S+|(\w+_timer|message_age) +[\d.]+/g,
];

describe('what a hand changes is as it was within a second, counted and told:', () => {
  const hands: readonly (readonly [string, string, ...(readonly (readonly [string, ...string[]])[])])[] = [
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

async function repaired(stage: Stage, kind: string, hand: () => void | Promise<void>): Promise<void> {
  const { scene } = stage;
  const before = picture(stage);
  await hand();
  const start = performance.now();
  await until(`a repair of kind ${kind}`, () => (scene.repairs.counts.get(kind as never) ?? 0) > 0, 3000);
  const took = performance.now() - start;
  expect(took).toBeLessThan(1000);
  expect(scene.events[0]?.kind).toBe('drift-repaired');
  expect(picture(stage)).toEqual(before);
  expect(scene.failures).toEqual([]);
}
