import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { binDirectory } from '../lab/agent-process.ts';
import { attach, detach } from '../lab/call.ts';
import type { Host } from '../lab/host.ts';
import type { Lab } from '../lab/lab.ts';
import { ended } from '../lab/run.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { benchLab, declareNetwork } from './lab.ts';
import { readProcessUse } from './process-use.ts';
import { alternate } from './rounds.ts';
import { spread } from './statistics.ts';
import { fixed, verdict, type Figures } from './table.ts';

/** Milliseconds; Docker's own is that of the facts, `network connect` with an external store. */
const aims = { attach: 8, typed: 120, docker: 90 } as const;

/** Attach and detach on etcd, by the API and as typed at a shell. */
export const attachBenchmark: Benchmark = {
  name: 'attach',
  async run(bench) {
    await using lab = await benchLab(bench, 'attach', { hosts: 2, store: 'etcd' });
    await declareNetwork(lab, 0);
    const host = lab.host('h1');
    return [await byApi(bench, lab, host), await asTyped(bench, host)];
  },
};

/** One call after another, and what weftd used for each on average, in milliseconds. */
interface Calls {
  readonly name: string;
  readonly times: readonly number[];
  readonly cpuMs: number;
}

async function byApi(bench: Bench, lab: Lab, host: Host): Promise<Figures> {
  const count = bench.quick ? 10 : 100;
  // Another host takes part, as in a cluster that is in use.
  await attach(lab.host('h2'), {
    network: 'net0',
    sandbox: (await lab.host('h2').sandbox('c0').ensure()).namespace,
  });
  const sandboxes = await madeSandboxes(host, 'c', count + 1);
  const first = await timed(() => attach(host, { network: 'net0', sandbox: sandboxes[0] ?? '' }));
  bench.tell(`attach: ${count} sandboxes, one after the other`);
  const all = async (name: string, work: (sandbox: string) => Promise<unknown>): Promise<Calls> => {
    const before = cpuOf(host);
    const times: number[] = [];
    for (const sandbox of sandboxes.slice(1)) times.push(await timed(() => work(sandbox)));
    return { name, times, cpuMs: (cpuOf(host) - before) / count };
  };
  const attached = await all('attach', (sandbox) => attach(host, { network: 'net0', sandbox }));
  const others = [
    await all('attach, the same again', (sandbox) => attach(host, { network: 'net0', sandbox })),
    await all('detach', (sandbox) => detach(host, 'net0', sandbox)),
    await all('GET /healthz', () => host.agent.request('GET', '/healthz')),
  ];
  return {
    title: 'API call to answer on the unix socket, etcd, one after the other (ms)',
    head: ['call', 'median', 'p99', 'least', 'calls', 'CPU of weftd'],
    rows: [
      timesRow('attach, the first of the network on this host', [first]),
      ...[attached, ...others].map(({ name, times, cpuMs }) => [...timesRow(name, times), fixed(cpuMs)]),
    ],
    notes: [
      `aim: attach in ${aims.attach} ms (median): ${verdict(spread(attached.times).median, aims.attach, 'less')}; ` +
        `Docker ${aims.docker}`,
    ],
  };
}

async function asTyped(bench: Bench, host: Host): Promise<Figures> {
  const rounds = bench.quick ? 3 : 20;
  const sandboxes = await madeSandboxes(host, 'typed', rounds + 1);
  const weft = (...args: readonly string[]): Promise<number> =>
    timedCommand(host, [join(binDirectory, 'weft'), ...args]);
  const node = join(binDirectory, '..', 'node_modules', '.bin', 'node');
  // The compile cache is filled by the first one that is ever typed.
  await weft('network', 'ls');
  await weft('attach', '--network', 'net0', sandboxes[rounds] ?? '');
  const results = await alternate(
    rounds,
    [
      {
        name: 'weft attach',
        measure: (round) => weft('attach', '--network', 'net0', sandboxes[round] ?? ''),
      },
      { name: 'weft network ls', measure: () => weft('network', 'ls') },
      { name: 'weft --version', measure: () => weft('--version') },
      { name: 'node -e 0 (the pinned one)', measure: () => timedCommand(host, [node, '-e', '0']) },
    ],
    (round) => bench.tell(`as typed: round ${round + 1}`),
  );
  const median = (name: string): number => spread(results.get(name) ?? []).median;
  return {
    title: 'As typed at a shell, start to exit (ms)',
    head: ['command', 'median', 'p99', 'least', 'calls'],
    rows: [...results].map(([name, values]) => timesRow(name, values)),
    notes: ['weft attach', 'weft network ls'].map(
      (name) => `aim: ${name} in ${aims.typed} ms: ${verdict(median(name), aims.typed, 'less')}`,
    ),
  };
}

async function madeSandboxes(host: Host, word: string, count: number): Promise<readonly string[]> {
  const namespaces: string[] = [];
  for (let n = 0; n < count; n += 1) namespaces.push((await host.sandbox(`${word}${n}`).ensure()).namespace);
  return namespaces;
}

function cpuOf(host: Host): number {
  const { pid } = host.agent;
  if (pid === undefined) throw new Error(`weftd of ${host.name} does not run`);
  return readProcessUse(pid).cpuMs;
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

/** Start to exit, without anything between us and the command. */
async function timedCommand(host: Host, [command, ...args]: readonly [string, ...string[]]): Promise<number> {
  const start = performance.now();
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], env: host.environment });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const code = await ended(command, child);
  const took = performance.now() - start;
  if (code !== 0) throw new Error(`\`${command} ${args.join(' ')}\` ended with code ${code}: ${said.trim()}`);
  return took;
}

function timesRow(name: string, values: readonly number[]): readonly string[] {
  const { median, p99, least } = spread(values);
  return [name, fixed(median), fixed(p99), fixed(least), String(values.length)];
}
