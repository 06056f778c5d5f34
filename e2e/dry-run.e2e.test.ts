import { readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import type { DryRunReport } from '../agent/dry-run/dry-run.ts';
import { binDirectory } from './lab/agent-process.ts';
import type { Host } from './lab/host.ts';
import { parseTrace, traceArguments } from './lab/kernel-writes.ts';
import { tell } from './testing/scene.ts';
import { labName } from './testing/traces.ts';

const weftd = (host: Host): readonly string[] => [
  join(binDirectory, 'weftd'),
  '--dry-run',
  ...['-o', 'json', '--config', join(host.directory, 'weftd.yaml')],
];

/** Runs it beside the node's agent, under strace. */
async function dryRun(host: Host): Promise<{ readonly code: number; readonly report: DryRunReport }> {
  const trace = join(host.directory, 'dry-run');
  const [strace = '', ...rest] = [...traceArguments(trace), ...weftd(host)];
  const { code, stdout, stderr } = await host.run([strace, ...rest]);
  if (stdout === '') throw new Error(`weftd --dry-run said nothing: ${stderr}`);
  const traffic = parseTrace(readFileSync(trace, 'utf8'));
  expect(traffic.writes).toEqual([]);
  expect(traffic.netlinkReads).toBeGreaterThan(10);
  return { code, report: JSON.parse(stdout) as DryRunReport };
}

/** The files of the node's state; its agent writes what it saw last of the store when it likes to. */
function stateOf(host: Host): readonly string[] {
  const directory = join(host.directory, 'state');
  const files = readdirSync(directory).filter((name) => !name.startsWith('view.jsonl'));
  return files.map((name) => `${name} ${statSync(join(directory, name)).mtimeMs}`);
}

test('weftd --dry-run beside a running one writes nothing, and the lines that it prints can be run', async () => {
  await tell({ name: labName('dryrun'), hosts: 2, store: 'etcd', underlay: 4 }, async (scene) => {
    await scene.declare('blue', { subnets: ['10.7.0.0/24', 'fd00:7::/64'] });
    for (const host of ['h1', 'h2']) await scene.join(host, 'c1', 'blue');
    await scene.settled();
    const h1 = scene.host('h1');
    const files = stateOf(h1);
    const healthy = await dryRun(h1);
    expect(healthy).toMatchObject({
      code: 0,
      report: { todo: false, networks: [{ network: 'blue', total: 0 }] },
    });
    expect(stateOf(h1)).toEqual(files);
    expect(healthy.report.writes.map(({ leased }) => leased)).toEqual([true]);

    // A running agent would repair it at once.
    await h1.agent.stop();
    const inside = h1.networkNamespace(scene.network('blue').id);
    const flush = ['ip', 'neigh', 'flush', 'dev', 'vxlan0', 'nud', 'permanent'];
    expect(await h1.run(['nsenter', `--net=${inside}`, ...flush])).toMatchObject({ code: 0 });
    const own = scene.member('h1', 'c1').addresses[0] ?? '';
    await h1.sandbox('c1').mustRun(['ip', 'addr', 'flush', 'to', own, 'dev', 'eth0']);
    const stopped = stateOf(h1);
    const drifted = await dryRun(h1);
    expect(drifted).toMatchObject({
      code: 1,
      report: { todo: true, networks: [{ network: 'blue', total: 3 }] },
    });
    expect(stateOf(h1)).toEqual(stopped);
    const lines = drifted.report.networks.flatMap(({ steps }) => steps.flatMap((step) => step.lines));
    expect(lines.join('\n')).toContain('neigh replace 10.7.0.');
    expect(lines.join('\n')).toContain(`addr add ${own}/24 dev eth0`);
    expect(await h1.run(['sh', '-euc', lines.join('\n')])).toMatchObject({ code: 0, stderr: '' });
    await h1.agent.start();
    await h1.agent.waitReady();
    expect((await h1.weft('debug', 'plan')).stdout).toBe('# nothing is to be done\n');
    expect(await scene.wrongPings()).toEqual([]);
  });
}, 60_000);

test('weftd --dry-run says why a start would fail, and leaves nothing', async () => {
  await tell({ name: labName('dryfail'), hosts: 1, store: 'file', underlay: 4 }, async ({ lab }) => {
    const h1 = lab.host('h1');
    const copies = (): readonly string[] =>
      readdirSync(tmpdir()).filter((name) => name.startsWith('weftd-dry-run-'));
    const before = copies();
    const [command = '', ...flags] = weftd(h1);
    const other = await h1.run([command, ...flags, '--port', '4790']);
    expect(other).toMatchObject({ code: 5, stdout: '' });
    expect(other.stderr).toMatch(
      /^weftd: this node cannot join cluster \w+: port is 4790 here and 4789 in the cluster/,
    );
    expect(copies()).toEqual(before);
  });
}, 90_000);
