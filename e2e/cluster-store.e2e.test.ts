import { expect, test } from '@jest/globals';
import { labStatus } from './lab/status.ts';
import { waitFor } from './lab/wait.ts';
import { tell } from './testing/scene.ts';
import { keysBelow } from './testing/store-keys.ts';
import { leaderOf } from './testing/store-leader.ts';
import { judged } from './testing/judged.ts';
import { Traffic } from './testing/traffic.ts';
import { labName, tracesOf } from './testing/traces.ts';

test('the leader of three etcd servers is killed: no ping is lost, and another host attaches as soon as there is a leader', async () => {
  const name = labName('etcdthree');
  await tell({ name, hosts: 3, store: 'etcd3', underlay: 4 }, async (scene) => {
    const { store } = scene.lab;
    expect(store.servers.map((server) => [server.name, server.running])).toEqual([
      ['store1', true],
      ['store2', true],
      ['store3', true],
    ]);
    await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
    for (const host of ['h1', 'h2']) await scene.join(host, 'c1', 'blue');
    await scene.settled();
    await using traffic = await Traffic.start(scene.members, 'once');
    const leader = await leaderOf(store);
    await leader.stop('kill9');
    const begin = performance.now();
    const attached = (): Promise<boolean> => scene.join('h3', 'c1', 'blue').then(() => true);
    await waitFor('an attach', attached, { within: 30_000, every: 50 });
    const took = performance.now() - begin;
    await scene.settled();
    const { store: seen, ok } = await labStatus(scene.lab);
    expect([ok, seen.servers.filter(({ pid }) => pid === undefined).map(({ server }) => server)]).toEqual([
      false,
      [leader.name],
    ]);
    expect((await keysBelow(store, 'alive/')).length).toBe(3);
    await leader.start();
    expect((await labStatus(scene.lab)).ok).toBe(true);
    await traffic.goesOn(50);
    const { lost, sent } = judged(await traffic.stop());
    expect(lost).toEqual([]);
    expect(sent).toBeGreaterThan(200);
    expect(await scene.wrongPings()).toEqual([]);
    const { expected, actual } = await scene.tablesAgree();
    expect(actual).toEqual(expected);
    process.stdout.write(`attached ${(took / 1000).toFixed(1)} s after the leader was killed\n`);
  });
  expect(tracesOf(name)).toEqual([]);
}, 90_000);

test('three Consul servers over IPv6: every pair is as expected, a frozen server harms nobody, nothing is left', async () => {
  const name = labName('consulthree');
  await tell({ name, hosts: 2, store: 'consul3', underlay: 6 }, async (scene) => {
    const { store } = scene.lab;
    await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
    for (const host of ['h1', 'h2']) await scene.join(host, 'c1', 'blue');
    const leader = await leaderOf(store);
    const follower = store.servers.find((server) => server !== leader)!;
    follower.freeze();
    try {
      const attached = (): Promise<boolean> => scene.join('h2', 'c2', 'blue').then(() => true);
      await waitFor('an attach', attached, { within: 30_000, every: 50 });
    } finally {
      follower.thaw();
    }
    await scene.settled();
    expect(await scene.wrongPings()).toEqual([]);
    const { expected, actual } = await scene.tablesAgree();
    expect(actual).toEqual(expected);
  });
  expect(tracesOf(name)).toEqual([]);
}, 90_000);
