import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { startCapture } from './lab/capture.ts';
import type { Frame } from './lab/frames.ts';
import type { Host } from './lab/host.ts';
import { parseTrace, type KernelTraffic } from './lab/kernel-writes.ts';
import { mapBounded, waitFor } from './lab/wait.ts';
import { tell, type Scene } from './testing/scene.ts';
import { judged, Traffic } from './testing/traffic.ts';
import { labName } from './testing/traces.ts';

const stores = ['file', 'etcd'] as const;
const traceOf = (host: Host): string => join(host.directory, 'trace');
const tracedSoFar = (host: Host): KernelTraffic => parseTrace(readFileSync(traceOf(host), 'utf8'));

/** One endpoint per host, and traffic on every pair. */
async function underTraffic(scene: Scene): Promise<Traffic> {
  await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
  for (const host of scene.hosts) await scene.join(host.name, 'c1', 'blue');
  await scene.settled();
  return Traffic.start(scene.members, 'once');
}

async function expectNoLoss(traffic: Traffic): Promise<void> {
  const { sent, lost } = judged(await traffic.stop());
  expect(lost).toEqual([]);
  expect(sent).toBeGreaterThan(1000);
}

describe.each(stores)('on %s, under traffic on every pair', (store) => {
  test('kill -9 and restart of an agent loses none, and the restarted one writes nothing to the kernel', async () => {
    await tell({ name: labName('restart'), hosts: 3, store, underlay: 4, leaseTtl: '2s' }, async (scene) => {
      await using traffic = await underTraffic(scene);
      const h2 = scene.host('h2');
      await h2.agent.kill9();
      await traffic.goesOn(100);
      await h2.agent.start({ trace: traceOf(h2) });
      await h2.agent.waitReady();
      await traffic.goesOn(100);
      const traced = tracedSoFar(h2);
      expect(traced.writes).toEqual([]);
      expect(traced.netlinkReads).toBeGreaterThan(0);

      // The same trace sees a write when there is one.
      await scene.join('h2', 'c2', 'blue');
      expect(tracedSoFar(h2).writes.length).toBeGreaterThan(0);
      await expectNoLoss(traffic);
      await scene.settled();
      expect(await scene.wrongPings()).toEqual([]);
    });
  }, 60_000);

  test('stop of all agents for longer than the lease, and start, loses none and changes no table', async () => {
    await tell({ name: labName('stopall'), hosts: 3, store, underlay: 4, leaseTtl: '2s' }, async (scene) => {
      await using traffic = await underTraffic(scene);
      const { actual: before } = await scene.tables();
      await mapBounded(scene.hosts, 3, (host) => host.agent.stop());
      await traffic.goesOn(300);
      await mapBounded(scene.hosts, 3, (host) => host.agent.start({ trace: traceOf(host) }));
      await mapBounded(scene.hosts, 3, (host) => host.agent.waitReady());
      await scene.settled();
      await traffic.goesOn(100);
      for (const host of scene.hosts) expect(tracedSoFar(host).writes).toEqual([]);
      await expectNoLoss(traffic);
      const { expected, actual } = await scene.tables();
      expect(actual).toEqual(expected);
      expect(actual).toEqual(before);
    });
  }, 60_000);

  test('an agent started fresh while another is down still reaches the endpoints of that one', async () => {
    await tell({ name: labName('fresh'), hosts: 3, store, underlay: 4, leaseTtl: '2s' }, async (scene) => {
      const h3 = scene.host('h3');
      await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
      await h3.agent.stop();
      for (const host of ['h1', 'h2']) await scene.join(host, 'c1', 'blue');
      await scene.settled();

      const h2 = scene.host('h2');
      await h2.agent.kill9();
      const nodes = async (): Promise<boolean> => {
        const { body } = await scene.host('h1').agent.request('GET', '/v1/nodes');
        return (body as readonly { name: string; alive: boolean }[]).some((n) => n.name === 'h2' && !n.alive);
      };
      await waitFor('h2 to be down', nodes, { within: 15_000 });

      await h3.agent.start();
      await h3.agent.waitReady();
      await scene.join('h3', 'c1', 'blue');
      const target = scene.member('h2', 'c1');
      const arrivals = await startCapture(target.path, 'eth0', { filter: 'icmp or icmp6' });
      for (const address of target.addresses) {
        const asked = h3.sandbox('c1').ping(address);
        const request = (frame: Frame): boolean => frame.ip?.destination === address;
        await arrivals.waitFor(`the echo request for ${address}`, request);
        await asked;
      }
      await arrivals.stop();
      // The answers need the agent that was down: it learns of the newcomer when it is back.
      await h2.agent.start();
      await h2.agent.waitReady();
      await scene.settled();
      expect(await scene.wrongPings()).toEqual([]);
    });
  }, 60_000);
});
