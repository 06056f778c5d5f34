import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import type { MetricName } from '../model/metric.ts';
import { parseExposition } from '../model/testing/exposition.ts';
import { binDirectory } from './lab/agent-process.ts';
import type { Host } from './lab/host.ts';
import { EtcdServer } from '../kvstore/testing/etcd-server.ts';
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
  const [name, other] = [labName('typed'), labName('beside')];
  const weft = (...args: readonly string[]): Promise<Outcome> =>
    run([join(binDirectory, 'weft'), ...args], { within: 60_000 });
  const lab = (verb: string, of: string, ...rest: readonly string[]): Promise<Outcome> =>
    weft('lab', verb, '--name', of, ...rest);
  /** The commands that `weft lab up` ends with, to be pasted. */
  const pasted = (stdout: string): readonly string[] => {
    const [, steps = ''] = stdout.split('What to try next:\n');
    return [...steps.matchAll(/^ {2}(\S.*)$/gm)].map(([, line = '']) => line);
  };
  afterAll(async () => {
    await removeLab(name);
    await removeLab(other);
  });

  test('make lab: up, the proof, commands on a host, again; a second lab beside it; down', async () => {
    const first = await lab('up', name, '--demo');
    expect(first).toMatchObject({ code: 0 });
    expect(first.stdout).toContain(
      'Same network, reachable: 120 of 120. Other network, isolated: 144 of 144.',
    );
    expect(pasted(first.stdout)[0]).toContain(`lab exec --name ${name} h1 weft network ls`);

    const networks = await lab('exec', name, 'h2', 'weft', 'network', 'ls', '-o', 'json');
    expect(networks).toMatchObject({ code: 0 });
    expect(networks.stdout).toMatch(/blue.*green/s);
    expect(await lab('exec', name, 'h2', 'sh', '-c', 'exit 42')).toMatchObject({ code: 42 });

    const before = await lab('status', name, '-o', 'json');
    const again = await lab('up', name, '--demo', '-o', 'json');
    expect(again).toMatchObject({ code: 0 });
    const { ok, pairs } = JSON.parse(again.stdout) as { ok: boolean; pairs: readonly unknown[] };
    expect([ok, pairs.length]).toEqual([true, 264]);
    // The same processes: nothing was started anew.
    expect((await lab('status', name, '-o', 'json')).stdout).toBe(before.stdout);

    // The same addresses, subnets and names beside it, and a tunnel of the very same number; on a store that is not its own.
    await using etcd = await EtcdServer.start();
    const second = await lab(
      'up',
      other,
      '--demo',
      '--hosts',
      '2',
      '--store',
      `etcd://127.0.0.1:${etcd.port}`,
    );
    expect(second).toMatchObject({ code: 0 });
    expect(await etcd.etcdctl('get', '--keys-only', 'weft/v1/networks/blue')).toContain('networks/blue');
    for (const each of [name, other]) await joinTwin(each);
    const [down, ...steps] = pasted(second.stdout).toReversed();
    expect(steps).toHaveLength(6);
    for (const line of steps.toReversed())
      expect({ line, ...(await run(['sh', '-c', line])) }).toMatchObject({ line, code: 0 });
    expect(await lab('ping', name)).toMatchObject({ code: 0 });

    // What fails in the one leaves the other alone, as does its end.
    // Something that is not ours: what is ours is put back at once.
    const ignore = ['sysctl', '-qw', 'net.ipv4.icmp_echo_ignore_all=1'];
    const cut = ['ip', 'netns', 'exec', `weft-lab-${other}-h2-blue1`, ...ignore] as const;
    expect(await run(cut)).toMatchObject({ code: 0 });
    const failed = await lab('ping', other);
    expect(failed).toMatchObject({ code: 1, stdout: expect.stringContaining('! h1/blue1 -> h2/blue1') });
    expect(await run(['sh', '-c', down!])).toMatchObject({ code: 0 });
    expect(tracesOf(other)).toEqual([]);
    const alone = await lab('ping', name, '-o', 'json');
    expect(alone).toMatchObject({ code: 0 });
    const { pairs: left } = JSON.parse(alone.stdout) as { pairs: readonly { network: string }[] };
    expect(left.filter(({ network }) => network === 'twin').length).toBeGreaterThanOrEqual(2);

    expect(await lab('down', name)).toMatchObject({ code: 0 });
    expect(tracesOf(name)).toEqual([]);
    expect(await lab('ping', name)).toMatchObject({ code: 2 });
  }, 180_000);

  /** A network that is the same in both labs, its VNI included, with a sandbox on h1 and on h2. */
  async function joinTwin(of: string): Promise<void> {
    const create = 'weft network create twin --subnet 10.77.0.0/24 --vni 7777777';
    expect(await lab('exec', of, 'h1', ...create.split(' '))).toMatchObject({ code: 0 });
    for (const host of ['h1', 'h2']) {
      const sandbox = `weft-lab-${of}-${host}-twin`;
      expect(await run(['ip', 'netns', 'add', sandbox])).toMatchObject({ code: 0 });
      const attach = `weft attach --network twin ${sandbox}`;
      expect(await lab('exec', of, host, ...attach.split(' '))).toMatchObject({ code: 0 });
    }
  }
});
