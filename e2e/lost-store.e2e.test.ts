import { readFileSync, rmSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { StatusJson } from '../api/schemas/status.ts';
import { call } from './lab/call.ts';
import type { Host } from './lab/host.ts';
import { parseTrace } from './lab/kernel-writes.ts';
import { mustRunIn } from './lab/netns.ts';
import type { LabStore } from './lab/store.ts';
import { setCable } from './lab/underlay.ts';
import { mapBounded, waitFor } from './lab/wait.ts';
import { keysBelow } from './testing/store-keys.ts';
import { tell, type Scene } from './testing/scene.ts';
import { judged } from './testing/judged.ts';
import { Traffic } from './testing/traffic.ts';
import { labName } from './testing/traces.ts';

const traceOf = (host: Host): string => join(host.directory, 'trace');
const dataOf = (store: LabStore): string => join(store.directory, store.kind);

/** One endpoint per host, and traffic on every pair. */
async function underTraffic(scene: Scene): Promise<Traffic> {
  await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
  for (const host of scene.hosts) await scene.join(host.name, 'c1', 'blue');
  await scene.settled();
  return Traffic.start(scene.members, 'once');
}

async function expectNoLoss(traffic: Traffic): Promise<void> {
  await traffic.goesOn(100);
  const { sent, lost, gap, pause } = judged(await traffic.stop());
  expect(lost).toEqual([]);
  expect(sent).toBeGreaterThan(1000);
  process.stderr.write(
    `lost store: ${sent} pings, none lost; longest time without an answer ${gap.toFixed(0)} ms, ` +
      `without a byte ${pause.toFixed(0)} ms\n`,
  );
}

const statusOf = (host: Host): Promise<StatusJson> => call<StatusJson>(host, 'GET', '/v1/status');

/** Every agent believes its store, and has nothing to complain about. */
async function healthy(scene: Scene): Promise<void> {
  for (const host of scene.hosts) {
    const isHealthy = async (): Promise<boolean> => {
      const { phase, store, problems } = await statusOf(host);
      return phase === 'ready' && store.state === 'insync' && problems.length === 0;
    };
    await waitFor(`${host.name} to be healthy`, isHealthy, { within: 30_000 });
  }
}

async function doubted(scene: Scene, why: RegExp): Promise<void> {
  for (const host of scene.hosts) {
    const says = async (): Promise<boolean> =>
      (await statusOf(host)).problems.some((p) => p.what === 'store' && why.test(p.why));
    await waitFor(`${host.name} to say why it does not believe the store`, says, { within: 20_000 });
  }
}

/** What is durable; what counts and what is leased aside. */
async function kept(store: LabStore): Promise<readonly string[]> {
  const all = await keysBelow(store, '');
  return all.filter((key) => !/\/(alive\/.*|restoring| mark)?$/.test(key));
}

/** etcd ends, something happens to its data, and it starts again. */
async function after(store: LabStore, change: () => Promise<void> | void): Promise<void> {
  await store.stop('kill9');
  await change();
  await store.start();
}

const wipe = (store: LabStore) => (): void => {
  rmSync(dataOf(store), { recursive: true });
};

/** A backup put back: as its operator does it, into a fresh data directory. */
const putBack = (store: LabStore, file: string) => async (): Promise<void> => {
  await rename(dataOf(store), `${dataOf(store)}.${process.hrtime.bigint()}`);
  const peer = `http://${new URL(store.url.replace('etcd:', 'http:')).hostname}:2380`;
  const args = ['--name=store', `--initial-cluster=store=${peer}`, `--initial-advertise-peer-urls=${peer}`];
  const argv = ['etcdctl', 'snapshot', 'restore', file, `--data-dir=${dataOf(store)}`, ...args] as const;
  await mustRunIn(store.netns, argv, { env: { ...process.env, ETCDCTL_API: '3' } });
};

async function restartAll(scene: Scene): Promise<void> {
  await mapBounded(scene.hosts, 3, (host) => host.agent.start({ trace: traceOf(host) }));
  await mapBounded(scene.hosts, 3, (host) => host.agent.waitReady());
}

const writesSinceStart = (host: Host): readonly unknown[] =>
  parseTrace(readFileSync(traceOf(host), 'utf8')).writes;

test.each(['etcd', 'consul'] as const)(
  'a wiped %s is filled again by its agents, running or restarted, and no packet is lost',
  async (kind) => {
    await tell(
      { name: labName('wiped'), hosts: 3, store: kind, underlay: 4, leaseTtl: '2s' },
      async (scene) => {
        const { store } = scene.lab;
        await using traffic = await underTraffic(scene);
        const [keys, { actual: before }] = [await kept(store), await scene.tables()];

        await after(store, wipe(store));
        await healthy(scene);
        await waitFor('the store to be whole', async () => String(await kept(store)) === String(keys), {
          within: 10_000,
        });
        expect((await scene.tables()).actual).toEqual(before);

        // The view of each is on disk, a few seconds after its last change at most.
        await mapBounded(scene.hosts, 3, (host) => host.agent.stop());
        await after(store, wipe(store));
        await restartAll(scene);
        await healthy(scene);
        expect(await kept(store)).toEqual(keys);
        for (const host of scene.hosts) expect(writesSinceStart(host)).toEqual([]);
        expect((await scene.tables()).actual).toEqual(before);
        await expectNoLoss(traffic);

        await scene.join('h2', 'c2', 'blue');
        await scene.settled();
        expect(await scene.wrongPings()).toEqual([]);
      },
    );
  },
  120_000,
);

test('an older state of the store is made whole, or accepted when somebody says so; that of another cluster is left alone', async () => {
  await tell(
    { name: labName('older'), hosts: 3, store: 'etcd', underlay: 4, leaseTtl: '2s' },
    async (scene) => {
      const { store } = scene.lab;
      await using traffic = await underTraffic(scene);
      const backup = join(store.directory, 'backup.db');
      await store.mustEtcdctl('snapshot', 'save', backup);
      await scene.declare('green', { subnets: ['10.8.0.0/24'] });
      await scene.join('h2', 'c2', 'blue');
      await scene.settled();
      const [keys, { actual: before }] = [await kept(store), await scene.tables()];

      await after(store, putBack(store, backup));
      const isWhole = async (): Promise<boolean> => String(await kept(store)) === String(keys);
      await waitFor('the store to be whole', isWhole, { within: 30_000 });
      await healthy(scene);
      expect((await scene.tables()).actual).toEqual(before);

      for (const host of scene.hosts) host.writeConfig(store.url, { leaseTtl: '2s', rebuildStore: false });
      await mapBounded(scene.hosts, 3, (host) => host.agent.stop());
      await restartAll(scene);

      // Another cluster's, which nobody may see half made.
      const lab = scene.lab.name;
      await setCable(lab, 'store', 'down');
      const foreign = {
        id: 'f0f0f0f0f0f0f0f0',
        epoch: 1,
        underlay: 4,
        port: 4789,
        vniFirst: 1,
        vniLast: 9,
        minimumVersion: '0.1.0',
      };
      const own = `${dataOf(store)}.own`;
      await after(store, () => rename(dataOf(store), own));
      await store.mustEtcdctl('put', 'weft/v1/cluster', JSON.stringify(foreign));
      await setCable(lab, 'store', 'up');
      await doubted(scene, /belongs to cluster f0f0f0f0f0f0f0f0/);
      const said = await scene.host('h2').weft('status');
      expect(said).toMatchObject({ code: 1, stdout: expect.stringContaining('weft store join') });
      expect(await keysBelow(store, '')).toEqual(['weft/v1/cluster']);
      expect((await scene.tables()).actual).toEqual(before);
      await after(store, async () => {
        rmSync(dataOf(store), { recursive: true });
        await rename(own, dataOf(store));
      });
      await healthy(scene);

      await after(store, putBack(store, backup));
      await doubted(scene, /./);
      const refused = await scene
        .host('h1')
        .weft('attach', '--network', 'blue', scene.host('h1').sandbox('c1').namespace);
      expect(refused.stderr).toContain('cannot attach to network blue');
      expect((await scene.tables()).actual).toEqual(before);
      await expectNoLoss(traffic);
      expect(await scene.host('h3').weft('store', 'accept', '--yes')).toMatchObject({ code: 0 });
      await healthy(scene);
      // What nobody runs is as the store says; an endpoint whose sandbox lives is put back by its node.
      const known = async (what: 'networks' | 'endpoints'): Promise<number> =>
        (await call<readonly unknown[]>(scene.host('h1'), 'GET', `/v1/${what}`)).length;
      await waitFor('green to be gone', async () => (await known('networks')) === 1, { within: 10_000 });
      await waitFor('c2 to be there', async () => (await known('endpoints')) === 4, { within: 10_000 });
      await scene.settled();
      expect((await scene.tables()).actual).toEqual(before);
    },
  );
}, 120_000);
