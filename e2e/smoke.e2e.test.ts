import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { MetricName } from '../model/metric.ts';
import { parseExposition } from '../model/testing/exposition.ts';
import { binDirectory } from './lab/agent-process.ts';
import type { Host } from './lab/host.ts';
import { removeLab } from './lab/remove.ts';
import { run, type Outcome } from './lab/run.ts';
import { tell } from './testing/scene.ts';
import { labName, tracesOf } from './testing/traces.ts';

/** Two scrapes, on the socket and on the address that was configured, which tell the same. */
async function figuresOf(host: Host, { local }: { readonly local: number }): Promise<void> {
  const { status, body } = await host.agent.request('GET', '/metrics');
  expect(status).toBe(200);
  const families = parseExposition(String(body));
  const value = (name: MetricName, labels = ''): number | undefined =>
    families.get(name)?.samples.get(`${name}${labels}`);
  expect(value('weft_ready')).toBe(1);
  expect(value('weft_endpoints', '{location="local",state="programmed"}')).toBe(local);
  expect(value('weft_nodes', '{state="alive"}')).toBe(3);
  expect(value('weft_operations_total', '{operation="attach",outcome="ok"}')).toBe(local);
  expect(value('weft_kernel_steps_total', '{op="create",kind="veth"}')).toBe(local);
  expect(families.get('weft_kernel_refusals_total')).toBeUndefined();
  expect(families.get('weft_store_request_duration_seconds')?.samples.size).toBeGreaterThan(10);
  expect(value('process_resident_memory_bytes')).toBeGreaterThan(40 * 2 ** 20);
  const script = "fetch('http://127.0.0.1:9479/metrics').then((r) => r.text()).then(console.log)";
  const byTcp = await host.run([join(binDirectory, '..', 'node_modules', '.bin', 'node'), '-e', script]);
  expect([...parseExposition(byTcp.stdout.replace(/\n\n$/, '\n')).keys()]).toEqual([...families.keys()]);
}

describe.each([
  ['file', 4],
  ['consul', 6],
] as const)('three hosts on the store %s, tunnels over IPv%d', (store, underlay) => {
  const name = labName(`smoke${store}`);

  test('two networks: every pair is as expected, the kernels hold just what was attached, nothing is left', async () => {
    const settings = { metrics: '127.0.0.1:9479' };
    await tell({ name, hosts: 3, store, underlay, settings }, async (scene) => {
      await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
      await scene.declare('green', { subnets: ['10.8.0.0/24', 'fd00:8::/64'] });
      for (const host of ['h1', 'h2', 'h3']) {
        for (const network of ['blue', 'green']) {
          await scene.join(host, `${network}1`, network);
          await scene.join(host, `${network}2`, network);
        }
      }
      if (store === 'consul') {
        // What an operator types, with no word of ours.
        const { store: server } = scene.lab;
        await server.mustConsul('kv', 'put', 'weft/v1/networks/red', '{"subnets":["10.9.0.0/24"]}');
        await scene.adopt('red');
        await scene.join('h1', 'red1', 'red');
        await scene.join('h2', 'red1', 'red');
      }
      await scene.settled();
      expect(await scene.wrongPings()).toEqual([]);
      const { expected, actual } = await scene.tables();
      expect(actual).toEqual(expected);
      expect(tracesOf(name).length).toBeGreaterThan(20);
      await figuresOf(scene.host('h1'), { local: scene.members.filter((m) => m.host === 'h1').length });
    });
    expect(tracesOf(name)).toEqual([]);
  }, 60_000);
});

describe('what a person types', () => {
  const name = labName('typed');
  const weft = (...args: readonly string[]): Promise<Outcome> =>
    run([join(binDirectory, 'weft'), ...args], { within: 60_000 });
  const lab = (verb: string, ...rest: readonly string[]): Promise<Outcome> =>
    weft('lab', verb, '--name', name, ...rest);
  afterAll(() => removeLab(name));

  test('make lab: up, the proof, commands on a host, again, down', async () => {
    const first = await lab('up', '--demo');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toContain(
      'Same network, reachable: 120 of 120. Other network, isolated: 144 of 144.',
    );
    const pasted = /What to try next:\n {2}(.*)/.exec(first.stdout)?.[1];
    expect(pasted).toContain(`lab exec --name ${name} h1 weft network ls`);

    const networks = await lab('exec', 'h2', 'weft', 'network', 'ls', '-o', 'json');
    expect(networks).toMatchObject({ code: 0 });
    expect(networks.stdout).toMatch(/blue.*green/s);
    expect(await lab('exec', 'h2', 'sh', '-c', 'exit 42')).toMatchObject({ code: 42 });

    const before = await lab('status', '-o', 'json');
    const again = await lab('up', '--demo', '-o', 'json');
    expect(again).toMatchObject({ code: 0 });
    const { ok, pairs } = JSON.parse(again.stdout) as { ok: boolean; pairs: readonly unknown[] };
    expect([ok, pairs.length]).toEqual([true, 264]);
    // The same processes: nothing was started anew.
    expect((await lab('status', '-o', 'json')).stdout).toBe(before.stdout);

    expect(await lab('down')).toMatchObject({ code: 0 });
    expect(tracesOf(name)).toEqual([]);
    expect(await lab('ping')).toMatchObject({ code: 2 });
  }, 120_000);

  test('a pair that does not reach another makes `weft lab ping` fail', async () => {
    expect(await lab('up', '--hosts', '2', '--demo')).toMatchObject({ code: 0 });
    const cut = ['ip', '-n', `weft-lab-${name}-h2-blue1`, 'link', 'set', 'eth0', 'down'] as const;
    expect(await run(cut)).toMatchObject({ code: 0 });
    const outcome = await lab('ping');
    expect(outcome.code).toBe(1);
    expect(outcome.stdout).toContain('! h1/blue1 -> h2/blue1');
    expect(await lab('down')).toMatchObject({ code: 0 });
  }, 60_000);
});
