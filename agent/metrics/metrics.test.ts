import { expect, test } from '@jest/globals';
import { FakeStore } from '../../kvstore/fake-store.ts';
import { encodeText } from '../../kvstore/store.ts';
import { WeftError } from '../../model/errors.ts';
import { parseExposition } from '../../model/testing/exposition.ts';
import { FakeClock } from '../../model/testing/fake-clock.ts';
import { attached, startCluster, surely } from '../testing/cluster.ts';
import { blueWith, failure, leadsTo, wait } from '../testing/waiting.ts';
import { World, type TestNode } from '../testing/world.ts';
import { exposition } from './exposition.ts';
import { meteredStore } from './metered-store.ts';
import { Registry } from './registry.ts';

/** What a scrape shows, by series. */
async function scrape({ service }: TestNode): Promise<ReadonlyMap<string, number>> {
  const families = parseExposition(await service.metrics());
  return new Map([...families.values()].flatMap(({ samples }) => [...samples]));
}

test('a scrape shows what the agent knows of cluster, networks, endpoints and kernel', async () => {
  await using world = new World();
  const [h1, , h3] = await startCluster(world, 3);
  await attached(world, h1, 'own');
  await attached(world, h3, 'theirs');
  const theirs = await attached(world, h3, 'more');
  await world.until('h1 to hold it', () => leadsTo(h1, theirs));
  await world.declare('bad', '{"subnets":["10.7.0.0/25"]}');
  await h3.die();
  await world.clock.advance(20_000);
  const seen = await scrape(h1);
  const wanted = {
    'weft_build_info{version="0.1.0"}': 1,
    weft_ready: 1,
    'weft_store_state{state="insync"}': 1,
    'weft_store_state{state="stale"}': 0,
    'weft_store_standing{standing="ours"}': 1,
    weft_store_held_keys: 0,
    weft_store_bad_records: 0,
    'weft_networks{state="active"}': 1,
    'weft_networks{state="refused"}': 1,
    'weft_networks_joined{state="insync"}': 1,
    'weft_endpoints{location="local",state="programmed"}': 1,
    'weft_endpoints{location="remote",state="programmed"}': 2,
    'weft_endpoints{location="remote",state="conflict"}': 0,
    'weft_nodes{state="alive"}': 2,
    'weft_nodes{state="down"}': 1,
    'weft_kernel_steps_total{op="create",kind="vxlan"}': 1,
    'weft_kernel_steps_total{op="create",kind="fdb"}': 2,
    'weft_kernel_objects{state="refused"}': 0,
    'weft_events_total{kind="endpoint-attached"}': 1,
    'weft_events_total{kind="node-down"}': 1,
  };
  expect(Object.fromEntries(seen)).toMatchObject(wanted);
  const { view } = h1.agent;
  expect(seen.get('weft_view_revision')).toBeGreaterThanOrEqual(view.networkStates.revision);
  expect(seen.get('weft_view_revision')).toBeLessThanOrEqual((await world.store.list('alive/')).revision);
  expect(seen.get('weft_kernel_objects{state="desired"}')).toBeGreaterThan(10);
  expect(seen.get('process_resident_memory_bytes')).toBeGreaterThan(20 * 2 ** 20);
  expect(seen.get('process_cpu_seconds_total')).toBeGreaterThan(0.01);
  const passes = [...seen].filter(([series]) => series.startsWith('weft_reconcile_passes_total'));
  const all = passes.reduce((sum, [, count]) => sum + count, 0);
  expect(all).toBeGreaterThan(2);
  expect(seen.get('weft_reconcile_pass_duration_seconds_count')).toBe(all);
});

test('refusals are counted by errno, each with its pass', async () => {
  await using world = new World();
  const [h1] = await startCluster(world, 1);
  const details = { errno: 'ENOBUFS' };
  const error = new WeftError('KERNEL_REFUSED', 'ENOBUFS: no room', { details });
  h1.kernel.refuseNext({ op: 'create', kind: 'bridge' }, error);
  await world.settled(failure(h1.attach('blue', 'c1')));
  await world.settled(h1.attachAgain('blue', '/run/netns/c1'));
  h1.kernel.failNext('apply', new WeftError('KERNEL_REFUSED', 'EBUSY: broken socket'));
  await world.settled(h1.attach('blue', 'c2'));
  const seen = await scrape(h1);
  expect(seen.get('weft_kernel_refusals_total{errno="ENOBUFS"}')).toBe(1);
  expect(seen.get('weft_kernel_refusals_total{errno="needed"}')).toBeGreaterThan(0);
  expect(seen.get('weft_reconcile_passes_total{outcome="refused"}')).toBe(1);
  expect(seen.get('weft_reconcile_passes_total{outcome="failed"}')).toBe(1);
});

test('the time from commit to last answer is a histogram of what was waited for, and nothing else', async () => {
  await using world = new World();
  const [h1, h2] = await blueWith(world, 2);
  await world.settled(h1.attach('blue', 'alone'));
  expect((await scrape(h1)).get('weft_wait_duration_seconds_count')).toBe(0);
  const { waited } = await world.settled(h1.attach('blue', 'c9', wait));
  h2.kernel.refuseNext({ op: 'create', kind: 'fdb' });
  for (let n = 0; n < 30; n += 1) h2.kernel.refuseNext({ op: 'create', kind: 'fdb' });
  await world.settled(failure(h1.attach('blue', 'late', { ...wait, timeout: 1000 })));
  const seen = await scrape(h1);
  expect(seen.get('weft_waits_total{outcome="complete"}')).toBe(1);
  expect(seen.get('weft_waits_total{outcome="incomplete"}')).toBe(1);
  expect(seen.get('weft_wait_duration_seconds_count')).toBe(1);
  expect(seen.get('weft_wait_duration_seconds_sum')).toBeCloseTo((waited?.took ?? 0) / 1000, 3);
});

test('a node that is collected, and its endpoints, are counted by the one who did it', async () => {
  await using world = new World();
  const [h1, h2, h3] = await startCluster(world, 3);
  for (const name of ['a', 'b', 'c']) await attached(world, h3, name);
  await h3.die();
  await world.clock.advance(surely);
  const [first, second] = [await scrape(h1), await scrape(h2)];
  expect(first.get('weft_collector_actions_total{action="collected"}')).toBe(1);
  expect(first.get('weft_collector_endpoints_total')).toBe(3);
  expect(second.get('weft_collector_actions_total{action="collected"}')).toBeUndefined();
  expect(second.get('weft_collector_endpoints_total')).toBe(0);
});

test('one that is kept is counted once, however often it is looked at', async () => {
  await using world = new World();
  const [h1, , h3] = await startCluster(world, 3);
  await h3.stop();
  await world.clock.advance(4 * surely);
  expect((await scrape(h1)).get('weft_collector_actions_total{action="kept"}')).toBe(1);
  expect((await scrape(h1)).get('weft_nodes{state="unmanaged"}')).toBe(1);
});

test('an outage of the store shows while it lasts, and is counted when it is over', async () => {
  await using world = new World();
  const [h1] = await startCluster(world, 1);
  h1.store.goAway();
  await world.until('it to be noticed', () => h1.agent.view.state === 'stale');
  const away = await scrape(h1);
  expect([away.get('weft_ready'), away.get('weft_store_state{state="stale"}')]).toEqual([0, 1]);
  expect(away.get('weft_store_reconnects_total')).toBe(0);
  h1.store.comeBack();
  await world.until('it to be back', () => h1.agent.view.state === 'insync');
  expect((await scrape(h1)).get('weft_store_reconnects_total')).toBe(1);
});

test('the answers of a store are timed, and its failures counted by their code', async () => {
  const clock = new FakeClock();
  const registry = new Registry();
  const store = meteredStore(new FakeStore({ clock }), { metrics: registry, clock });
  await store.txn([], [{ kind: 'put', key: 'networks/blue', value: encodeText('{}') }]);
  expect(await store.get('networks/blue')).toMatchObject({ key: 'networks/blue' });
  await store.close();
  await expect(store.list('networks/')).rejects.toMatchObject({ code: 'STORE_CLOSED' });
  const text = exposition(registry.families());
  const series = 'weft_store_request';
  expect(text).toContain(`${series}_duration_seconds_count{request="txn"} 1\n`);
  expect(text).toContain(`${series}_duration_seconds_count{request="get"} 1\n`);
  expect(text).toContain(`${series}_failures_total{request="list",code="STORE_CLOSED"} 1\n`);
  parseExposition(text);
});
