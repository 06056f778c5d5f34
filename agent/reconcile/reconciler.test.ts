import { describe, expect, test } from '@jest/globals';
import type { EndpointJson } from '../../api/schemas/endpoint.ts';
import { sandboxScope } from '../../linux/objects/scope.ts';
import { WeftError } from '../../model/errors.ts';
import type { Name } from '../../model/name.ts';
import type { NodeId } from '../../model/node.ts';
import { World, type TestNode } from '../testing/world.ts';

const known = (node: TestNode, name = 'blue'): boolean => node.agent.view.network(name as Name) !== undefined;

async function two(world: World): Promise<readonly [TestNode, TestNode]> {
  const [h1, h2] = [await world.ready(1), await world.ready(2)];
  await h1.create('blue', '10.7.0.0/24', 'fd00:7::/64');
  await world.until('h2 to know blue', () => known(h2));
  return [h1, h2];
}

/** Kinds of what was written since. */
const writtenSince = (node: TestNode, from: number): readonly string[] =>
  node.kernel.written.slice(from).map((s) => `${s.op} ${s.object.kind}`);

/** MTUs of the links that the node's kernel holds. */
async function mtus(node: TestNode): Promise<readonly number[]> {
  const found: number[] = [];
  for (const { scope } of await node.kernel.namespaces()) {
    const { objects } = await node.kernel.observe(scope, [sandboxScope('/run/netns/c1')]);
    for (const o of objects.values()) if ('mtu' in o) found.push(o.mtu);
  }
  return found;
}

describe('a network', () => {
  test('is not programmed where nobody is attached', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    await world.clock.advance(1000);
    expect(h2.kernel.writes).toBe(0);
  });

  test('costs one FDB entry and a neighbour for each address when somebody comes elsewhere, and the same when he goes', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    const before = h1.kernel.writes;
    await h2.attach('blue', 'c1');
    await world.until('h1 to hold it', () => h1.kernel.writes > before);
    await world.clock.advance(100);
    expect(writtenSince(h1, before)).toEqual(['create fdb', 'create neighbour', 'create neighbour']);
    expect(h1.kernel.announced.at(-1)?.announcements).toHaveLength(2);
    const then = h1.kernel.writes;
    await h2.detach({ network: 'blue', sandbox: '/run/netns/c1' });
    await world.until('h1 to have let it go', () => h1.kernel.writes > then);
    await world.clock.advance(100);
    expect(writtenSince(h1, then)).toEqual(['delete neighbour', 'delete neighbour', 'delete fdb']);
  });

  test('is left alone by news about another one', async () => {
    await using world = new World();
    const [h1] = await two(world);
    await h1.attach('blue', 'c1');
    const before = h1.kernel.writes;
    await h1.create('green', '10.8.0.0/24');
    await h1.attach('green', 'g1');
    expect(h1.kernel.written.slice(before).every((s) => !JSON.stringify(s).includes('/run/netns/c1'))).toBe(
      true,
    );
  });
});

test('a declaration that changes is followed under live endpoints', async () => {
  await using world = new World();
  const [h1, h2] = await two(world);
  await h2.attach('blue', 'c1');
  const declaration = { subnets: ['10.7.0.0/24', 'fd00:7::/64'], mtu: 1300 };
  await h1.service.applyNetwork({ name: 'blue' as Name, declaration });
  await world.until('h2 to follow', () => h2.kernel.written.some((s) => s.op === 'change'));
  await world.clock.advance(100);
  expect(await mtus(h2)).toEqual([1300, 1300, 1300]);
});

describe('a restart', () => {
  test('on a healthy kernel writes nothing, neither to it nor to the store', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    await h2.attach('blue', 'c1');
    await world.until('h1 to hold both', () => h1.kernel.written.some((s) => s.object.kind === 'fdb'));
    await h1.stop();
    const before = [h1.kernel.writes, JSON.stringify((await world.store.list('nodes/')).entries)];
    await h1.start();
    await world.clock.advance(20_000);
    expect([h1.kernel.writes, JSON.stringify((await world.store.list('nodes/')).entries)]).toEqual(before);
    expect(await h1.service.listEndpoints({})).toEqual([
      expect.objectContaining({ programmed: true }),
      expect.objectContaining({ programmed: true }),
    ]);
  });

  test('mends what was damaged meanwhile, and nothing else', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    await h2.attach('blue', 'c1');
    await world.until('h1 to hold both', () => h1.kernel.written.some((s) => s.object.kind === 'fdb'));
    await h1.stop();
    const fdb = h1.kernel.written.find((s) => s.object.kind === 'fdb')!.object;
    h1.kernel.remove(fdb);
    const before = h1.kernel.writes;
    await h1.start();
    expect(writtenSince(h1, before)).toEqual(['create fdb']);
  });

  test('takes away what is ours of a network that is gone, and what belongs to another node stays', async () => {
    await using world = new World();
    const [h1] = await two(world);
    await h1.attach('blue', 'c1');
    const [ours] = await h1.kernel.namespaces();
    const foreign = {
      ...ours!,
      scope: 'network:ffff000000000001' as const,
      mark: 'weft c 1111 ffff000000000001',
    };
    h1.kernel.meddle(foreign);
    await h1.stop();
    for (const prefix of ['net/', 'network-state/', 'networks/', 'vnis/']) {
      for (const key of await world.keys(prefix)) await world.delete(key);
    }
    await h1.start();
    expect(await h1.kernel.namespaces()).toEqual([foreign]);
  });

  test('makes no interface in a sandbox that only has the name of one that was attached', async () => {
    await using world = new World();
    const [h1] = await two(world);
    await h1.attach('blue', 'c1');
    await h1.stop();
    h1.kernel.killSandbox(sandboxScope('/run/netns/c1'));
    h1.sandbox('c1');
    await h1.start();
    expect(h1.kernel.identify(sandboxScope('/run/netns/c1')).interfaces).toEqual(['lo']);
    expect(await h1.service.listEndpoints({})).toEqual([expect.objectContaining({ programmed: false })]);
  });

  test('with a record of a network that cannot be read leaves that network alone', async () => {
    await using world = new World();
    const [h1] = await two(world);
    await h1.attach('blue', 'c1');
    await h1.stop();
    const before = h1.kernel.writes;
    const state = await world.store.get('network-state/blue');
    const torn = state!.value.slice(0, 20);
    await world.store.txn([], [{ kind: 'put', key: 'network-state/blue', value: torn }]);
    await h1.start();
    await world.clock.advance(20_000);
    expect(h1.kernel.writes).toBe(before);
    expect((await h1.service.status()).problems).toContainEqual(
      expect.objectContaining({ what: 'record network-state/blue' }),
    );
    await world.store.txn([], [{ kind: 'put', key: 'network-state/blue', value: state!.value }]);
    await world.until('it to be known again', () => known(h1));
    expect(await h1.attachAgain('blue', '/run/netns/c1')).toMatchObject({ programmed: true });
    expect(h1.kernel.writes).toBe(before);
  });

  test('while the store is away touches nothing', async () => {
    await using world = new World();
    const [h1] = await two(world);
    await h1.attach('blue', 'c1');
    await h1.stop();
    const before = h1.kernel.writes;
    h1.store.goAway();
    void h1.begin();
    await world.clock.advance(60_000);
    expect([h1.agent.phase, h1.kernel.writes]).toEqual(['ready', before]);
    expect(h1.agent.view.state).toBe('stale');
    expect((await h1.service.status()).problems).not.toEqual([]);
    h1.store.comeBack();
    await world.until('it to be in sync', () => h1.agent.view.state === 'insync');
    await world.clock.advance(10_000);
    expect(h1.kernel.writes).toBe(before);
  });
});

describe('a store', () => {
  test('that goes away under way changes nothing, and what it says afterwards is followed', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    await h2.attach('blue', 'c1');
    await world.until('h1 to hold both', () => h1.kernel.written.some((s) => s.object.kind === 'fdb'));
    const before = h1.kernel.writes;
    h1.store.goAway();
    await h2.detach({ network: 'blue', sandbox: '/run/netns/c1' });
    await world.clock.advance(30_000);
    expect(h1.kernel.writes).toBe(before);
    expect(await h1.service.readiness()).toMatchObject({ ready: false });
    h1.store.comeBack();
    await world.until('h1 to follow', () => h1.kernel.writes > before);
    await world.until('h1 to be ready', () => h1.agent.view.state === 'insync');
    const told = h1.log.filter((l) => l.message.startsWith('store is'));
    expect(told).toMatchObject([
      {
        level: 'warn',
        message: expect.stringMatching(/^store is out of reach/),
        error: expect.stringMatching(/away/),
      },
      { level: 'info', message: 'store is back' },
    ]);
    expect(writtenSince(h1, before)).toContain('delete fdb');
  });

  test('that was emptied is not believed: what runs goes on', async () => {
    await using world = new World();
    const h1 = await world.ready(1, { '--rebuild-store': 'false' });
    await h1.create('blue', '10.7.0.0/24');
    await h1.attach('blue', 'c1');
    const before = h1.kernel.writes;
    world.store.wipe();
    await world.clock.advance(60_000);
    expect(h1.kernel.writes).toBe(before);
    expect((await h1.service.status()).problems).toContainEqual(
      expect.objectContaining({ what: 'record network-state/blue' }),
    );
  });
});

describe('the underlay', () => {
  test('whose MTU changes is followed on every node, without a restart', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    await h2.attach('blue', 'c1');
    h2.kernel.under = { ...h2.kernel.under, mtu: 1400 };
    const agreed: boolean[] = [];
    for (const node of [h1, h2]) {
      await world.until('the links to have the new MTU', () =>
        node.kernel.written.some((s) => s.op === 'change' && 'mtu' in s.object && s.object.mtu === 1350),
      );
      await world.clock.advance(100);
      agreed.push((await mtus(node)).every((mtu) => mtu === 1350));
    }
    expect(agreed).toEqual([true, true]);
    expect(await mtus(h1)).toHaveLength(3);
  });

  test('whose address changes moves the tunnels, here and on the peers', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    await h2.attach('blue', 'c1');
    await world.until('h1 to hold both', () => h1.kernel.written.some((s) => s.object.kind === 'fdb'));
    h2.kernel.under = { ...h2.kernel.under, addresses: ['192.0.2.99'] as never };
    await world.until('h1 to send there', () =>
      h1.kernel.written.some((s) => s.object.kind === 'fdb' && s.object.dst === '192.0.2.99'),
    );
    await world.until('h2 to send from there', () =>
      h2.kernel.written.some((s) => s.object.kind === 'vxlan' && s.object.local === '192.0.2.99'),
    );
    expect(await world.keys('node-claims/vtep/')).toEqual([
      'node-claims/vtep/192.0.2.1',
      'node-claims/vtep/192.0.2.99',
      'node-claims/vtep/2001:db8::1',
    ]);
  });
});

describe('a refusal', () => {
  test('of a remote entry is told once, tried again, and ends', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    const error = new WeftError('KERNEL_REFUSED', 'ENOBUFS: full');
    for (let n = 0; n < 4; n += 1) h1.kernel.refuseNext({ op: 'create', kind: 'fdb' }, error);
    const { mac } = await h2.attach('blue', 'c1');
    const held = async (): Promise<boolean> =>
      (await h1.service.listEndpoints({})).some((e) => e.mac === mac && e.programmed);
    await world.until('it to be refused', () => h1.log.some((l) => l.message === 'kernel refused'));
    expect(await held()).toBe(false);
    expect((await h1.service.status()).objects.failed).toBeGreaterThan(0);
    await world.clock.advance(20_000);
    expect(await held()).toBe(true);
    const told = h1.log.filter((l) => l.message === 'kernel refused').map((l) => l['object']);
    expect(told).toEqual([...new Set(told)]);
    expect((await h1.service.status()).objects).toMatchObject({ failed: 0, pending: 0 });
  });

  test('of a whole call is followed by a look at the kernel and another try', async () => {
    await using world = new World();
    const [h1] = await two(world);
    h1.kernel.failNext('apply', new WeftError('KERNEL_REFUSED', 'EBUSY: broken socket'));
    const attached = h1.attach('blue', 'c1');
    await world.until('it to fail', () => h1.log.some((l) => l.message === 'pass failed'));
    expect((await h1.service.status()).problems).toEqual([
      {
        what: 'network blue',
        why: 'cannot be programmed: EBUSY: broken socket',
        hint: 'it is tried again by itself',
      },
    ]);
    expect(await world.settled(attached)).toMatchObject({ programmed: true });
    expect((await h1.service.status()).problems).toEqual([]);
    expect(h1.log).toContainEqual(expect.objectContaining({ message: 'pass failed', level: 'error' }));
  });
});

describe('an endpoint whose node has no record', () => {
  test('is pending, with the reason, until the record is there', async () => {
    await using world = new World();
    const [h1, h2] = await two(world);
    await h1.attach('blue', 'c1');
    const { mac, nodeId } = await h2.attach('blue', 'c1', { name: 'web' });
    const shown = async (): Promise<EndpointJson | undefined> =>
      (await h1.service.listEndpoints({})).find((e) => e.mac === mac);
    const warnings = async (): Promise<readonly unknown[]> =>
      (await h1.service.status()).warnings.filter(({ what }) => what.startsWith('endpoint'));
    await world.until('h1 to hold it', () => h1.kernel.written.some((s) => s.object.kind === 'fdb'));
    expect([(await shown())?.programmed, (await shown())?.pending, await warnings()]).toEqual([
      true,
      undefined,
      [],
    ]);

    const { value } = (await world.store.get(`nodes/${nodeId}`))!;
    await h2.stop();
    await world.delete(`nodes/${nodeId}`);
    await world.until('its node to be unknown', () => h1.agent.view.node(nodeId as NodeId) === undefined);
    await world.clock.advance(100);
    const why = `its node ${nodeId} is not known yet`;
    expect(await shown()).toMatchObject({ programmed: false, pending: why });
    expect(await warnings()).toEqual([
      { what: 'endpoint web of network blue', why: `is not programmed: ${why}` },
    ]);
    expect(h1.kernel.written.at(-1)).toMatchObject({ op: 'delete', object: { kind: 'fdb' } });

    await world.store.txn([], [{ kind: 'put', key: `nodes/${nodeId}`, value }]);
    await world.until('h1 to hold it again', () => h1.kernel.written.at(-1)?.op === 'create');
    expect([(await shown())?.programmed, (await shown())?.pending, await warnings()]).toEqual([
      true,
      undefined,
      [],
    ]);
  });
});
