import { setTimeout as pause } from 'node:timers/promises';
import type { NetworkId } from '../../../model/network.ts';
import type { Lab } from '../../lab/lab.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { benchLab } from '../lab.ts';
import { spread } from '../statistics.ts';
import type { LineProcess } from '../store/line-process.ts';
import { fixed, type Figures } from '../table.ts';
import { enterRoomy, startPeer } from './ground.ts';
import { watchNeighbours, type NeighbourWatch } from './neighbours.ts';
import type { PeerChange, PeerOrder } from './peer-process.ts';

const stores = ['etcd', 'consul', 'file'] as const;
/** Changes a second under load. */
const rate = 200;

/** Milliseconds. */
interface Sight {
  readonly op: PeerChange['op'];
  /** From when it was due to the store's answer. */
  readonly committing: number;
  /** From then until the kernel of another node holds it, or holds it no more. */
  readonly programming: number;
}

/** Commit in the store -> programmed in the kernel of another node, which is told of it by its watch alone. */
export const programmedBenchmark: Benchmark = {
  name: 'recovery-programmed',
  async run(bench) {
    const rows: (readonly string[])[] = [];
    for (const store of stores) {
      await using lab = await benchLab(bench, `p${store}`, { hosts: 1, store });
      rows.push(...(await rowsOf(bench, lab)));
    }
    return [figures(rows)];
  },
};

async function rowsOf(bench: Bench, lab: Lab): Promise<readonly (readonly string[])[]> {
  const network = await enterRoomy(lab, lab.hosts);
  await using peer = startPeer(lab);
  await using watch = watchNeighbours(lab.host('h1').networkNamespace(network));
  const rows: (readonly string[])[] = [];
  let first = 0;
  for (const { what, changes, every } of [
    { what: 'at rest', changes: bench.quick ? 20 : 200, every: 80 },
    { what: `${rate} a second`, changes: bench.quick ? rate : 10 * rate, every: 1000 / rate },
  ]) {
    bench.tell(`recovery-programmed: ${lab.store.kind}, ${changes} changes ${what}`);
    const sights = await measure({ kind: 'change', network, first, changes, every }, peer, watch);
    first += 1000 + changes;
    rows.push(rowOf(`${lab.store.kind}, ${what}`, sights));
    await pause(500);
  }
  return rows;
}

async function measure(
  order: PeerOrder & { readonly network: NetworkId },
  peer: LineProcess,
  watch: NeighbourWatch,
): Promise<readonly Sight[]> {
  peer.tell(order);
  const changes = await peer.next<readonly PeerChange[]>(120_000);
  const sights: Sight[] = [];
  for (const { op, addresses, begin, committed } of changes) {
    const at = await watch.all(op === 'attach' ? 'came' : 'went', addresses, 20_000);
    sights.push({ op, committing: committed - begin, programming: at - committed });
  }
  return sights;
}

function rowOf(name: string, sights: readonly Sight[]): readonly string[] {
  const of = (op: Sight['op']): readonly number[] =>
    sights.filter((sight) => sight.op === op).map(({ programming }) => programming);
  const cells = (values: readonly number[]): readonly string[] => {
    const { median, p99 } = spread(values);
    return [fixed(median), fixed(p99)];
  };
  const committing = spread(sights.map((sight) => sight.committing)).median;
  return [name, fixed(committing), ...cells(of('attach')), ...cells(of('detach')), String(sights.length)];
}

const figures = (rows: readonly (readonly string[])[]): Figures => ({
  title: 'Commit in the store -> programmed in the kernel of another node (ms)',
  head: ['store', 'commit', 'attach p50', 'p99', 'detach p50', 'p99', 'changes'],
  rows,
  notes: [
    'commit: the transaction, from when it was due to its answer; the rest is counted from that answer, until the notice of the last',
    'neighbour entry of both families. Docker: `network create` is seen elsewhere after 43 to 199 ms; an endpoint only by asking for it',
    'a watch of Consul reads its whole prefix at each change, and pauses 20 ms or more after it',
  ],
});
