import { setTimeout as pause } from 'node:timers/promises';
import type { Lab } from '../lab/lab.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { attachAt, benchLab, declareNetwork } from './lab.ts';
import { readProcessUse, type ProcessUse } from './process-use.ts';
import { fixed, verdict, type Figures } from './table.ts';

/** MiB of weftd with all networks. */
const aim = 100;

interface Reading extends ProcessUse {
  readonly store: string;
  readonly when: string;
}

/** What a weftd as shipped holds with one network and with fifty, and what it uses while nothing happens. */
export const memoryBenchmark: Benchmark = {
  name: 'memory',
  async run(bench) {
    const readings: Reading[] = [];
    const idle: string[] = [];
    for (const store of ['file', 'etcd'] as const) {
      await using lab = await benchLab(bench, `memory${store}`, { hosts: 1, store });
      const { taken, idlePercent } = await measureLab(bench, lab);
      readings.push(...taken);
      idle.push(`idle with all networks on ${store}: ${fixed(idlePercent, 2)} % of one processor`);
    }
    return [figures(readings, idle)];
  },
};

async function measureLab(
  bench: Bench,
  lab: Lab,
): Promise<{ taken: readonly Reading[]; idlePercent: number }> {
  const networks = bench.quick ? 5 : 50;
  const idleSeconds = bench.quick ? 2 : 10;
  const host = lab.host('h1');
  const store = lab.store.kind;
  const taken: Reading[] = [];
  const take = async (when: string): Promise<void> => {
    bench.tell(`memory: ${store}, ${when}`);
    // What a burst of work has left behind is collected soon; a second is what a person who looks would wait.
    await pause(1000);
    taken.push({ store, when, ...use(lab) });
  };
  const add = async (n: number): Promise<void> => {
    await declareNetwork(lab, n);
    await attachAt(host, `c${n}`, n, 10);
  };
  await take('no network yet');
  await add(0);
  await take('1 network');
  for (let n = 1; n < networks; n += 1) await add(n);
  await take(`${networks} networks`);
  bench.tell(`memory: ${store}, idle for ${idleSeconds} s`);
  const before = use(lab).cpuMs;
  await pause(idleSeconds * 1000);
  const idlePercent = (use(lab).cpuMs - before) / (idleSeconds * 10);
  await take(`${networks} networks, ${idleSeconds} s later`);
  await host.agent.restart();
  await take(`${networks} networks, restarted`);
  return { taken, idlePercent };
}

function use(lab: Lab): ProcessUse {
  const { pid } = lab.host('h1').agent;
  if (pid === undefined) throw new Error('weftd of h1 does not run');
  return readProcessUse(pid);
}

function figures(readings: readonly Reading[], idle: readonly string[]): Figures {
  const worst = Math.max(...readings.map(({ rss }) => rss));
  return {
    title: 'Memory of weftd as shipped, one endpoint in each network (MiB)',
    head: ['store, when', 'VmRSS', 'Pss'],
    rows: readings.map(({ store, when, rss, pss }) => [`${store}, ${when}`, fixed(rss), fixed(pss)]),
    notes: [`aim: ${aim} MiB with 50 networks: ${verdict(worst, aim, 'less')} (the worst reading)`, ...idle],
  };
}
