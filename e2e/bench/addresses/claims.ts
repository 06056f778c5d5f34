import { join } from 'node:path';
import type { Bench, Benchmark } from '../benchmark.ts';
import { alternate, type Candidate } from '../rounds.ts';
import { median, pairedRatio } from '../statistics.ts';
import { startBackEnds, type BackEnd } from '../store/back-ends.ts';
import { describeDisk } from '../store/disk.ts';
import { startScript, type LineProcess } from '../store/line-process.ts';
import { openBenchStore } from '../store/ways.ts';
import { fixed, whole, type Figures } from '../table.ts';
import { mostOf, networkOf, settle } from './cast.ts';
import type { Claimed, ClaimOrder } from './claim-process.ts';

/** Agents, and clients of each. */
const crowds = [
  { agents: 1, clients: 1 },
  { agents: 8, clients: 1 },
  { agents: 8, clients: 8 },
] as const;
type Crowd = (typeof crowds)[number];
const states = ['empty', '90 % full'] as const;
type State = (typeof states)[number];

/** Milliseconds of one measurement. */
const during = 300;
const roundsOf = ({ quick }: Bench): number => (quick ? 1 : 5);
const lengthOf = ({ quick }: Bench): number => (quick ? 22 : 16);

interface Round {
  /** Of all clients together. */
  readonly perSecond: number;
  readonly conflicts: number;
  readonly claims: number;
}

/** How many addresses are chosen and claimed, from a pool that nobody has anything of, and from one that is nearly used up. */
export const claimsBenchmark: Benchmark = {
  name: 'claims',
  async run(bench) {
    await using stack = new AsyncDisposableStack();
    const rows: string[][] = [];
    for (const backEnd of await startBackEnds(stack)) rows.push(...(await rowsOf(bench, backEnd)));
    return [figures(bench, rows)];
  },
};

async function rowsOf(bench: Bench, backEnd: BackEnd): Promise<readonly string[][]> {
  await using stack = new AsyncDisposableStack();
  const agents = new Map<State, readonly LineProcess[]>();
  for (const state of states) {
    const url = backEnd.url(state === 'empty' ? 'claims-empty' : 'claims-full');
    await prepare(bench, backEnd.name, url, state);
    const started = Array.from({ length: Math.max(...crowds.map((crowd) => crowd.agents)) }, (_, n) =>
      stack.use(agentOn(url, n)),
    );
    for (const agent of started) await agent.next(120_000);
    agents.set(state, started);
  }
  const candidates = crowds.flatMap((crowd) =>
    states.map((state): Candidate<Round> => ({
      name: nameOf(crowd, state),
      measure: () => together((agents.get(state) ?? []).slice(0, crowd.agents), crowd),
    })),
  );
  const results = await alternate(roundsOf(bench), candidates, (round, name) => {
    if (name === candidates[0]?.name) bench.tell(`claims: ${backEnd.name}, round ${round + 1}`);
  });
  return crowds.map((crowd) => {
    const of = (state: State): readonly Round[] => results.get(nameOf(crowd, state)) ?? [];
    const rates = (state: State): readonly number[] => of(state).map(({ perSecond }) => perSecond);
    const refused = (state: State): number => {
      const sum = (what: 'claims' | 'conflicts'): number =>
        of(state).reduce((all, one) => all + one[what], 0);
      return (100 * sum('conflicts')) / sum('claims');
    };
    return [
      `${backEnd.name}, ${crowd.agents * crowd.clients}`,
      whole(median(rates('empty'))),
      whole(median(rates('90 % full'))),
      fixed(pairedRatio(rates('90 % full'), rates('empty')), 2),
      fixed(refused('empty')),
      fixed(refused('90 % full')),
    ];
  });
}

const nameOf = ({ agents, clients }: Crowd, state: State): string => `${agents} x ${clients}, ${state}`;

/** An agent with a node id of its own. */
function agentOn(url: string, n: number): LineProcess {
  const node = `aaaa${n.toString(16).padStart(12, '0')}`;
  return startScript({ script: join(import.meta.dirname, 'claim-process.ts'), args: [node, url] });
}

async function prepare(bench: Bench, name: string, url: string, state: State): Promise<void> {
  const network = networkOf(lengthOf(bench));
  const store = await openBenchStore(url);
  try {
    const count = state === 'empty' ? 0 : mostOf(network);
    bench.tell(`claims: ${name} gets ${count} endpoints`);
    await settle(store, network, count, (done) => bench.tell(`claims: ${name} has ${done} keys`));
  } finally {
    await store.close();
  }
}

async function together(agents: readonly LineProcess[], { clients }: Crowd): Promise<Round> {
  const order: ClaimOrder = { clients, during };
  for (const agent of agents) agent.tell(order);
  const all = await Promise.all(agents.map((agent) => agent.next<Claimed>(60_000)));
  const sum = (what: 'claims' | 'conflicts'): number => all.reduce((total, one) => total + one[what], 0);
  const perSecond = all.reduce((total, { claims, ms }) => total + claims / (ms / 1000), 0);
  return { perSecond, claims: sum('claims'), conflicts: sum('conflicts') };
}

function figures(bench: Bench, rows: readonly string[][]): Figures {
  const length = lengthOf(bench);
  return {
    title: `Addresses chosen and claimed a second, each with an endpoint and its MAC, from a /${length} and an IPv6 /64`,
    head: ['store, clients', 'empty', '90 % full', 'ratio', 'refused %', '90 % full'],
    rows,
    notes: [
      `${roundsOf(bench)} rounds of ${during} ms in turns; 90 % full: ${whole(mostOf(networkOf(length)))} endpoints in the IPv4 pool; all that is claimed is given back after each round`,
      '8 clients: of 8 agents, in a process each with a view of its own; 64: eight of each',
      'refused: transactions that met a holder, in percent of the claims; the next choice is made at once',
      describeDisk(),
    ],
  };
}
