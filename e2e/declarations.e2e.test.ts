import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { NetworkJson } from '../api/schemas/network.ts';
import { call } from './lab/call.ts';
import type { Host } from './lab/host.ts';
import { parseTrace } from './lab/kernel-writes.ts';
import { logTail } from './lab/process.ts';
import { mapBounded, waitFor } from './lab/wait.ts';
import { tell, type Scene } from './testing/scene.ts';
import { keysBelow } from './testing/store-keys.ts';
import { labName } from './testing/traces.ts';

const keyOf = (network: string): string => `weft/v1/networks/${network}`;

function seenBy(host: Host, name: string): Promise<NetworkJson | undefined> {
  return call<readonly NetworkJson[]>(host, 'GET', '/v1/networks').then((all) =>
    all.find((network) => network.name === name),
  );
}

/** What every host says about a declaration that it does not follow. */
async function refusals(scene: Scene, name: string): Promise<readonly string[]> {
  return mapBounded(scene.hosts, scene.hosts.length, (host) =>
    waitFor(
      `${host.name} to tell why ${name} is refused`,
      async () => {
        const seen = await seenBy(host, name);
        if (seen?.phase === 'refused') return seen.why;
        return seen?.refusedEdit?.why;
      },
      { within: 15_000 },
    ),
  );
}

/** Lines of the agents' logs that name a key. */
function logged(scene: Scene, key: string): readonly string[] {
  return scene.hosts.flatMap((host) => logTail(host.agent.log, 1000)).filter((line) => line.includes(key));
}

/** What a declaration may change: the keys of the store, the kernels of all hosts, and what one agent has written to its kernel. */
async function stateOf(
  scene: Scene,
  trace: string,
): Promise<{
  readonly keys: readonly string[];
  readonly tables: unknown;
  readonly writes: number;
}> {
  const { expected, actual } = await scene.tablesAgree();
  expect(actual).toEqual(expected);
  const keys = (await keysBelow(scene.lab.store, '')).toSorted();
  return { keys, tables: actual, writes: parseTrace(readFileSync(trace, 'utf8')).writes.length };
}

test('a network declared with etcdctl works on every host, a broken one changes nothing, a deleted one stays in use', async () => {
  await tell({ name: labName('declare'), hosts: 3, store: 'etcd', underlay: 4 }, async (scene) => {
    const { store } = scene.lab;
    await store.mustEtcdctl('put', keyOf('blue'), '{"subnets":["10.7.0.0/24"]}');
    const blue = await scene.adopt('blue');
    expect(blue.subnets).toEqual([{ cidr: '10.7.0.0/24', gateway: '10.7.0.1', auxiliary: {} }]);
    for (const host of ['h1', 'h2', 'h3']) await scene.join(host, 'c1', 'blue');
    await scene.settled();
    expect(await scene.wrongPings()).toEqual([]);

    const h2 = scene.host('h2');
    const trace = join(h2.directory, 'trace');
    await h2.agent.restart({ trace });
    await scene.settled();
    const before = await stateOf(scene, trace);

    // New ones that are broken: refused, reported with their key, and no network comes of them.
    const broken = {
      mask: '{"subnets":["10.9.0.0/33"]}',
      colour: '{"subnets":["10.9.0.0/24"],"colour":"red"}',
      torn: '{"subnets":["10.9.',
      overlap: '{"subnets":["10.7.0.128/25"]}',
    };
    const names = { mask: '10.9.0.0/33', colour: 'colour', torn: 'JSON', overlap: 'blue' };
    for (const [name, text] of Object.entries(broken)) await store.mustEtcdctl('put', keyOf(name), text);
    for (const [name, cause] of Object.entries(names)) {
      for (const why of await refusals(scene, name)) expect(why).toContain(cause);
      expect(logged(scene, `networks/${name}`).length).toBeGreaterThan(0);
      expect((await seenBy(scene.host('h3'), name))?.phase).toBe('refused');
    }
    // Beside what was written, only the refusal.
    const news = Object.keys(broken).flatMap((name) => [keyOf(name), `weft/v1/network-state/${name}`]);
    const refused = { ...before, keys: [...before.keys, ...news].toSorted() };
    expect(await stateOf(scene, trace)).toEqual(refused);

    // Broken edits of the good one: what was accepted stays.
    for (const edit of ['{"subnets":["10.9.0.0/24"]}', '{"subnets":']) {
      await store.mustEtcdctl('put', keyOf('blue'), edit);
      const cause = edit.includes('10.9') ? '10.9.0.0/24' : 'JSON';
      await waitFor(
        'the reason to be the new one',
        async () => (await refusals(scene, 'blue')).every((why) => why.includes(cause)),
        { within: 15_000 },
      );
      for (const host of scene.hosts)
        expect(await seenBy(host, 'blue')).toMatchObject({ id: blue.id, subnets: blue.subnets });
      const told = logged(scene, '"key":"networks/blue"').filter((line) => line.includes(cause));
      expect(told.length).toBeGreaterThan(0);
      expect(await stateOf(scene, trace)).toEqual(refused);
    }
    expect(await scene.wrongPings()).toEqual([]);
    // The same trace sees a write when there is one.
    await scene.join('h2', 'c2', 'blue');
    expect((await stateOf(scene, trace)).writes).toBeGreaterThan(before.writes);
    await scene.leave('h2', 'c2', 'blue');

    // Mended: the refusal is forgotten, and a label that may change has changed.
    await store.mustEtcdctl('put', keyOf('blue'), '{"subnets":["10.7.0.0/24"],"labels":{"team":"a"}}');
    for (const host of scene.hosts) {
      const mended = async (): Promise<boolean> => {
        const seen = await seenBy(host, 'blue');
        return seen?.phase === 'active' && seen.refusedEdit === undefined && seen.labels['team'] === 'a';
      };
      await waitFor(`${host.name} to follow the mended declaration`, mended, { within: 15_000 });
    }

    // Deleted under live endpoints, and every agent started anew.
    await store.mustEtcdctl('del', keyOf('blue'));
    const noticed = (): boolean => logged(scene, 'network-undeclared').length > 0;
    await waitFor('an agent to say that the declaration is gone', noticed, { within: 15_000 });
    await mapBounded(scene.hosts, 3, (host) => host.agent.restart());
    await scene.settled();
    expect(await scene.wrongPings()).toEqual([]);
    const { expected, actual } = await scene.tables();
    expect(actual).toEqual(expected);

    // An agent that has just started takes no network for unused, since others may still be putting back what is attached to
    // it; unless it has seen the declaration go. When the last endpoint leaves then, nothing holds it any more.
    await store.mustEtcdctl('put', keyOf('blue'), '{"subnets":["10.7.0.0/24"],"labels":{"team":"a"}}');
    const isDeclared = async (declared: boolean): Promise<boolean> => {
      const seen = await mapBounded(scene.hosts, 3, (host) => seenBy(host, 'blue'));
      return seen.every((each) => each?.phase === 'active' && each.declared === declared);
    };
    await waitFor('all to know the declaration', () => isDeclared(true), { within: 15_000 });
    await store.mustEtcdctl('del', keyOf('blue'));
    await waitFor('all to know that it is gone', () => isDeclared(false), { within: 15_000 });
    for (const host of ['h1', 'h2', 'h3']) await scene.leave(host, 'c1', 'blue');
    const gone = async (): Promise<boolean> => (await seenBy(scene.host('h2'), 'blue')) === undefined;
    await waitFor('blue to go', gone, { within: 15_000 });
    // What it was in the way of may have been accepted by now.
    const left = await store.mustEtcdctl('get', '--prefix', '--keys-only', `weft/v1/net/${blue.id}/`);
    expect(left).toBe('');
  });
}, 120_000);
