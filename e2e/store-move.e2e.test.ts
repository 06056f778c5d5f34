import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { call } from './lab/call.ts';
import type { Host } from './lab/host.ts';
import { parseTrace } from './lab/kernel-writes.ts';
import { LabStore } from './lab/store.ts';
import { waitFor } from './lab/wait.ts';
import { keysBelow } from './testing/store-keys.ts';
import { tell, type Scene } from './testing/scene.ts';
import { judged } from './testing/judged.ts';
import { Traffic } from './testing/traffic.ts';
import { labName } from './testing/traces.ts';

const traceOf = (host: Host): string => join(host.directory, 'trace');

/** What an operator does on one host: another `store:` in its configuration, and a restart of its agent. */
async function move(host: Host, url: string): Promise<void> {
  host.writeConfig(url, { leaseTtl: '2s' });
  await host.agent.stop();
  await host.agent.start({ trace: traceOf(host) });
  await host.agent.waitReady();
}

/** Which nodes an agent sees alive. */
async function aliveSeenBy(host: Host): Promise<readonly string[]> {
  const nodes = await call<readonly { name: string; alive: boolean }[]>(host, 'GET', '/v1/nodes');
  return nodes.flatMap(({ name, alive }) => (alive ? [name] : [])).toSorted();
}

async function attachedOnEveryHost(scene: Scene): Promise<void> {
  await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
  for (const host of scene.hosts) await scene.join(host.name, 'c1', 'blue');
  await scene.settled();
}

test('from the file to etcd under traffic on every pair: nothing is lost, and everything goes on there', async () => {
  const name = labName('storemove');
  await tell({ name, hosts: 3, store: 'file', underlay: 4, leaseTtl: '2s' }, async (scene) => {
    await attachedOnEveryHost(scene);
    await using traffic = await Traffic.start(scene.members, 'once');
    const { actual: before } = await scene.tables();
    // A second store in the same lab, where its hosts reach it.
    const etcd = new LabStore(name, 'etcd', 4);
    await etcd.start();

    const copied = await scene.host('h1').weft('store', 'copy', scene.lab.store.url, etcd.url);
    expect(copied).toMatchObject({ code: 0, stderr: expect.stringContaining('agents still use') });
    const kept = async (store: LabStore): Promise<readonly string[]> =>
      (await keysBelow(store, '')).filter((key) => !key.includes('/alive/'));
    expect(await kept(etcd)).toEqual(await kept(scene.lab.store));

    for (const host of scene.hosts) await move(host, etcd.url);
    for (const host of scene.hosts) {
      expect(parseTrace(readFileSync(traceOf(host), 'utf8')).writes).toEqual([]);
      const all = async (): Promise<boolean> => (await aliveSeenBy(host)).join() === 'h1,h2,h3';
      await waitFor(`${host.name} to see all nodes alive`, all, { within: 10_000 });
    }
    expect((await scene.tables()).actual).toEqual(before);
    const checked = await scene.host('h2').weft('store', 'check', '--store', etcd.url);
    expect(checked).toMatchObject({
      code: 0,
      stdout: expect.stringMatching(/^agents +h[123] h[123] h[123]$/m),
    });

    await traffic.goesOn(100);
    expect(judged(await traffic.stop()).lost).toEqual([]);

    // What is done now is in the new store alone.
    const old = await keysBelow(scene.lab.store, 'net/');
    await scene.join('h2', 'c2', 'blue');
    await scene.leave('h3', 'c1', 'blue');
    await scene.settled();
    expect(await scene.wrongPings()).toEqual([]);
    expect(await keysBelow(scene.lab.store, 'net/')).toEqual(old);
  });
}, 120_000);
