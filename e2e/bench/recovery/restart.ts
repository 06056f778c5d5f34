import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { NetworkId } from '../../../model/network.ts';
import { call } from '../../lab/call.ts';
import type { Host } from '../../lab/host.ts';
import { parseTrace } from '../../lab/kernel-writes.ts';
import type { Lab } from '../../lab/lab.ts';
import { waitFor } from '../../lab/wait.ts';
import type { StatusJson } from '../../../api/schemas/status.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { benchLab } from '../lab.ts';
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

/** Restart -> in sync, with nothing written to the kernel. */
export const restartBenchmark: Benchmark = {
  name: 'recovery-restart',
  async run(bench) {
    const rows: (readonly string[])[] = [];
    for (const store of stores) {
      for (const endpoints of bench.quick ? [200] : [1000, 10_000]) {
        await using lab = await benchLab(bench, `r${store}${endpoints / 200}`, { hosts: 1, store });
        rows.push(await rowOf(bench, lab, endpoints));
      }
    }
    return [figures(rows)];
  },
};

async function rowOf(bench: Bench, lab: Lab, endpoints: number): Promise<readonly string[]> {
  const host = lab.host('h1');
  const network = await enterRoomy(lab, lab.hosts);
  await fillWith(lab, network, endpoints);
  await waitFor(`${endpoints} endpoints to be programmed`, () => holds(host, endpoints), {
    within: patience,
    every: 200,
  });
  const rounds = bench.quick ? 1 : 5;
  const starts: Start[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bench.tell(`recovery-restart: ${lab.store.kind}, ${endpoints} endpoints, round ${round + 1}`);
    await host.agent.stop();
    starts.push(await start(host));
  }
  const writes = await writesOfStart(host, endpoints);
  const { median, least, most } = spread(starts.map(({ ms }) => ms));
  const of = (key: 'cpuMs' | 'rss'): number => spread(starts.map((each) => each[key])).median;
  return [
    `${lab.store.kind}, ${whole(endpoints)} endpoints`,
    ...[median, least, most, of('cpuMs'), of('rss')].map((value) => fixed(value, 0)),
    String(writes),
  ];
}

async function fillWith(lab: Lab, network: NetworkId, count: number): Promise<void> {
  await using peer = startPeer(lab);
  peer.tell({ kind: 'fill', network, count } satisfies PeerOrder);
  await peer.next(patience);
}

async function holds(host: Host, endpoints: number): Promise<boolean> {
  const { endpoints: known, objects } = await call<StatusJson>(host, 'GET', '/v1/status');
  return known.remote === endpoints && objects.pending === 0 && objects.failed === 0;
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
async function writesOfStart(host: Host, endpoints: number): Promise<number> {
  const trace = join(host.directory, 'trace');
  await host.agent.stop();
  await host.agent.start({ trace });
  await host.agent.waitReady(patience);
  await waitFor('everything to be known again', () => holds(host, endpoints), { within: patience });
  await host.agent.stop();
  const { writes, netlinkReads } = parseTrace(readFileSync(trace, 'utf8'));
  if (netlinkReads === 0) throw new Error('the trace has seen nothing, not even a read');
  return writes.length;
}

const figures = (rows: readonly (readonly string[])[]): Figures => ({
  title: 'Restart of weftd -> in sync: process start until /readyz (ms)',
  head: ['store, of another node', 'median', 'least', 'most', 'CPU', 'RSS MiB', 'kernel writes'],
  rows,
  notes: [
    'CPU and RSS of weftd at that moment; kernel writes of one more start, by strace: the aim is 0',
    'Docker with live-restore loses no packet either, but never catches up with what has changed meanwhile',
  ],
});
