import { describe, expect, test } from '@jest/globals';
import type { AcceptedNetworkJson, PlannedNetworkJson } from '../../api/schemas/network.ts';
import { decodeClaim } from '../../kvstore/records/claim.ts';
import type { Ip } from '../../model/ip.ts';
import type { Name } from '../../model/name.ts';
import { MovableKernel, World, type TestNode } from '../testing/world.ts';

const blue = 'blue' as Name;
const apply = (node: TestNode, declaration: object, name = blue) =>
  node.service.applyNetwork({ name, declaration: { ...declaration } });
/** The plan of this declaration alone. */
const planOf = async (node: TestNode, declaration: object, name = blue): Promise<PlannedNetworkJson> => {
  const [plan] = await node.service.planNetworks({ networks: [{ name, declaration: { ...declaration } }] });
  return plan!;
};
const create = (node: TestNode, name: string, declaration: object) =>
  node.service.createNetwork({
    name: name as Name,
    declaration: { ...declaration },
  }) as Promise<AcceptedNetworkJson>;
const cidrs = ({ subnets }: AcceptedNetworkJson): readonly string[] => subnets.map(({ cidr }) => cidr);

/** Addresses that the network keeps for itself, with whom their claims name. */
async function kept(world: World, { id }: AcceptedNetworkJson): Promise<Readonly<Record<string, string>>> {
  const { entries } = await world.store.list(`net/${id}/claim/address/`);
  const claims = entries.map(
    ({ key, value }) => [key.slice(key.lastIndexOf('/') + 1), decodeClaim(key, value)] as const,
  );
  const own = claims.filter(([, { kind }]) => kind === 'gateway' || kind === 'auxiliary');
  return Object.fromEntries(own.map(([ip, { holder }]) => [ip, holder]));
}

describe('networks without subnets', () => {
  test('get the next free one of the pools, keep it, and leave it free when they go', async () => {
    await using world = new World();
    const pools = 'base=10.64.0.0/22,size=24 base=fd00:7::/63,size=64';
    const h1 = await world.ready(1, { '--address-pools': pools });
    const h2 = await world.ready(2, { '--address-pools': pools });
    expect(cidrs(await create(h1, 'a', {}))).toEqual(['10.64.0.0/24']);
    expect(cidrs(await create(h2, 'b', { ipv6: true }))).toEqual(['10.64.1.0/24', 'fd00:7::/64']);
    expect(cidrs(await create(h2, 'c', { ipv4: false, ipv6: true }))).toEqual(['fd00:7:0:1::/64']);
    await world.declare('d', {});
    await world.until('d to be accepted', () => h1.agent.view.network('d' as Name) !== undefined);
    expect(await h1.service.inspectNetwork({ name: 'd' as Name })).toMatchObject({
      subnets: [{ cidr: '10.64.2.0/24', gateway: '10.64.2.1' }],
    });
    // The same wish again, and with something beside it, is the same subnet.
    expect(await apply(h1, {}, 'a' as Name)).toMatchObject({ outcome: 'unchanged' });
    expect(await apply(h2, { labels: { x: 'y' } }, 'a' as Name)).toMatchObject({
      outcome: 'changed',
      network: { subnets: [{ cidr: '10.64.0.0/24' }] },
    });
    expect(await apply(h2, { subnets: ['10.64.0.0/24'] }, 'a' as Name)).toMatchObject({ outcome: 'changed' });
    await create(h1, 'e', {});
    await expect(create(h1, 'f', {})).rejects.toMatchObject({
      code: 'NETWORK_REFUSED',
      message: expect.stringContaining(
        'no IPv4 subnet is free in the address pools of the cluster, base=10.64.0.0/22,size=24:',
      ),
    });
    await h1.service.removeNetwork({ name: 'b' as Name, force: false });
    expect(cidrs(await create(h2, 'f', { ipv6: true }))).toEqual(['10.64.1.0/24', 'fd00:7::/64']);
    expect(await h1.attach('f', 'c1')).toMatchObject({ programmed: true });
  });

  test('made at the same moment on several nodes never share one', async () => {
    await using world = new World();
    const nodes = [await world.ready(1), await world.ready(2), await world.ready(3)];
    const made = await Promise.all(
      Array.from({ length: 9 }, (_, n) => create(nodes[n % 3]!, `n${n}`, { ipv6: true })),
    );
    expect(new Set(made.flatMap(cidrs)).size).toBe(18);
    expect(made.flatMap(cidrs).toSorted().slice(0, 9)).toEqual(
      Array.from({ length: 9 }, (_, n) => `10.64.${n}.0/24`),
    );
  });

  test('have pools that are a fact of the cluster: another wish of a node is a start error', async () => {
    await using world = new World();
    const h1 = await world.ready(1, { '--address-pools': 'base=10.64.0.0/16,size=24' });
    expect(h1.agent.cluster?.pools).toEqual([{ base: '10.64.0.0/16', size: 24 }]);
    await expect(world.ready(2, { '--address-pools': 'base=10.65.0.0/16,size=24' })).rejects.toMatchObject({
      code: 'CLUSTER_MISMATCH',
      message: expect.stringContaining(
        'addressPools is base=10.65.0.0/16,size=24 here and base=10.64.0.0/16,size=24 in the cluster',
      ),
    });
    await world.ready(3);
  });

  test('follow pools that were changed, on every node and at once', async () => {
    await using world = new World();
    const [h1, h2] = [
      await world.ready(1, { '--address-pools': 'base=10.64.0.0/24,size=24' }),
      await world.ready(2),
    ];
    await create(h1, 'a', {});
    await world.declare('late', {});
    await world.until('late to be refused', () => h1.agent.view.network('late' as Name) !== undefined);
    expect(await h1.service.setPools({ pools: 'base=10.99.0.0/16,size=26' })).toEqual([
      { base: '10.99.0.0/16', size: 26, total: '1024', subnets: 0 },
    ]);
    await expect(h1.service.setPools({ pools: 'base=10.99.0.0/16' })).rejects.toMatchObject({
      code: 'INPUT_INVALID',
    });
    // One that was refused for want of a subnet is judged again.
    const late = () => h2.agent.view.network('late' as Name)?.value;
    await world.until('late to be accepted', () => 'id' in (late() ?? {}));
    expect(late()).toMatchObject({ subnets: [{ prefix: '10.99.0.0/26' }] });
    await h1.service.removeNetwork({ name: 'late' as Name, force: false });
    expect(cidrs(await create(h2, 'b', {}))).toEqual(['10.99.0.0/26']);
    expect(cidrs(await create(h1, 'c', {}))).toEqual(['10.99.0.64/26']);
    expect(await h2.service.listPools()).toMatchObject([{ size: 26, subnets: 2 }]);
    expect((await h2.service.setPools({ pools: '' })).map(({ base }) => base)).toEqual([
      '10.64.0.0/11',
      expect.stringMatching(/^fd.*::\/48$/),
    ]);
  });

  test('pass by what a node has or asks', async () => {
    await using world = new World();
    const under = { interfaceName: 'eth1', addresses: ['192.0.2.1' as Ip], mtu: 1500 };
    const kernel = new MovableKernel(under);
    kernel.routes = async () => ['10.64.0.0/23', '10.64.2.0/25'] as never;
    kernel.addresses = async () => ['10.64.1.7', '10.64.3.7'] as never;
    const h1 = world.node(1, {}, kernel);
    h1.nameServers = () => ['10.64.4.53' as Ip];
    await h1.start();
    await world.until('it to be known', () => h1.agent.view.nodeList().length === 1);
    // What lies in a route need not be told beside it.
    expect(h1.agent.view.nodeList()[0]).toMatchObject({
      routes: ['10.64.0.0/23', '10.64.2.0/25'],
      addresses: ['10.64.3.7'],
      nameServers: ['10.64.4.53'],
    });
    expect(cidrs(await create(h1, 'a', {}))).toEqual(['10.64.5.0/24']);
    for (const [subnet, what] of [
      ['10.64.2.0/24', 'route 10.64.2.0/25'],
      ['10.64.3.0/24', 'address 10.64.3.7'],
      ['10.64.4.0/24', 'name server 10.64.4.53'],
      ['192.0.2.0/28', 'address 192.0.2.1'],
    ])
      await expect(create(h1, 'b', { subnets: [subnet] })).rejects.toMatchObject({
        code: 'NETWORK_REFUSED',
        message: `network b cannot be accepted: subnet ${subnet} overlaps ${what} of node h1`,
      });
    await create(h1, 'b', { subnets: ['10.64.2.0/24', '10.64.3.0/24', '10.64.4.0/24'], allowOverlap: true });
  });
});

describe('a network with live endpoints', () => {
  test('takes on subnets and auxiliary addresses with their claims, on every node, and gives the latter up', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    const made = await create(h1, 'blue', { subnets: ['10.7.0.0/24'] });
    const [one, two] = [await h1.attach('blue', 'c1'), await h2.attach('blue', 'c2', { name: 'web' })];
    const held = two.addresses[0]!.replace('/24', '');
    const more = {
      subnets: [{ cidr: '10.7.0.0/24', auxiliary: { r: '10.7.0.254' } }, '10.9.0.0/24', 'fd00:9::/64'],
    };
    await expect(
      apply(h1, { subnets: [{ cidr: '10.7.0.0/24', auxiliary: { r: held } }] }),
    ).rejects.toMatchObject({
      code: 'NETWORK_REFUSED',
      message: expect.stringContaining(
        `auxiliary address r (${held}) of network blue cannot be kept: endpoint web on node h2 has it`,
      ),
    });
    expect(await planOf(h1, more)).toMatchObject({
      outcome: 'changed',
      before: { subnets: [{ cidr: '10.7.0.0/24', auxiliary: {} }] },
      after: {
        subnets: [{ auxiliary: { r: '10.7.0.254' } }, { gateway: '10.9.0.1' }, { gateway: 'fd00:9::1' }],
      },
      endpoints: [
        { id: one.id, node: 'h1' },
        { id: two.id, name: 'web', node: 'h2' },
      ],
      nodes: ['h1', 'h2'],
    });
    const { revision } = await world.store.list('');
    await planOf(h1, more);
    expect((await world.store.list('')).revision).toBe(revision);
    expect(await apply(h2, more)).toMatchObject({ outcome: 'changed' });
    expect(await kept(world, made)).toEqual({
      '10.7.0.1': 'gateway',
      '10.7.0.254': 'r',
      '10.9.0.1': 'gateway',
      'fd00:9::1': 'gateway',
    });
    expect(await h2.attach('blue', 'c3', { addresses: ['10.9.0.3'] })).toMatchObject({ programmed: true });
    await world.clock.advance(1000);
    const routes = async (node: TestNode): Promise<readonly string[]> => {
      const [seen] = await node.service.debugObserved({ network: 'blue', limit: 1000 });
      return (seen?.objects ?? []).map(({ key }) => key).filter((key) => /^sandbox:\S+ route /.test(key));
    };
    expect(await routes(h1)).toEqual([expect.stringMatching(/c1 route 10\.9\.0\.0\/24/)]);
    expect(await routes(h2)).toHaveLength(2);
    // Renamed, and given up: then somebody else can have it.
    await apply(h1, {
      subnets: [{ cidr: '10.7.0.0/24', auxiliary: { s: '10.7.0.254' } }, '10.9.0.0/24', 'fd00:9::/64'],
    });
    expect(await kept(world, made)).toMatchObject({ '10.7.0.254': 's' });
    await apply(h1, { subnets: ['10.7.0.0/24', '10.9.0.0/24', 'fd00:9::/64'] });
    expect(await kept(world, made)).not.toHaveProperty('10.7.0.254');
    await h1.attach('blue', 'c4', { addresses: ['10.7.0.254'] });
    expect(await h1.service.checkAddresses({ fix: false })).toMatchObject({ findings: [] });
  });

  test('is planned as if what is planned before it had been accepted', async () => {
    await using world = new World();
    const h1 = await world.ready(1, { '--address-pools': 'base=10.64.0.0/23,size=24' });
    await create(h1, 'blue', { subnets: ['10.7.0.0/24'], vni: 1_048_600 });
    const { revision } = await world.store.list('');
    const networks = [
      { name: 'a', declaration: { subnets: ['10.9.0.0/24'], vni: 1_048_601 } },
      { name: 'no/name', declaration: {} },
      { name: 'b', declaration: { subnets: ['10.9.0.128/25'] } },
      { name: 'c', declaration: { subnets: ['10.9.1.0/24'], vni: 1_048_601 } },
      { name: 'blue', declaration: { subnets: ['10.7.0.0/24', '10.9.0.0/25'] } },
      // What is refused stands in nobody's way.
      { name: 'd', declaration: { subnets: ['10.9.1.0/24'] } },
      { name: 'e', declaration: {} },
      { name: 'f', declaration: { labels: { x: 'y' } } },
      { name: 'g', declaration: {} },
    ];
    const plans = await h1.service.planNetworks({ networks });
    const shown = plans.map((p) => [
      p.name,
      p.outcome === 'failed' ? p.error.message : p.after.subnets[0]!.cidr,
    ]);
    expect(shown).toEqual([
      ['a', '10.9.0.0/24'],
      ['no/name', expect.stringContaining('network name "no/name" is not allowed')],
      ['b', expect.stringContaining('10.9.0.0/24 of network a')],
      ['c', expect.stringContaining('VNI 1048601 belongs to network a')],
      ['blue', expect.stringContaining('10.9.0.0/24 of network a')],
      ['d', '10.9.1.0/24'],
      ['e', '10.64.0.0/24'],
      ['f', '10.64.1.0/24'],
      ['g', expect.stringContaining('pool')],
    ]);
    expect((await world.store.list('')).revision).toBe(revision);
  });

  test('that the spec does not show is planned with the declarations', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    const declaration = { subnets: ['10.7.0.0/24'] };
    await create(h1, 'blue', declaration);
    const plain = '{"driver":"overlay","subnets":["10.7.0.0/24"]}';
    const named = { subnets: [{ cidr: '10.7.0.0/24', gateway: '10.7.0.1' }] };
    const plan = await planOf(h1, named);
    expect(plan).toMatchObject({
      outcome: 'changed',
      declaration: {
        before: plain,
        after: '{"driver":"overlay","subnets":[{"cidr":"10.7.0.0/24","gateway":"10.7.0.1"}]}',
      },
      nodes: [],
    });
    if (plan.outcome !== 'changed') throw new Error(plan.outcome);
    expect(plan.after).toEqual(plan.before);
    expect(await planOf(h1, { driver: 'overlay', ...declaration })).not.toHaveProperty('declaration');
    // An edit that was refused, as it stands, and taken back.
    await world.declare('blue', { mtu: 12, ...declaration });
    const isRefused = async (): Promise<boolean> =>
      ((await h1.service.inspectNetwork({ name: blue })) as AcceptedNetworkJson).refusedEdit !== undefined;
    while (!(await isRefused())) await world.clock.advance(100);
    expect(await planOf(h1, declaration)).toMatchObject({
      outcome: 'changed',
      declaration: { before: '{"mtu":12,"subnets":["10.7.0.0/24"]}', after: plain },
    });
  });

  test('is touched by no other label, range or auxiliary address', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await create(h1, 'blue', { subnets: ['10.7.0.0/24'] });
    await h1.attach('blue', 'c1', { addresses: ['10.7.0.9'] });
    const { writes } = h1.kernel;
    const declaration = {
      subnets: [{ cidr: '10.7.0.0/24', range: '10.7.0.128/25', auxiliary: { r: '10.7.0.4' } }],
      labels: { a: 'b' },
    };
    expect(await planOf(h1, declaration)).toMatchObject({
      endpoints: [],
      nodes: [],
    });
    await apply(h1, declaration);
    await world.clock.advance(1000);
    expect(h1.kernel.writes).toBe(writes);
    const { addresses } = await h1.attach('blue', 'c2');
    expect(Number(/\.(\d+)\/24$/.exec(addresses[0]!)?.[1])).toBeGreaterThan(127);
    await expect(h1.attach('blue', 'c3', { addresses: ['10.7.0.4'] })).rejects.toMatchObject({
      code: 'ADDRESS_TAKEN',
    });
  });

  test('is not changed by whoever has read an older declaration', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await create(h1, 'blue', { subnets: ['10.7.0.0/24'] });
    const { text, revision } = await h1.service.declarationOf({ name: blue });
    expect(JSON.parse(text)).toEqual({ driver: 'overlay', subnets: ['10.7.0.0/24'] });
    const edit = (mtu: number, of: number) =>
      h1.service.applyNetwork({ name: blue, declaration: { subnets: ['10.7.0.0/24'], mtu }, revision: of });
    expect(await edit(1300, revision)).toMatchObject({ outcome: 'changed' });
    await expect(edit(1301, revision)).rejects.toMatchObject({
      code: 'NETWORK_EXISTS',
      message: 'the declaration of network blue was changed meanwhile: read it again',
    });
    await h1.attach('blue', 'c1');
    await world.delete('networks/blue');
    const found = await h1.service.declarationOf({ name: blue });
    expect(found).toMatchObject({ revision: 0, declared: false });
    expect(
      await h1.service.applyNetwork({
        name: blue,
        declaration: JSON.parse(found.text) as object as never,
        revision: 0,
      }),
    ).toMatchObject({
      network: { declared: true, mtu: 1300, subnets: [{ cidr: '10.7.0.0/24', gateway: '10.7.0.1' }] },
    });
    await expect(h1.service.declarationOf({ name: 'none' as Name })).rejects.toMatchObject({
      code: 'NETWORK_NOT_FOUND',
    });
  });
});

describe('a network that is inspected', () => {
  test('names everybody who is attached, on whatever node, also on a node that does not follow it', async () => {
    await using world = new World();
    const [h1, h2, h3] = [await world.ready(1), await world.ready(2), await world.ready(3)];
    await create(h1, 'blue', { subnets: ['10.7.0.0/24'] });
    const since = new Date(world.clock.wall()).toISOString();
    const one = await h1.attach('blue', 'c1', { addresses: ['10.7.0.9'], name: 'web' });
    await h2.attach('blue', 'c2', { addresses: ['10.7.0.10'] });
    const attached = [
      {
        id: one.id,
        name: 'web',
        node: 'h1',
        addresses: ['10.7.0.9/24'],
        interfaceName: 'eth0',
        state: 'active',
      },
      { node: 'h2', addresses: ['10.7.0.10/24'], sandbox: '/run/netns/c2', createdAt: expect.any(String) },
    ];
    expect(one.createdAt! >= since).toBe(true);
    await world.clock.advance(1000);
    const own = await h1.service.inspectNetwork({ name: blue });
    expect(own).toMatchObject({
      endpoints: 2,
      attached,
      nodes: [{ node: 'h1', state: 'programmed' }, { node: 'h2' }],
    });
    const other = await h3.service.inspectNetwork({ name: blue });
    expect(other).toMatchObject({
      endpoints: 2,
      attached,
      nodes: [
        { node: 'h1', endpoints: 1, state: 'unknown', alive: true },
        { node: 'h2', endpoints: 1, state: 'unknown' },
      ],
    });
    expect(await world.settled(h3.service.inspectNetwork({ name: blue, wait: true }))).toMatchObject({
      attached,
      nodes: [
        { node: 'h1', state: 'programmed' },
        { node: 'h2', state: 'programmed' },
      ],
    });
    // Who changed it last, and when; a list of all has neither that nor the endpoints of networks that are not followed.
    expect(other).not.toHaveProperty('changed');
    await world.clock.advance(5000);
    await apply(h2, { subnets: ['10.7.0.0/24'], labels: { a: 'b' } });
    const at = new Date(world.clock.wall()).toISOString();
    expect(await h2.service.inspectNetwork({ name: blue })).toMatchObject({
      creator: 'h1',
      changed: { by: 'h2', at },
    });
    const [listed] = await h3.service.listNetworks();
    expect(listed).toMatchObject({ endpoints: null });
    expect(listed).not.toHaveProperty('attached');
    // Without a store nobody knows of a network that this node does not follow.
    h3.store.goAway();
    await world.until('h3 to notice', () => h3.agent.view.state === 'stale');
    expect(await h3.service.inspectNetwork({ name: blue })).toMatchObject({ endpoints: null });
  });
});
