import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { inside, mustRunIn } from '../lab/netns.ts';
import type { Lab } from '../lab/lab.ts';
import { ended, searchPath } from '../lab/run.ts';
import { waitFor } from '../lab/wait.ts';
import { layByHand } from '../testing/hand-made.ts';
import type { Benchmark } from './benchmark.ts';
import { attachAt, addressesOf, benchLab, declareNetwork } from './lab.ts';
import { alternate, type Candidate } from './rounds.ts';
import { median, pairedRatio } from './statistics.ts';
import { fixed, type Figures } from './table.ts';

/** Two sandboxes on two hosts that reach each other. */
interface Path {
  readonly from: string;
  readonly to: string;
  readonly v4: string;
  readonly v6: string;
}

interface Traffic {
  readonly tcp4: number;
  readonly tcp6: number;
  readonly rtt4: number;
  readonly rtt6: number;
}

/** How far the product may stay behind what is built by hand. */
const tolerance = 0.03;

/** TCP throughput and round trips through the product against the same bridge, veth and VXLAN built by hand. */
export const throughputBenchmark: Benchmark = {
  name: 'throughput',
  async run(bench) {
    await using lab = await benchLab(bench, 'tcp', { hosts: 2, store: 'file' });
    const product = await productPath(lab);
    const byHand = await handMadePath(lab);
    const candidate = (name: string, path: Path): Candidate<Traffic> => ({
      name,
      measure: () => measureTraffic(path),
    });
    const candidates = [candidate('built by hand', byHand), candidate('weft', product)];
    const rounds = bench.quick ? 2 : 50;
    const results = await alternate(rounds, candidates, (round, name) =>
      bench.tell(`throughput: round ${round + 1}: ${name}`),
    );
    return [figures(results.get('weft') ?? [], results.get('built by hand') ?? [])];
  },
};

async function productPath(lab: Lab): Promise<Path> {
  await declareNetwork(lab, 0);
  await attachAt(lab.host('h1'), 'a', 0, 10);
  await attachAt(lab.host('h2'), 'b', 0, 11);
  const [v4, v6] = addressesOf(0, 11);
  return { from: lab.host('h1').sandbox('a').path, to: lab.host('h2').sandbox('b').path, v4, v6 };
}

async function handMadePath(lab: Lab): Promise<Path> {
  const [a, b] = [lab.host('h1').sandbox('x'), lab.host('h2').sandbox('y')];
  for (const sandbox of [a, b]) await sandbox.ensure();
  const network = { name: 'by-hand', id: randomBytes(8).toString('hex'), vni: 4242 };
  const addresses = (k: number): string[] =>
    addressesOf(1, k).map((ip) => `${ip}/${ip.includes(':') ? 64 : 24}`);
  await layByHand(lab, network, [
    { host: lab.host('h1'), sandbox: a, mac: '02:57:00:00:01:0a', addresses: addresses(10) },
    { host: lab.host('h2'), sandbox: b, mac: '02:57:00:00:01:0b', addresses: addresses(11) },
  ]);
  const [v4, v6] = addressesOf(1, 11);
  return { from: a.path, to: b.path, v4, v6 };
}

async function measureTraffic(path: Path): Promise<Traffic> {
  return {
    tcp4: await measureTcp(path, path.v4),
    rtt4: await measureRoundTrip(path, path.v4),
    tcp6: await measureTcp(path, path.v6),
    rtt6: await measureRoundTrip(path, path.v6),
  };
}

/**
 * Bytes of one transfer, about a quarter of a second: on which processor each end comes to lie makes a stream two times as
 * fast or as slow, and is decided anew for each. Only many of them say something about a few per cent.
 */
const transfer = '500M';

/** Gigabits per second of one stream; cubic, since on two cores BBR measures the scheduler. */
async function measureTcp({ from, to }: Path, address: string): Promise<number> {
  const [command, ...args] = inside(to, ['iperf3', '-s', '-1', '-B', address, '--forceflush']);
  const server = spawn(command, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: searchPath },
  });
  const end = ended('iperf3', server);
  end.catch(() => undefined);
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  }
  try {
    await waitFor('iperf3 to listen', () => said.includes('Server listening'), { within: 5000, every: 5 });
    const argv = ['iperf3', '-c', address, '-C', 'cubic', '-n', transfer, '-J'] as const;
    const report = JSON.parse(await mustRunIn(from, argv)) as IperfReport;
    return report.end.sum_received.bits_per_second / 1e9;
  } finally {
    server.kill('SIGKILL');
    await end;
  }
}

interface IperfReport {
  readonly end: { readonly sum_received: { readonly bits_per_second: number } };
}

const requests = 10_000;

/**
 * Microseconds from one request to the next: `ping -f` sends it as soon as the last is answered. (The round-trip time that
 * ping prints counts whole microseconds, which is too coarse here.)
 */
async function measureRoundTrip({ from }: Path, address: string): Promise<number> {
  const text = await mustRunIn(from, ['ping', '-n', '-q', '-f', '-c', String(requests), address]);
  const took = / 0% packet loss, time (\d+)ms/.exec(text)?.[1];
  if (took === undefined) throw new Error(`ping -f ${address}: ${text.trim().slice(-300)}`);
  return (Number(took) * 1000) / (requests - 1);
}

function figures(weft: readonly Traffic[], byHand: readonly Traffic[]): Figures {
  const row = (
    name: string,
    key: keyof Traffic,
    digits: number,
    better: 'more' | 'less',
  ): readonly string[] => {
    const [ours, theirs] = [weft, byHand].map((side) => side.map((traffic) => traffic[key])) as [
      number[],
      number[],
    ];
    const ratio = pairedRatio(ours, theirs);
    const met = better === 'more' ? ratio >= 1 - tolerance : ratio <= 1 + tolerance;
    return [
      name,
      fixed(median(ours), digits),
      fixed(median(theirs), digits),
      fixed(ratio, 3),
      met ? 'met' : 'missed',
    ];
  };
  return {
    title: 'Container to container on two hosts: weft against the same bridge + veth + VXLAN built by hand',
    head: ['what', 'weft', 'by hand', 'ratio', `within ${tolerance * 100} %`],
    rows: [
      row('TCP over IPv4, one stream, Gbit/s', 'tcp4', 2, 'more'),
      row('TCP over IPv6, one stream, Gbit/s', 'tcp6', 2, 'more'),
      row('request to next request, IPv4 (ping -f), us', 'rtt4', 1, 'less'),
      row('request to next request, IPv6 (ping -f), us', 'rtt6', 1, 'less'),
    ],
    notes: [`median of ${weft.length} rounds, in turns; both ends share this machine`],
  };
}
