import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { startCapture } from './lab/capture.ts';
import type { Frame } from './lab/frames.ts';
import type { Host } from './lab/host.ts';
import { parseTrace, type KernelTraffic } from './lab/kernel-writes.ts';
import { unpin } from './lab/netns.ts';
import { mapBounded, waitFor } from './lab/wait.ts';
import { tell, type Scene } from './testing/scene.ts';
import { judged } from './testing/judged.ts';
import { Traffic } from './testing/traffic.ts';
import { labName } from './testing/traces.ts';

const stores = ['file', 'etcd'] as const;
type End = 'kill' | 'stop';
const traceOf = (host: Host, end: End): string => join(host.directory, `trace-${end}`);
const tracedSoFar = (host: Host, end: End): KernelTraffic =>
  parseTrace(readFileSync(traceOf(host, end), 'utf8'));

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

/** As after a reboot: whatever the agent had made is gone, and the sandbox is there again under its name. */
async function loseNamespaces(host: Host, sandbox: string): Promise<void> {
  const paths = host.networkNamespaces();
  expect(paths).toHaveLength(1);
  for (const path of paths) await unpin(path);
  await host.sandbox(sandbox).remove();
  await host.sandbox(sandbox).ensure();
}

async function waitDown(host: Host, by: Host): Promise<void> {
  const isDown = async (): Promise<boolean> => {
    const { body } = await by.agent.request('GET', '/v1/nodes');
    return (body as readonly { name: string; alive: boolean }[]).some(
      (n) => n.name === host.name && !n.alive,
    );
  };
  await waitFor(`${host.name} to be down`, isDown, { within: 15_000 });
}

describe.each(stores)('on %s', (store) => {
  test('nothing on any pair is lost by kill -9 or stop of agents, and no restart writes to the kernel', async () => {
    await tell({ name: labName('restart'), hosts: 3, store, underlay: 4, leaseTtl: '2s' }, async (scene) => {
      await using traffic = await underTraffic(scene);
      const h2 = scene.host('h2');
      await h2.agent.kill9();
      await traffic.goesOn(100);
      await h2.agent.start({ trace: traceOf(h2, 'kill') });
      await h2.agent.waitReady();
      await traffic.goesOn(100);
      const traced = tracedSoFar(h2, 'kill');
      expect(traced.writes).toEqual([]);
      expect(traced.netlinkReads).toBeGreaterThan(0);

      // The same trace sees a write when there is one.
      await scene.join('h2', 'c2', 'blue');
      expect(tracedSoFar(h2, 'kill').writes.length).toBeGreaterThan(0);
      await scene.settled();
      expect(await scene.wrongPings()).toEqual([]);

      // All of them, for longer than the lease.
      const { actual: before } = await scene.tables();
      await mapBounded(scene.hosts, 3, (host) => host.agent.stop());
      await traffic.goesOn(300);
      await mapBounded(scene.hosts, 3, (host) => host.agent.start({ trace: traceOf(host, 'stop') }));
      await mapBounded(scene.hosts, 3, (host) => host.agent.waitReady());
      await scene.settled();
      await traffic.goesOn(100);
      for (const host of scene.hosts) expect(tracedSoFar(host, 'stop').writes).toEqual([]);
      await expectNoLoss(traffic);
      const { expected, actual } = await scene.tables();
      expect(actual).toEqual(expected);
      expect(actual).toEqual(before);
    });
  }, 90_000);

  test('an agent started fresh while another is down still reaches the endpoints of that one', async () => {
    await tell({ name: labName('fresh'), hosts: 3, store, underlay: 4, leaseTtl: '2s' }, async (scene) => {
      const [h1, h2, h3] = [scene.host('h1'), scene.host('h2'), scene.host('h3')];
      await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
      await h3.agent.stop();
      for (const host of ['h1', 'h2']) await scene.join(host, 'c1', 'blue');
      await scene.settled();
      await h2.agent.kill9();
      await waitDown(h2, h1);

      await h3.agent.start();
      await h3.agent.waitReady();
      const newcomer = await scene.join('h3', 'c1', 'blue');
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

      // Now h2 knows h3. Dead again, its kernel answers h3 whatever has become of that one meanwhile.
      await h2.agent.kill9();
      await h3.agent.kill9();
      await loseNamespaces(h3, 'c1');
      await waitDown(h2, h1);
      const wrong = await scene.wrongPings();
      expect(wrong.filter((line) => line.includes('h3/'))).toHaveLength(8);
      await h3.agent.start();
      await h3.agent.waitReady();
      const { mac, addresses } = await scene.join('h3', 'c1', 'blue');
      expect({ mac, addresses }).toEqual({ mac: newcomer.mac, addresses: newcomer.addresses });
      expect(h2.agent.running).toBe(false);
      expect(await scene.wrongPings()).toEqual([]);
      await h2.agent.start();
      await h2.agent.waitReady();
      await scene.settled();
      const { expected, actual } = await scene.tablesAgree();
      expect(actual).toEqual(expected);
    });
  }, 90_000);
});
