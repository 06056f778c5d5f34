import { join } from 'node:path';
import { hands, remote } from '../../../agent/drift/testing/adoption-hands.ts';
import { adoptions } from '../../../linux/adoption.ts';
import { namespacePath } from '../../lab/names.ts';
import { ensureNamespace, ipBatch, mustRunIn, removeNamespace } from '../../lab/netns.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { startNodeProcess, type NodeProcess } from '../forwarding/product.ts';
import { median } from '../statistics.ts';
import { fixed } from '../table.ts';
import type { Order, Outcome } from './adoption-process.ts';
import { Pinger } from './pinger.ts';

const script = join(import.meta.dirname, 'adoption-process.ts');
const endpoint = { mac: '02:57:00:00:00:10', vtep: '192.0.2.1' };

/** How long nothing gets through while an attribute is made as it should be, with a thousand pings a second. */
export const adoptionBenchmark: Benchmark = {
  name: 'adoption',
  async run(bench) {
    const rounds = bench.quick ? 1 : 5;
    const rows = adoptions.map(({ of, attribute, how }) => ({ name: `${of} ${attribute}`, how }));
    const table: (readonly string[])[] = [];
    const missing: string[] = [];
    await using child = await startNodeProcess<Order, Outcome>(bench.prefix, script);
    await using stack = new AsyncDisposableStack();
    for (const name of ['peer', 'elsewhere']) {
      const namespace = `weft-${bench.prefix}-${name}`;
      await ensureNamespace(namespace);
      stack.defer(() => removeNamespace(namespace));
    }
    await makePeer(bench);
    await child.ask({ do: 'open' });
    {
      await using pinger = new Pinger(namespacePath(`weft-${bench.prefix}-sandbox`), remote.ip);
      await pinger.flows(0);
      for (const { name, how } of rows) {
        if (hands[name] === undefined) {
          missing.push(name);
          continue;
        }
        bench.tell(`adoption: ${name}`);
        const [gaps, idle]: [number[], number[]] = [[], []];
        for (let round = 0; round < rounds; round += 1) {
          idle.push((await gapOf('', child, pinger)) ?? Number.NaN);
          const gap = await gapOf(name, child, pinger);
          if (gap !== undefined) gaps.push(gap);
        }
        if (gaps.length === 0) missing.push(name);
        else
          table.push([
            name,
            how,
            fixed(median(gaps)),
            fixed(Math.max(...gaps)),
            fixed(median(idle)),
            String(rounds),
          ]);
      }
    }
    await child.ask({ do: 'close' });
    return [
      {
        title: 'Without an answer while it is made as it should be, a thousand pings a second (ms)',
        head: ['what', 'how', 'median', 'most', 'nothing to do', 'rounds'],
        rows: table,
        notes: [
          'from the beginning of the pass; where what was found lets nothing through, the time until it does again',
          'nothing to do: the same of a pass in between that finds everything as it should be',
          ...(missing.length === 0
            ? []
            : [`not on this kernel, or with IPv6 tunnels alone: ${missing.join(', ')}`]),
        ],
      },
    ];
  },
};

async function gapOf(
  name: string,
  child: NodeProcess<Order, Outcome>,
  pinger: Pinger,
): Promise<number | undefined> {
  await pinger.flows(Date.now(), 20);
  const { isThere, ended } = await child.ask({ do: 'hand', name });
  if (!isThere) return undefined;
  // What it does to the traffic is over when the next ones come, or none comes any more.
  await pinger.flows(ended, 20, 300).catch(() => undefined);
  const pass = await child.ask({ do: 'pass', name });
  await pinger.flows(pass.ended, 50);
  return pinger.gapSince(pass.began);
}

/** The other end, made by hand: a host whose tunnel device is the endpoint itself. */
async function makePeer({ prefix }: Bench): Promise<void> {
  const peer = namespacePath(`weft-${prefix}-peer`);
  await ipBatch(namespacePath(`weft-${prefix}-node`), [`link set peer1 netns weft-${prefix}-peer`]);
  await ipBatch(peer, [
    `address add ${remote.vtep}/24 dev peer1`,
    'link set peer1 up',
    `link add vx0 address ${remote.mac} mtu 1450 type vxlan id 1048577 local ${remote.vtep} dstport 4789 nolearning`,
    `address add ${remote.ip}/16 dev vx0`,
    'link set vx0 up',
    `neigh add 10.7.0.16 lladdr ${endpoint.mac} dev vx0 nud permanent`,
  ]);
  await mustRunIn(peer, ['bridge', 'fdb', 'append', endpoint.mac, 'dev', 'vx0', 'dst', endpoint.vtep]);
}
