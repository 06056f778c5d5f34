import { mustRunIn } from '../lab/netns.ts';
import type { Lab } from '../lab/lab.ts';
import { layByHand } from '../testing/hand-made.ts';
import type { Benchmark } from './benchmark.ts';
import { attachAt, addressesOf, benchLab, declareNetwork } from './lab.ts';
import { alternate } from './rounds.ts';
import { median, pairedRatio } from './statistics.ts';
import { fixed, type Figures } from './table.ts';
import { measureTraffic, type Path, type Traffic } from './traffic.ts';

/** How far the product may stay behind what is built by hand. */
const tolerance = 0.03;

/** Off in every namespace of ours, on in a new one: frames on the bridge walk through the filters of IP, ARP and IPv6. */
const bridgeFilters = ['iptables', 'ip6tables', 'arptables'].map(
  (name) => `net.bridge.bridge-nf-call-${name}`,
);

/** TCP throughput and round trips through the product against the same bridge, veth and VXLAN built by hand. */
export const throughputBenchmark: Benchmark = {
  name: 'throughput',
  async run(bench) {
    await using lab = await benchLab(bench, 'tcp', { hosts: 2, store: 'file' });
    const paths = {
      weft: await productPath(lab),
      'by hand': await handMadePath(lab, 1, 'without filters'),
      'by hand, defaults': await handMadePath(lab, 2, 'with filters'),
    };
    const candidates = Object.entries(paths).map(([name, path]) => ({
      name,
      measure: () => measureTraffic(path),
    }));
    const results = await alternate(bench.quick ? 2 : 30, candidates, (round, name) =>
      bench.tell(`throughput: round ${round + 1}: ${name}`),
    );
    return [figures(results)];
  },
};

async function productPath(lab: Lab): Promise<Path> {
  await declareNetwork(lab, 0);
  await attachAt(lab.host('h1'), 'a', 0, 10);
  await attachAt(lab.host('h2'), 'b', 0, 11);
  const [v4, v6] = addressesOf(0, 11);
  return { from: lab.host('h1').sandbox('a').path, to: lab.host('h2').sandbox('b').path, v4, v6 };
}

/** The `n`th network, by `ip` and `bridge`. */
async function handMadePath(lab: Lab, n: number, filters: 'with filters' | 'without filters'): Promise<Path> {
  const [a, b] = [lab.host('h1').sandbox(`x${n}`), lab.host('h2').sandbox(`y${n}`)];
  for (const sandbox of [a, b]) await sandbox.ensure();
  const network = { name: `by-hand-${n}`, id: `00000000000000f${n}`, vni: 4242 + n };
  const addresses = (k: number): string[] =>
    addressesOf(n, k).map((ip) => `${ip}/${ip.includes(':') ? 64 : 24}`);
  await layByHand(lab, network, [
    { host: lab.host('h1'), sandbox: a, mac: `02:57:00:00:0${n}:0a`, addresses: addresses(10) },
    { host: lab.host('h2'), sandbox: b, mac: `02:57:00:00:0${n}:0b`, addresses: addresses(11) },
  ]);
  if (filters === 'without filters') {
    const settings = bridgeFilters.map((key) => `${key}=0`);
    for (const host of lab.hosts)
      await mustRunIn(host.networkNamespace(network.id), ['sysctl', '-qw', ...settings]);
  }
  const [v4, v6] = addressesOf(n, 11);
  return { from: a.path, to: b.path, v4, v6 };
}

function figures(results: ReadonlyMap<string, readonly Traffic[]>): Figures {
  const [weft = [], same = [], defaults = []] = results.values();
  const row = (name: string, key: keyof Traffic, better: 'more' | 'less'): readonly string[] => {
    const column = (side: readonly Traffic[]): readonly number[] => side.map((traffic) => traffic[key]);
    const shown = [weft, same, defaults].map((side) => fixed(median(column(side)), 2));
    const ratio = pairedRatio(column(weft), column(same));
    const met = better === 'more' ? ratio >= 1 - tolerance : ratio <= 1 + tolerance;
    const [ours, theirs, others] = shown as [string, string, string];
    const toDefaults = fixed(pairedRatio(column(weft), column(defaults)), 3);
    return [name, ours, theirs, fixed(ratio, 3), met ? 'met' : 'missed', others, toDefaults];
  };
  return {
    title: 'Container to container on two hosts: weft against the same bridge + veth + VXLAN built by hand',
    head: ['what', 'weft', 'by hand', 'ratio', `within ${tolerance * 100} %`, 'with filters', 'ratio'],
    rows: [
      row('TCP over IPv4, one stream, Gbit/s', 'tcp4', 'more'),
      row('TCP over IPv6, one stream, Gbit/s', 'tcp6', 'more'),
      row('request to next request, IPv4 (ping -f), us', 'echo4', 'less'),
      row('request to next request, IPv6 (ping -f), us', 'echo6', 'less'),
    ],
    notes: [
      `medians of ${weft.length} rounds, in turns; both ends share this machine`,
      'by hand: with the settings of our namespaces; with filters: bridge-nf-call-* left on, as in a new namespace',
    ],
  };
}
