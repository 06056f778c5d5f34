import { describe, expect, test } from '@jest/globals';
import type { NetworkJson } from '../../api/schemas/network.ts';
import type { Name } from '../../model/name.ts';
import { World, type TestNode } from '../testing/world.ts';

const blue = 'blue' as Name;

const shown = async (node: TestNode, name = 'blue'): Promise<NetworkJson | undefined> =>
  (await node.service.listNetworks()).find((n) => n.name === name);

const state = (node: TestNode, name = blue) => node.agent.view.network(name)?.value;

const isRefused = (node: TestNode, name = 'blue'): boolean => {
  const value = state(node, name as Name);
  if (value === undefined) return false;
  return !('id' in value) || (value.phase.kind === 'active' && value.phase.refused !== undefined);
};

async function three(world: World): Promise<readonly TestNode[]> {
  return [await world.ready(1), await world.ready(2), await world.ready(3)];
}

/** The nodes in order of their rank. */
const byRank = (nodes: readonly TestNode[]): readonly TestNode[] =>
  nodes.toSorted((a, b) => (a.agent.id < b.agent.id ? -1 : 1));

const logs = (node: TestNode, message: string): number =>
  node.log.filter((l) => l.message === message).length;

/** With names so long that a reason which names them all is longer than what is kept of one. */
const wordy = (subnet: string): unknown => {
  const names = Array.from({ length: 32 }, (_, n) => [`${n}${'x'.repeat(60)}`, `${subnet}::${n + 1}`]);
  return { subnets: [{ cidr: `${subnet}::/64`, auxiliary: Object.fromEntries(names) }] };
};

describe('a network declared by a plain write', () => {
  test('is accepted at once by the live node of lowest rank, and once', async () => {
    await using world = new World();
    const nodes = await three(world);
    await world.declare('blue', { subnets: ['10.7.0.0/24'] });
    const since = world.clock.monotonic();
    await world.until('everybody to know it', () => nodes.every((n) => state(n) !== undefined));
    expect(world.clock.monotonic() - since).toBeLessThan(100);
    await world.clock.advance(10_000);
    expect(byRank(nodes).map((n) => logs(n, 'network created'))).toEqual([1, 0, 0]);
    const { name } = byRank(nodes)[0]!.agent.ports.settings.config;
    expect(await shown(nodes[1]!)).toMatchObject({ creator: `declaration, accepted by ${name}` });
    expect(await world.keys('vnis/')).toHaveLength(1);
    expect(await nodes[1]!.attach('blue', 'c1')).toMatchObject({ programmed: true });
  });

  test('is accepted by the next node two seconds later when the first does not', async () => {
    await using world = new World();
    const [first, second, third] = byRank(await three(world));
    first!.store.goAway();
    await world.declare('blue', { subnets: ['10.7.0.0/24'] });
    await world.clock.advance(1500);
    expect(state(second!)).toBeUndefined();
    await world.clock.advance(1000);
    expect(state(third!)).toMatchObject({ name: 'blue' });
    expect([logs(second!, 'network created'), logs(third!, 'network created')]).toEqual([1, 0]);
  });

  test.each([
    ['torn', '{"subnets":["10.9.', 'JSON'],
    ['with a bad mask', { subnets: ['10.9.0.0/33'] }, '10.9.0.0/33'],
    ['with an unknown key', { subnets: ['10.9.0.0/24'], colour: 'red' }, 'colour'],
  ])('%s is refused with its key, and judged once', async (_, declaration, why) => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    await world.declare('bad', declaration);
    await world.until('it to be refused', () => isRefused(h1, 'bad') && isRefused(h2, 'bad'));
    expect(await shown(h2, 'bad')).toMatchObject({ phase: 'refused', why: expect.stringContaining(why) });
    // Reason to judge again, on every node in its turn; nothing new comes of it.
    await h1.create('other', '10.8.0.0/24');
    await world.clock.advance(20_000);
    const lines = [h1, h2].flatMap((n) => n.log.filter((l) => l.message === 'declaration refused'));
    expect(lines).toEqual([expect.objectContaining({ level: 'warn', key: 'networks/bad' })]);
  });

  test('under a key that is no name of a network is told with its key, until it is gone', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    const told = async (): Promise<readonly string[]> =>
      (await h1.service.status()).problems.map(({ what, why }) => `${what}: ${why}`);
    for (const name of ['a/b', '', '-b', '..']) await world.declare(name, { subnets: ['10.9.0.0/24'] });
    await world.declare('good', { subnets: ['10.9.0.0/24'] });
    await world.until('the good one to be accepted', () => state(h1, 'good' as Name) !== undefined);
    expect((await told()).toSorted()).toEqual(
      ['-b', '..', '', 'a/b'].map((name) =>
        expect.stringContaining(
          `record networks/${name}: network name ${JSON.stringify(name)} is not allowed`,
        ),
      ),
    );
    for (const name of ['a/b', '', '-b', '..']) await world.delete(`networks/${name}`);
    await world.clock.advance(10_000);
    expect(await told()).toEqual([]);
    expect(await world.keys('network-state/')).toEqual(['network-state/good']);
  });

  test('is refused once, however many are refused beside it and however often something changes', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.create('other', '10.8.0.0/24');
    const broken = [
      '{',
      { subnets: ['10.8.0.0/25'] },
      { subnets: ['10.9.0.0/24'], colour: 'red' },
      wordy('fd00:8'),
      wordy('fd00:9'),
    ];
    await world.declare('bad3', wordy('fd00:7'));
    await world.declare('bad4', wordy('fd00:6'));
    await world.until('two to be accepted', () => h1.agent.view.networks().length === 3);
    for (const [n, declaration] of broken.entries()) await world.declare(`bad${n}`, declaration);
    await world.until('all to be refused', () => broken.every((_, n) => isRefused(h1, `bad${n}`)));
    const revisions = async () =>
      (await world.store.list('network-state/bad')).entries.map((e) => e.revision);
    const before = await revisions();
    await h1.service.applyNetwork({
      name: 'other' as Name,
      declaration: { subnets: ['10.8.0.0/24'], mtu: 1300 },
    });
    await h1.create('third', '10.10.0.0/24');
    await world.clock.advance(20_000);
    expect(logs(h1, 'declaration refused')).toBe(broken.length);
    expect(await revisions()).toEqual(before);
  });

  test('that overlaps is judged again when the other network is gone', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.create('blue', '10.7.0.0/24');
    await world.declare('late', { subnets: ['10.7.0.128/25'] });
    await world.until('it to be refused', () => isRefused(h1, 'late'));
    await h1.service.removeNetwork({ name: blue, force: false });
    await world.until('it to be accepted', () => !isRefused(h1, 'late'));
    expect(await shown(h1, 'late')).toMatchObject({ phase: 'active' });
  });

  test('whose broken edit is refused stays as it was, and forgets it when it is taken back', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await world.declare('blue', { subnets: ['10.7.0.0/24'] });
    await world.until('it to be accepted', () => state(h1) !== undefined);
    const before = await shown(h1);
    for (const [edit, why] of [
      [{ subnets: ['10.9.0.0/24'] }, '10.9.0.0/24'],
      ['{', 'JSON'],
    ] as const) {
      await world.declare('blue', edit);
      await world.until('the edit to be refused', () => {
        const value = state(h1);
        const phase = value !== undefined && 'id' in value ? value.phase : undefined;
        return phase?.kind === 'active' && phase.refused?.why.includes(why) === true;
      });
      expect(await shown(h1)).toMatchObject({
        ...before,
        refusedEdit: { why: expect.stringContaining(why) },
      });
    }
    await world.declare('blue', { subnets: ['10.7.0.0/24'] });
    await world.until('the refusal to be forgotten', () => !isRefused(h1));
    expect(await shown(h1)).toEqual(before);
  });
});

describe('a declaration that is deleted', () => {
  test('takes its network along when nobody is attached', async () => {
    await using world = new World();
    const nodes = await three(world);
    await world.declare('blue', { subnets: ['10.7.0.0/24'] });
    await world.until('it to be accepted', () => state(nodes[0]!) !== undefined);
    await world.delete('networks/blue');
    await world.until('it to go', () => nodes.every((n) => state(n) === undefined));
    expect(await world.keys('')).toEqual(
      expect.not.arrayContaining([expect.stringMatching(/^(net|vnis|networks)\//)]),
    );
  });

  test('under live endpoints leaves the network, also over a restart, until the last one leaves', async () => {
    await using world = new World();
    const [h1, h2] = [await world.ready(1), await world.ready(2)];
    await world.declare('blue', { subnets: ['10.7.0.0/24'] });
    await world.until('it to be known', () => state(h1) !== undefined && state(h2) !== undefined);
    await h2.attach('blue', 'c1');
    await world.delete('networks/blue');
    const gone = 'declaration of network blue is gone; it has endpoints and stays';
    await world.until('somebody to say so', () => logs(h1, gone) + logs(h2, gone) > 0);
    const writes = h2.kernel.writes;
    await h1.restart();
    await h2.restart();
    await world.clock.advance(20_000);
    expect(h2.kernel.writes).toBe(writes);
    for (const node of [h1, h2]) {
      expect(await shown(node)).toMatchObject({ phase: 'active', declared: false });
      expect(await node.service.status()).toMatchObject({
        problems: [],
        warnings: [{ what: 'network blue', hint: expect.stringContaining('rm --force blue') }],
      });
    }
    await h2.detach({ network: 'blue', sandbox: '/run/netns/c1' });
    await world.until('it to go', () => state(h1) === undefined && state(h2) === undefined);
    expect(await world.keys('net/')).toEqual([]);
  });
});

describe('declarations through the API', () => {
  test('are written and accepted as one; the same again changes nothing', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    const first = await h1.create('blue', '10.7.0.0/24');
    const { revision } = await world.store.list('');
    expect(await h1.create('blue', '10.7.0.0/24')).toEqual(first);
    expect((await world.store.list('')).revision).toBe(revision);
    expect(await world.keys('networks/')).toEqual(['networks/blue']);
  });

  test('of something else under the name is a conflict for create, and for apply if it cannot change', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.create('blue', '10.7.0.0/24');
    await expect(h1.create('blue', '10.9.0.0/24')).rejects.toMatchObject({ code: 'NETWORK_EXISTS' });
    const apply = (declaration: Record<string, unknown>) =>
      h1.service.applyNetwork({ name: blue, declaration });
    await expect(apply({ subnets: ['10.9.0.0/24'] })).rejects.toMatchObject({ code: 'NETWORK_REFUSED' });
    expect(await shown(h1)).not.toHaveProperty('refusedEdit');
    const subnets = ['10.7.0.0/24'];
    expect(await apply({ subnets, mtu: 1300 })).toMatchObject({ outcome: 'changed', network: { mtu: 1300 } });
    expect(await apply({ subnets, mtu: 1300 })).toMatchObject({ outcome: 'unchanged' });
    await expect(h1.create('green', '10.7.0.0/16')).rejects.toMatchObject({
      code: 'NETWORK_REFUSED',
      message: expect.stringContaining('10.7.0.0/24 of network blue'),
    });
    await expect(
      h1.service.createNetwork({
        name: 'vni' as Name,
        declaration: { subnets: ['10.9.0.0/24'], vni: vniOf(h1) },
      }),
    ).rejects.toMatchObject({ code: 'VNI_TAKEN' });
    expect(await world.keys('networks/')).toEqual(['networks/blue']);
  });

  test('side by side of overlapping subnets leave exactly one network', async () => {
    await using world = new World();
    const nodes = await three(world);
    const results = await Promise.allSettled(nodes.map((node, n) => node.create(`net${n}`, '10.7.0.0/24')));
    expect(results.filter((r) => r.status === 'fulfilled')).toHaveLength(1);
    expect(await world.keys('vnis/')).toHaveLength(1);
    expect(await world.keys('network-state/')).toHaveLength(1);
  });

  test('bring back a declaration that somebody has deleted', async () => {
    await using world = new World();
    const h1 = await world.ready(1);
    await h1.create('blue', '10.7.0.0/24');
    await h1.attach('blue', 'c1');
    await world.delete('networks/blue');
    await world.clock.advance(1000);
    await h1.create('blue', '10.7.0.0/24');
    expect(await world.keys('networks/')).toEqual(['networks/blue']);
  });
});

function vniOf(node: TestNode): number {
  const value = state(node);
  if (value === undefined || !('id' in value)) throw new Error('blue is not accepted');
  return value.vni;
}
