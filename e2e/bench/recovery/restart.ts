import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { call } from '../../lab/call.ts';
import type { Host } from '../../lab/host.ts';
import { parseTrace } from '../../lab/kernel-writes.ts';
import type { Lab } from '../../lab/lab.ts';
import { waitFor } from '../../lab/wait.ts';
import type { StatusJson } from '../../../api/schemas/status.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { attachAt, benchLab, declareNetwork } from '../lab.ts';
import { wallClock } from '../poller.ts';
import { readProcessUse } from '../process-use.ts';
import { spread } from '../statistics.ts';
import { fixed, whole, type Figures } from '../table.ts';
import { enterRoomy, startPeer } from './ground.ts';
import type { PeerOrder } from './peer-process.ts';

const stores = ['etcd', 'consul', 'file'] as const;
/** Milliseconds for a start, traced or not. */
const patience = 120_000;

/** One start of weftd on a kernel that holds everything already. */
interface Start {
  /** Milliseconds until /readyz answers 200: the store is read, the kernel compared. */
  readonly ms: number;
  readonly cpuMs: number;
  /** MiB. */
  readonly rss: number;
}

/** What a node has programmed when it is started again. */
interface Load {
  readonly what: string;
  readonly endpoints: { readonly local: number; readonly remote: number };
}

/** Restart -> in sync, with nothing written to the kernel. */
export const restartBenchmark: Benchmark = {
  name: 'recovery-restart',
  async run(bench) {
    const rows: (readonly string[])[] = [];
    for (const store of stores) {
      for (const endpoints of bench.quick ? [200] : [1000, 10_000]) {
        await using lab = await benchLab(bench, `r${store}${endpoints / 200}`, { hosts: 1, store });
        rows.push(await rowOf(bench, lab, await endpointsOfOthers(lab, endpoints)));
      }
    }
    await using lab = await benchLab(bench, 'rnets', { hosts: 1, store: 'etcd' });
    rows.push(await rowOf(bench, lab, await manyNetworks(bench, lab, bench.quick ? 20 : 1000)));
    return [figures(rows)];
  },
};

async function rowOf(bench: Bench, lab: Lab, load: Load): Promise<readonly string[]> {
  const host = lab.host('h1');
  await waitFor(`${load.what} to be programmed`, () => holds(host, load), { within: patience, every: 200 });
  const rounds = bench.quick ? 1 : 5;
  const starts: Start[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bench.tell(`recovery-restart: ${lab.store.kind}, ${load.what}, round ${round + 1}`);
    await host.agent.stop();
    starts.push(await start(host));
  }
  const writes = await writesOfStart(host, load);
  const { median, least, most } = spread(starts.map(({ ms }) => ms));
  const of = (key: 'cpuMs' | 'rss'): number => spread(starts.map((each) => each[key])).median;
  return [
    `${lab.store.kind}, ${load.what}`,
    ...[median, least, most, of('cpuMs'), of('rss')].map((value) => fixed(value, 0)),
    String(writes),
  ];
}

/** One network, and one endpoint of this node. */
async function endpointsOfOthers(lab: Lab, count: number): Promise<Load> {
  const network = await enterRoomy(lab, lab.hosts);
  await using peer = startPeer(lab);
  peer.tell({ kind: 'fill', network, count } satisfies PeerOrder);
  await peer.next(patience);
  return { what: `${whole(count)} endpoints`, endpoints: { local: 1, remote: count } };
}

/** An endpoint of this node in each; twenty in one sandbox. */
async function manyNetworks(bench: Bench, lab: Lab, count: number): Promise<Load> {
  for (let n = 0; n < count; n += 1) {
    await declareNetwork(lab, n);
    await attachAt(lab.host('h1'), `c${Math.floor(n / 20)}`, n, 10);
    if ((n + 1) % 100 === 0) bench.tell(`recovery-restart: ${n + 1} networks are made`);
  }
  return { what: `${whole(count)} networks`, endpoints: { local: count, remote: 0 } };
}

async function holds(host: Host, { endpoints }: Load): Promise<boolean> {
  const { endpoints: known, objects } = await call<StatusJson>(host, 'GET', '/v1/status');
  const isKnown = known.local === endpoints.local && known.remote === endpoints.remote;
  return isKnown && objects.pending === 0 && objects.failed === 0;
}

async function start(host: Host): Promise<Start> {
  const begin = wallClock();
  await host.agent.start();
  const isReady = async (): Promise<boolean> => (await host.agent.request('GET', '/readyz')).status === 200;
  const giveUp = (): boolean => !host.agent.running;
  await waitFor(`weftd of ${host.name} to be ready`, isReady, { within: patience, every: 5, giveUp }).catch(
    () =>
      // Says why, with the end of its log.
      host.agent.waitReady(0),
  );
  const ms = wallClock() - begin;
  const { cpuMs, rss } = readProcessUse(host.agent.pid ?? 0);
  return { ms, cpuMs, rss };
}

/** In a start of its own: strace slows everything down. */
async function writesOfStart(host: Host, load: Load): Promise<number> {
  const trace = join(host.directory, 'trace');
  await host.agent.stop();
  await host.agent.start({ trace });
  await host.agent.waitReady(patience);
  await waitFor('everything to be known again', () => holds(host, load), { within: patience });
  await host.agent.stop();
  const { writes, netlinkReads } = parseTrace(readFileSync(trace, 'utf8'));
  if (netlinkReads === 0) throw new Error('the trace has seen nothing, not even a read');
  return writes.length;
}

const figures = (rows: readonly (readonly string[])[]): Figures => ({
  title: 'Restart of weftd -> in sync: process start until /readyz (ms)',
  head: ['store, what is there', 'median', 'least', 'most', 'CPU', 'RSS MiB', 'kernel writes'],
  rows,
  notes: [
    'endpoints: of another node, in one network; networks: with an endpoint of this node in each',
    'CPU and RSS of weftd at that moment; kernel writes of one more start, by strace: the aim is 0',
    'Docker with live-restore loses no packet either, but never catches up with what has changed meanwhile',
  ],
});
