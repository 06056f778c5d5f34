import { expect, test } from '@jest/globals';
import {
  debugDesiredJson,
  debugObservedJson,
  debugPlanJson,
  debugViewJson,
} from '../../api/schemas/debug.ts';
import { encodeText } from '../../kvstore/store.ts';
import { networkScope } from '../../linux/objects/scope.ts';
import { WeftError } from '../../model/errors.ts';
import type { NetworkId } from '../../model/network.ts';
import { World, type TestNode } from '../testing/world.ts';

const all = { limit: 1000 };

async function ready(world: World): Promise<TestNode> {
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24', 'fd00:7::/64');
  await h1.create('green', '10.8.0.0/24');
  await h1.attach('blue', 'c1', { name: 'web', labels: { team: 'a' } });
  await h1.attach('green', 'c2');
  return h1;
}

test('the view shows each record decoded, those of one network alone, and as many as are asked for', async () => {
  await using world = new World();
  const h1 = await ready(world);
  await world.store.txn([], [{ kind: 'put', key: `nodes/${'9'.repeat(16)}`, value: encodeText('junk') }]);
  await world.clock.advance(100);
  const view = debugViewJson.parse(await h1.service.debugView(all));
  const keys = view.records.map(({ key }) => key);
  expect(keys).toEqual(keys.toSorted());
  expect(keys).toEqual(expect.arrayContaining(['cluster', 'network-state/green', 'networks/blue']));
  expect([view.total, view.bad.map(({ key }) => key)]).toEqual([keys.length, [`nodes/${'9'.repeat(16)}`]]);

  const blue = await h1.service.debugView({ network: 'blue', limit: 1000 });
  const [first, second, third] = blue.records.map(({ key, value }) => [
    key.replace(/[0-9a-f]{16,}/g, '.'),
    value,
  ]);
  expect(first).toEqual([
    'net/./endpoint/.',
    expect.objectContaining({ name: 'web', labels: { team: 'a' } }),
  ]);
  expect(second).toEqual(['network-state/blue', expect.objectContaining({ name: 'blue' })]);
  expect(third).toEqual(['networks/blue', { driver: 'overlay', subnets: ['10.7.0.0/24', 'fd00:7::/64'] }]);
  const cut = await h1.service.debugView({ network: 'blue', limit: 1 });
  expect([cut.records.length, cut.total]).toEqual([1, 3]);
  await expect(h1.service.debugView({ network: 'nope', limit: 1 })).rejects.toMatchObject({
    code: 'NETWORK_NOT_FOUND',
  });
});

test('what is desired is observed, and nothing is left to do; somebody else changes that', async () => {
  await using world = new World();
  const h1 = await ready(world);
  const { service, kernel } = h1;
  const desired = debugDesiredJson.parse(await service.debugDesired(all));
  const observed = debugObservedJson.parse(await service.debugObserved(all));
  expect(desired.map(({ network }) => network)).toEqual(['blue', 'green']);
  for (const [i, { objects, total }] of desired.entries()) {
    expect(new Set(objects.map(({ state }) => state))).toEqual(new Set(['done']));
    expect(objects.length).toBe(total);
    const keys = (some: readonly { readonly key: string }[]): readonly string[] =>
      some.map(({ key }) => key).toSorted();
    expect(keys(objects)).toEqual(keys(observed[i]?.objects ?? []));
  }
  const before = kernel.writes;
  expect((await service.debugPlan(all)).map(({ total }) => total)).toEqual([0, 0]);

  const port = kernel
    .peek()
    .find(
      (o) => o.kind === 'port-fdb' && o.own !== true && o.scope === networkScope(desired[0]?.id as NetworkId),
    );
  if (port?.kind !== 'port-fdb') throw new Error('blue has no port');
  kernel.remove(port);
  const [step, ...rest] = debugPlanJson.parse(await service.debugPlan({ ...all, network: 'blue' }));
  expect([step?.steps.length, rest]).toEqual([1, []]);
  const line = step?.steps[0]?.lines[0] ?? '';
  // Pinned elsewhere than where `ip netns` looks.
  expect(line).toContain(
    `nsenter --net=${world.directory(1)}/netns/weft-${desired[0]?.id} bridge fdb replace ${port.mac}`,
  );
  expect(kernel.writes).toBe(before);
});

test('the limit is that of the whole answer; the rest is counted', async () => {
  await using world = new World();
  const h1 = await ready(world);
  const whole = await h1.service.debugObserved(all);
  const first = whole[0]?.total ?? 0;
  const cut = await h1.service.debugObserved({ limit: first + 2 });
  expect(cut.map(({ objects }) => objects.length)).toEqual([first, 2]);
  expect(cut.map(({ total }) => total)).toEqual(whole.map(({ total }) => total));
});

const no = new WeftError('KERNEL_MISSING', 'EOPNOTSUPP: no vxlan here', { details: { errno: 'EOPNOTSUPP' } });

test('an object that is refused says so in the words of the kernel, and one that cannot be is not tried again and again', async () => {
  await using world = new World();
  const h1 = await ready(world);
  const { kernel, service, agent } = h1;
  const tunnel = kernel.peek().find((o) => o.kind === 'vxlan');
  if (tunnel === undefined) throw new Error('there is no tunnel');
  kernel.remove(tunnel);
  kernel.refuseNext({ op: 'create', kind: 'vxlan' }, no);
  agent.reconciler.compare(agent.reconciler.networks().keys());
  await world.clock.advance(1000);
  const objects = (await service.debugDesired(all)).flatMap((network) => network.objects);
  expect(objects.flatMap(({ object, error }) => (error === undefined ? [] : [[object.kind, error]]))).toEqual(
    [['vxlan', { decision: 'terminal', message: no.message }]],
  );
  const hint: unknown = expect.stringContaining('five minutes');
  expect((await service.status()).problems).toEqual([
    { what: expect.stringContaining('link vxlan0'), why: no.message, hint },
  ]);
  const { writes } = kernel;
  await world.clock.advance(60_000);
  expect(kernel.writes).toBe(writes);
  // The regular compare.
  await world.clock.advance(300_000);
  expect((await service.status()).problems).toEqual([]);
  expect(kernel.peek()).toContainEqual(tunnel);
});

test('an attach that can never work is told so at once', async () => {
  await using world = new World();
  const h1 = await world.ready(1);
  await h1.create('blue', '10.7.0.0/24');
  h1.kernel.refuseNext({ op: 'create', kind: 'vxlan' }, no);
  const since = world.clock.monotonic();
  await expect(world.settled(h1.attach('blue', 'c1'))).rejects.toMatchObject({ code: 'KERNEL_MISSING' });
  expect(world.clock.monotonic() - since).toBeLessThan(200);
});
