import type { Lab } from '../../lab/lab.ts';
import { mapBounded } from '../../lab/wait.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { benchLab } from '../lab.ts';
import { readProcessUse } from '../process-use.ts';
import { fixed, type Figures } from '../table.ts';
import { waitHead, waitRows } from '../wait.ts';

/** Agents that start at once: fifty would take longer than anybody waits for one. */
const atOnce = 4;
const startPatience = 120_000;

/** Commit in the store -> last answer that it is programmed, with few agents and with many. */
export const answersBenchmark: Benchmark = {
  name: 'recovery-answers',
  async run(bench) {
    const rows: (readonly string[])[] = [];
    const notes: string[] = [];
    for (const hosts of bench.quick ? [3, 5] : [3, 50]) {
      await using lab = await benchLab(bench, `answer${hosts}`, { hosts, store: 'etcd', agents: 'leave' });
      await startInTurn(bench, lab);
      rows.push(...(await waitRows(bench, lab, `${hosts} agents`)));
      notes.push(`memory of ${hosts} agents together: ${fixed(memoryOf(lab), 0)} MiB (Pss)`);
    }
    return [figures(rows, notes)];
  },
};

async function startInTurn(bench: Bench, lab: Lab): Promise<void> {
  let started = 0;
  const [first, ...others] = lab.hosts;
  const start = async (host: Lab['hosts'][number]): Promise<void> => {
    await host.agent.start();
    await host.agent.waitReady(startPatience);
    started += 1;
    if (started % 10 === 0) bench.tell(`recovery-answers: ${started} agents are ready`);
  };
  // The first one founds the cluster.
  if (first !== undefined) await start(first);
  await mapBounded(others, atOnce, start);
}

/** MiB. */
function memoryOf(lab: Lab): number {
  const pids = lab.hosts.flatMap(({ agent }) => agent.pid ?? []);
  return pids.reduce((sum, pid) => sum + readProcessUse(pid).pss, 0);
}

const figures = (rows: readonly (readonly string[])[], notes: readonly string[]): Figures => ({
  title: 'Commit in the store -> last answer that it is programmed, etcd (ms)',
  head: waitHead,
  rows,
  notes: [
    ...notes,
    'all agents share the processors of this machine; Docker cannot tell when everybody has the news',
  ],
});
