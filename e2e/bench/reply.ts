import { setTimeout as pause } from 'node:timers/promises';
import { detach } from '../lab/call.ts';
import type { Lab } from '../lab/lab.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { addressesOf, attachAt, benchLab, declareNetwork } from './lab.ts';
import { startPoller, wallClock } from './poller.ts';
import { spread } from './statistics.ts';
import { fixed, verdict, type Figures } from './table.ts';

/** What one attach looked like, in milliseconds after its start. */
interface Sight {
  readonly answer: number;
  readonly v4: number;
  readonly v6: number;
}

interface Story {
  readonly title: string;
  readonly aim: number;
  readonly docker: number;
  readonly sights: readonly Sight[];
}

/** Attach started -> first reply on another host, which was polling every 10 ms before the address existed. */
export const replyBenchmark: Benchmark = {
  name: 'reply',
  async run(bench) {
    await using lab = await benchLab(bench, 'reply', { hosts: 2, store: 'etcd' });
    const rounds = bench.quick ? 2 : 12;
    return [
      figures({
        title: 'one more endpoint of a network',
        aim: 20,
        docker: 974,
        sights: await oneMore(bench, lab, rounds),
      }),
      figures({
        title: 'the first endpoint of a network on its host',
        aim: 30,
        docker: 403,
        sights: await firstOnHost(bench, lab, rounds),
      }),
    ];
  },
};

async function oneMore(bench: Bench, lab: Lab, rounds: number): Promise<readonly Sight[]> {
  await declareNetwork(lab, 0);
  await attachAt(lab.host('h1'), 'there', 0, 10);
  await attachAt(lab.host('h2'), 'asker0', 0, 11);
  const sights: Sight[] = [];
  for (let round = 0; round < rounds; round += 1) {
    bench.tell(`reply: one more endpoint, round ${round + 1}`);
    sights.push(await watchAttach(lab, 0, 20 + round));
  }
  return sights;
}

async function firstOnHost(bench: Bench, lab: Lab, rounds: number): Promise<readonly Sight[]> {
  const sights: Sight[] = [];
  for (let n = 1; n <= rounds; n += 1) {
    bench.tell(`reply: first endpoint on its host, round ${n}`);
    await declareNetwork(lab, n);
    await attachAt(lab.host('h2'), `asker${n}`, n, 11);
    sights.push(await watchAttach(lab, n, 20));
    await detach(lab.host('h1'), `net${n}`, lab.host('h1').sandbox(`n${n}k20`).namespace);
  }
  return sights;
}

/** h2 asks for the `k`th place of a network for a while, in both families; then h1 attaches a sandbox there. */
async function watchAttach(lab: Lab, n: number, k: number): Promise<Sight> {
  const { path } = lab.host('h2').sandbox(`asker${n}`);
  const host = lab.host('h1');
  const sandbox = `n${n}k${k}`;
  await host.sandbox(sandbox).ensure();
  const [v4, v6] = addressesOf(n, k);
  await using poller4 = startPoller(path, v4);
  await using poller6 = startPoller(path, v6);
  // The kernel repeats its own question every second: any phase of that is as good as another.
  await pause(500 + Math.random() * 1000);
  const start = wallClock();
  await attachAt(host, sandbox, n, k);
  const answer = wallClock() - start;
  const [reply4, reply6] = await Promise.all([poller4.firstReply(10_000), poller6.firstReply(10_000)]);
  return { answer, v4: reply4 - start, v6: reply6 - start };
}

function figures({ title, aim, docker, sights }: Story): Figures {
  const row = (name: string, values: readonly number[]): readonly string[] => {
    const { median, least, most } = spread(values);
    return [name, fixed(median), fixed(least), fixed(most), fixed(docker / median, 0)];
  };
  const families = (['v4', 'v6'] as const).map((family) => ({
    family,
    values: sights.map((sight) => sight[family]),
  }));
  return {
    title: `Attach started -> first reply of a ping that was already polling every 10 ms: ${title} (ms, etcd)`,
    head: ['what', 'median', 'least', 'most', 'x Docker'],
    rows: [
      ...families.map(({ family, values }) => row(`first reply, IP${family}`, values)),
      [
        ...row(
          'answer of the call',
          sights.map((sight) => sight.answer),
        ).slice(0, 4),
        '',
      ],
    ],
    notes: families.map(
      ({ family, values }) =>
        `aim: IP${family} in ${aim} ms (median): ${verdict(spread(values).median, aim, 'less')}; Docker ${docker} (IPv4)`,
    ),
  };
}
