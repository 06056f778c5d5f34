import type { LabStore } from '../lab/store.ts';
import { fixed, renderFigures, verdict } from '../bench/table.ts';
import { fileFaults, serverFaults, type StoreFault } from '../lab/store-faults.ts';
import { serversOf, storeServers } from '../lab/store-server.ts';
import { complaintsOf, prepareOutages, runOutage, type Outage } from '../testing/outage.ts';
import { tell } from '../testing/scene.ts';
import type { Verdict } from './soak.ts';

export interface OutagesWish {
  readonly lab: string;
  readonly stores: readonly string[];
  readonly seconds: number;
}

interface Row {
  readonly store: string;
  readonly outage: Outage;
}

/** What cannot be done to a store, and what is done to it instead or why nobody needs it. */
const exceptions: Readonly<Record<string, readonly string[]>> = {
  file: [
    'file, black-holed: a file has no network between it and its readers; a lock that never ends is `frozen`',
    'file, killed: nobody serves it; a writer that is killed lets go of its lock, which is how `frozen` ends',
    'file, requests: none are sent',
    'file, frozen: it can still be read, and is stale only once a lease has run out and cannot be removed',
  ],
};

/** Every outage on every store, one lab after the other, and a table of what came of it. */
export async function outages(
  { lab, stores, seconds }: OutagesWish,
  say: (what: string) => void,
): Promise<Verdict> {
  const rows: Row[] = [];
  const complaints: string[] = [];
  for (const store of stores) {
    await tell({ name: lab, hosts: 3, store, underlay: 4 }, async (scene) => {
      await prepareOutages(scene);
      for (const fault of faultsOf(scene.lab.store)) {
        say(`${store} is ${fault.name} for ${seconds} s`);
        const kind = serversOf(store)?.kind;
        const port = kind === undefined ? undefined : storeServers[kind].port;
        const outage = await runOutage(scene, fault, { seconds, port });
        rows.push({ store, outage });
        for (const each of complaintsOf(outage)) complaints.push(`${store}, ${fault.name}: ${each}`);
      }
    }).catch((error: unknown) => {
      complaints.push(`${store}: ${error instanceof Error ? error.message : String(error)}`);
    });
  }
  const notes = stores.flatMap((store) => exceptions[store] ?? []);
  const end = complaints.length === 0 ? 'nothing was lost, and everything went on' : complaints.join('\n');
  return { ok: complaints.length === 0, text: `${tableOf(rows, seconds, notes)}${end}` };
}

/** Of a store of several servers, its first. */
function faultsOf(store: LabStore): readonly StoreFault[] {
  const [server] = store.servers;
  return server === undefined ? fileFaults(store) : serverFaults(server);
}

/** Milliseconds and requests per second of one agent that we aim at. */
const aims = { attach: 1000, rate: 1 } as const;

function tableOf(rows: readonly Row[], seconds: number, notes: readonly string[]): string {
  return renderFigures({
    title: `The store away for ${seconds} s, a hundred pings a second and a TCP connection on every pair`,
    head: [
      'store',
      'fault',
      'sent',
      'lost',
      'no byte, ms',
      'noticed, s',
      'first attach, ms',
      'reached, ms',
      'all ready, ms',
    ].concat(['requests/s and agent', 'attach, aim 1 s', 'requests, aim 1/s']),
    rows: rows.map(({ store, outage }) => {
      const rate =
        outage.requests.length === 0 ? Number.NaN : Math.max(...outage.requests.map((r) => r.rate));
      const { fault, sent, lost, pause, noticed, firstAttach, firstReached, allReady } = outage;
      const times = [firstAttach, firstReached, allReady].map((ms) => fixed(ms, 0));
      const counts = [String(sent), String(lost.length), fixed(pause, 0), fixed(noticed)];
      const verdicts = [verdict(firstAttach, aims.attach, 'less'), verdict(rate, aims.rate, 'less')];
      return [store, fault, ...counts, ...times, fixed(rate, 2), ...verdicts];
    }),
    notes: ['requests: of the agent that sent most; connections tried and data sent, each once', ...notes],
  });
}
