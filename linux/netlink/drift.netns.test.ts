import { describe, expect, test } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import * as lab from '../kernel-contract-objects.ts';
import { broughtBy } from '../objects/kinds.ts';
import { keyOf, type LinuxObject } from '../objects/object.ts';
import { ObjectSet } from '../objects/object-set.ts';
import type { SandboxScope } from '../objects/scope.ts';
import { plan } from '../plan/plan.ts';
import { FreshNode } from '../testing/fresh-node.ts';

interface Stage {
  readonly node: FreshNode;
  readonly sandbox: SandboxScope;
  readonly wished: ObjectSet;
}

async function staged(): Promise<Stage> {
  const node = await FreshNode.open();
  const sandbox = node.sandbox();
  const wished = new ObjectSet(lab.everything(sandbox));
  expect(await reach({ node, sandbox, wished })).toBeGreaterThan(0);
  return { node, sandbox, wished };
}

/** One full compare and its plan; returns how many steps that took. Afterwards nothing is left to do. */
async function reach({ node, sandbox, wished }: Stage): Promise<number> {
  const steps = plan(wished, (await node.kernel.observe(lab.scope, [sandbox])).objects);
  const results = await node.kernel.apply(steps);
  expect(results.flatMap((r) => (r.ok ? [] : [r.error.message]))).toEqual([]);
  expect(plan(wished, (await node.kernel.observe(lab.scope, [sandbox])).objects)).toEqual([]);
  return steps.length;
}

interface ShownLink {
  readonly ifname: string;
  readonly flags: readonly string[];
  readonly mtu: number;
  readonly linkinfo?: { readonly info_data?: Readonly<Record<string, unknown>> };
}

interface ShownPort {
  readonly ifname: string;
  readonly learning: boolean;
  readonly flood: boolean;
}

/** What the tools of iproute2 say of the links, as far as it is ours to decide, and of the routes. */
function shown({ node }: Stage): readonly string[] {
  const links = JSON.parse(node.run(lab.scope, 'ip', '-j', '-d', 'link')) as ShownLink[];
  const ports = JSON.parse(node.run(lab.scope, 'bridge', '-j', '-d', 'link')) as ShownPort[];
  const settings = ['id', 'local', 'port', 'learning', 'proxy', 'mcast_snooping'];
  return [
    ...links.map((l) => {
      const data = settings.map((name) => l.linkinfo?.info_data?.[name]);
      return JSON.stringify([l.ifname, l.flags, l.mtu, ...data]);
    }),
    ...['-4', '-6'].flatMap((family) => node.run(lab.scope, 'ip', family, 'route').trim().split('\n')),
    ...ports.map((p) => `${p.ifname}: learning ${p.learning}, flood ${p.flood}`),
  ].sort();
}

describe('what a hand spoils is seen and repaired:', () => {
  const port = lab.portFdb.dev;
  const hands: readonly (readonly [string, ...(readonly (readonly string[])[])])[] = [
    ['the bridge down', ['ip', 'link', 'set', 'br0', 'down']],
    ['snooping on', ['ip', 'link', 'set', 'br0', 'type', 'bridge', 'mcast_snooping', '1']],
    ['the tunnel device down', ['ip', 'link', 'set', 'vxlan0', 'down']],
    [
      'a tunnel device that learns',
      ['ip', 'link', 'set', 'vxlan0', 'type', 'bridge_slave', 'learning', 'on'],
    ],
    ['a tunnel device that is no port', ['ip', 'link', 'set', 'vxlan0', 'nomaster']],
    ['a port that floods', ['ip', 'link', 'set', port, 'type', 'bridge_slave', 'flood', 'on']],
    ['a port that learns', ['ip', 'link', 'set', port, 'type', 'bridge_slave', 'learning', 'on']],
    ['a port that is down', ['ip', 'link', 'set', port, 'down']],
    ['a port that is gone', ['ip', 'link', 'del', port]],
    ['an FDB entry that is gone', ['bridge', 'fdb', 'del', lab.fdb.mac, 'dev', 'vxlan0', 'dst', lab.fdb.dst]],
    ['neighbours that are gone', ['ip', 'neigh', 'flush', 'dev', 'vxlan0', 'nud', 'permanent']],
    ['an address that is gone', ['ip', 'address', 'del', '10.7.0.1/24', 'dev', 'br0']],
    [
      'the routes of the gateways that are gone',
      ['ip', 'route', 'flush', 'dev', 'br0'],
      ['ip', '-6', 'route', 'flush', 'dev', 'br0'],
    ],
    ['a route that leads to another device', ['ip', 'route', 'replace', '10.7.0.0/24', 'dev', 'vxlan0']],
    [
      'an IPv6 route that leads to another device',
      ['ip', 'route', 'replace', 'fd00:7::/64', 'dev', 'vxlan0', 'metric', '256'],
    ],
    [
      'a route that leads nowhere, in the place of ours',
      ['ip', 'route', 'replace', 'blackhole', '10.7.0.0/24'],
    ],
    [
      'an IPv6 route that leads nowhere, in the place of ours',
      ['ip', 'route', 'replace', 'unreachable', 'fd00:7::/64', 'metric', '256'],
    ],
    ['a route in front of ours', ['ip', 'route', 'prepend', '10.7.0.0/24', 'dev', 'vxlan0']],
    [
      'another address of the subnet, which was there first',
      ['ip', 'address', 'del', '10.7.0.1/24', 'dev', 'br0'],
      ['ip', 'address', 'add', '10.7.0.99/24', 'dev', 'br0'],
      ['ip', 'address', 'add', '10.7.0.1/24', 'dev', 'br0'],
    ],
    ["the bridge's own entry that is gone", ['bridge', 'fdb', 'del', lab.br0.mac, 'dev', 'br0', 'self']],
    [
      "the bridge's own entry at a port",
      ['bridge', 'fdb', 'replace', lab.br0.mac, 'dev', port, 'master', 'static'],
    ],
    ['a setting', ['sysctl', '-qw', 'net.ipv4.conf.br0.send_redirects=1']],
    [
      'a tunnel device that answers for nobody',
      ['ip', 'link', 'del', 'vxlan0'],
      [
        'ip',
        'link',
        'add',
        'vxlan0',
        'type',
        'vxlan',
        'id',
        String(lab.vni),
        'local',
        '192.0.2.1',
        'dstport',
        '4789',
      ],
    ],
  ];
  test.each(hands)('%s', async (_, ...commands) => {
    const stage = await staged();
    await using node = stage.node;
    const before = shown(stage);
    for (const [program, ...args] of commands) node.run(lab.scope, program as string, ...args);
    expect(await reach(stage)).toBeGreaterThan(0);
    expect(shown(stage)).toEqual(before);
  });

  test('a namespace that was unpinned', async () => {
    const stage = await staged();
    await using node = stage.node;
    execFileSync('umount', ['--lazy', node.pathOf(lab.scope)]);
    const { size } = stage.wished;
    const brought = lab.everything(stage.sandbox).flatMap((o) => broughtBy(o)).length;
    expect(await reach(stage)).toBe(size - brought);
  });
});

test('an address that a person has put back on our interface, without our number, is made ours', async () => {
  const { node, sandbox } = await staged();
  await using _node = node;
  const ours = [lab.sandboxAddress(sandbox), lab.sandboxAddress6(sandbox)];
  await node.kernel.apply(ours.map((object) => ({ op: 'delete', object })));
  for (const { ip, length } of ours)
    node.run(sandbox, 'ip', 'address', 'add', `${ip}/${length}`, 'dev', 'eth0');
  const results = await node.kernel.apply(ours.map((object) => ({ op: 'create', object })));
  expect(results).toEqual([{ ok: true }, { ok: true }]);
  const { objects } = await node.kernel.observe(lab.scope, [sandbox]);
  for (const object of ours) expect([...objects.values()]).toContainEqual(object);
});

describe('what is not ours stays:', () => {
  const create = (object: LinuxObject) => ({ op: 'create' as const, object });

  test('a route of a sandbox with the prefix and metric of ours', async () => {
    const { node, sandbox, wished } = await staged();
    await using _node = node;
    const ours = [...wished.values()].filter((o) => o.kind === 'route' && o.scope === sandbox);
    await node.kernel.apply(ours.map((object) => ({ op: 'delete', object })));
    node.run(sandbox, 'ip', 'route', 'add', '10.8.0.0/24', 'via', '10.7.0.3', 'metric', '100');
    node.run(sandbox, 'ip', 'route', 'add', 'fd00:8::/64', 'via', 'fd00:7::3', 'metric', '100');
    const results = await node.kernel.apply(ours.map(create));
    expect(results.map((r) => (r.ok ? 'made' : r.error.details['errno']))).toEqual(['EEXIST', 'EEXIST']);
    expect(node.run(sandbox, 'ip', 'route')).toContain('via 10.7.0.3');
    expect(node.run(sandbox, 'ip', '-6', 'route')).toContain('via fd00:7::3');
    const deleted = await node.kernel.apply(ours.map((object) => ({ op: 'delete', object })));
    expect(deleted).toEqual([{ ok: true }, { ok: true }]);
    expect(node.run(sandbox, 'ip', 'route')).toContain('via 10.7.0.3');
  });

  test('an address of a sandbox with another length than ours', async () => {
    const { node, sandbox } = await staged();
    await using _node = node;
    const ours = lab.sandboxAddress6(sandbox);
    await node.kernel.apply([{ op: 'delete', object: ours }]);
    node.run(sandbox, 'ip', 'address', 'add', `${ours.ip}/80`, 'dev', 'eth0');
    const [result] = await node.kernel.apply([create(ours)]);
    expect(result).toMatchObject({
      ok: false,
      error: { code: 'KERNEL_REFUSED', details: { errno: 'EEXIST' } },
    });
    expect(node.run(sandbox, 'ip', '-6', 'address')).toContain(`${ours.ip}/80`);
  });

  test('a namespace that bears another mark is neither taken nor removed', async () => {
    const { node, sandbox } = await staged();
    await using _node = node;
    node.run(lab.scope, 'ip', 'link', 'set', 'lo', 'alias', 'mine');
    const [made, removed] = await node.kernel.apply([create(lab.netns), { op: 'delete', object: lab.netns }]);
    expect(made).toMatchObject({ ok: false, error: { details: { errno: 'EEXIST' } } });
    expect(removed).toMatchObject({ ok: false });
    expect(await node.kernel.namespaces()).toEqual([]);
    expect(node.run(lab.scope, 'ip', 'link')).toContain(lab.portFdb.dev);
    expect(node.run(sandbox, 'ip', 'link')).toContain('eth0');
  });
});

test('the tunnel ends in the namespace of the node, the bridge and its ports do not', async () => {
  const { node } = await staged();
  await using _node = node;
  expect(node.node.run('ss', '-Huln')).toContain(':4789');
  expect(node.run(lab.scope, 'ss', '-Huln')).not.toContain(':4789');
  expect(node.node.run('ip', '-o', 'link').trim().split('\n').length).toBe(1);
});

test('an IPv6 address is good at once, also where a neighbour entry for it has been left', async () => {
  await using node = await FreshNode.open();
  const sandbox = node.sandbox();
  const address: LinuxObject = { ...lab.sandboxAddress(sandbox), ip: lab.neighbour6.ip, length: 64 };
  const objects = [lab.netns, lab.br0, lab.vxlan, lab.fdb, lab.neighbour6, lab.veth(sandbox), address];
  const results = await node.kernel.apply(objects.map((object) => ({ op: 'create', object })));
  expect(results.every((r) => r.ok)).toBe(true);
  const shown = node.run(sandbox, 'ip', '-6', 'address', 'show', 'dev', 'eth0', 'scope', 'global');
  expect(shown).toContain(address.ip);
  expect(shown).not.toMatch(/tentative|dadfailed/);
});

test('an error says what was wanted of which object, and what the kernel answered', async () => {
  await using node = await FreshNode.open();
  await node.kernel.apply([lab.netns, lab.br0].map((object) => ({ op: 'create', object })));
  const twin = { ...lab.vxlan, scope: lab.secondScope };
  const second = [lab.netns, lab.br0].map(lab.inSecondNetwork);
  const steps = [lab.vxlan, ...second, twin].map((object) => ({ op: 'create' as const, object }));
  const result = (await node.kernel.apply(steps)).at(-1);
  expect(result).toMatchObject({
    ok: false,
    error: {
      message: `cannot create ${keyOf(twin)}: EEXIST: A VXLAN device with the specified VNI already exists`,
      details: { key: keyOf(twin), op: 'create', errno: 'EEXIST' },
    },
  });
});
