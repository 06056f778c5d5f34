import type { DetachedJson } from '../../api/schemas/endpoint.ts';
import type { WaitedJson } from '../../api/schemas/waited.ts';
import { attach, call } from '../lab/call.ts';
import type { Lab } from '../lab/lab.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { addressesOf, attachAt, benchLab, declareNetwork } from './lab.ts';
import { spread } from './statistics.ts';
import { fixed, type Figures } from './table.ts';

const stores = ['etcd', 'consul', 'file'] as const;

/** From an operation's commit to the last answer of the other agents, as the answer of the call tells it. */
export const waitBenchmark: Benchmark = {
  name: 'wait',
  async run(bench) {
    const rows: (readonly string[])[] = [];
    for (const store of stores) {
      await using lab = await benchLab(bench, `wait${store}`, { hosts: 3, store });
      rows.push(...(await waitRows(bench, lab, store)));
    }
    return [figures(rows)];
  },
};

/** Attaches and detaches on h1 of a lab that has nothing yet, each waited for on all other hosts; `word` begins the rows. */
export async function waitRows(
  bench: Bench,
  lab: Lab,
  word: string,
): Promise<readonly (readonly string[])[]> {
  const rounds = bench.quick ? 5 : 100;
  const others = lab.hosts.length - 1;
  await declareNetwork(lab, 0);
  for (const [n, host] of lab.hosts.entries()) await attachAt(host, 'there', 0, 10 + n);
  const host = lab.host('h1');
  const { namespace } = await host.sandbox('comes').ensure();
  const come = { network: 'net0', sandbox: namespace, addresses: [...addressesOf(0, 200)], wait: true };
  const go = { network: 'net0', sandbox: namespace, wait: true };
  const [came, went]: [number[], number[]] = [[], []];
  bench.tell(`wait: ${word}, ${rounds} attaches and detaches`);
  for (let round = 0; round < rounds; round += 1) {
    came.push(tookOf((await attach(host, come)).waited, others));
    went.push(tookOf((await call<DetachedJson>(host, 'POST', '/v1/detach', go)).waited, others));
  }
  return [rowOf(`${word}: attach`, came), rowOf(`${word}: detach`, went)];
}

function tookOf(waited: WaitedJson | undefined, others: number): number {
  if (waited?.nodes.length !== others)
    throw new Error(`${others} others were to answer: ${JSON.stringify(waited)}`);
  return waited.took;
}

function rowOf(name: string, values: readonly number[]): readonly string[] {
  const { median, p99, least } = spread(values);
  return [name, fixed(median), fixed(p99), fixed(least), String(values.length)];
}

export const waitHead = ['operation', 'median', 'p99', 'least', 'calls'] as const;

const figures = (rows: readonly (readonly string[])[]): Figures => ({
  title: 'Commit in the store -> last answer that it is programmed, 3 agents (ms)',
  head: waitHead,
  rows,
  notes: ['on Consul each step of the way (news, question, answer) may meet the pause of 20 ms of a watch'],
});
