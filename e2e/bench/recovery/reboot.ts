import { setTimeout as pause } from 'node:timers/promises';
import type { Host } from '../../lab/host.ts';
import type { Lab } from '../../lab/lab.ts';
import { unpin } from '../../lab/netns.ts';
import { ping } from '../../lab/ping.ts';
import { waitFor } from '../../lab/wait.ts';
import type { Benchmark } from '../benchmark.ts';
import { addressesOf, attachAt, benchLab, declareNetwork } from '../lab.ts';
import { startPoller, wallClock } from '../poller.ts';
import { spread } from '../statistics.ts';
import { fixed, type Figures } from '../table.ts';

/** One reboot, in milliseconds after the start of weftd. */
interface Sight {
  readonly v4: number;
  readonly v6: number;
}

/** Milliseconds after which the last good view is on the disk with all that has changed. */
const settling = 5000;
/** Milliseconds in which a rebooted node has to be reached again. */
const patience = 60_000;

/** A node that has lost its network namespaces and its processes: start of weftd -> first reply of a sandbox there. */
export const rebootBenchmark: Benchmark = {
  name: 'recovery-reboot',
  async run(bench) {
    await using lab = await benchLab(bench, 'reboot', { hosts: 2, store: 'etcd' });
    await declareNetwork(lab, 0);
    await attachAt(lab.host('h1'), 'asker', 0, 11);
    await attachAt(lab.host('h2'), 'there', 0, 20);
    const rounds = bench.quick ? 1 : 6;
    const rows: (readonly string[])[] = [];
    for (const store of ['there', 'away'] as const) {
      const sights: Sight[] = [];
      for (let round = 0; round < rounds; round += 1) {
        bench.tell(`recovery-reboot: the store is ${store}, round ${round + 1}`);
        sights.push(await reboot(lab, store));
      }
      rows.push(...rowsOf(`store ${store}`, sights));
    }
    return [figures(rows)];
  },
};

async function reboot(lab: Lab, store: 'there' | 'away'): Promise<Sight> {
  const host = lab.host('h2');
  await pause(settling);
  await loseEverything(host);
  if (store === 'away') await lab.store.stop();
  const [v4, v6] = addressesOf(0, 20);
  const { path } = lab.host('h1').sandbox('asker');
  // The kernel takes a namespace apart some time after its name has gone; until then it answers.
  const silent = async (): Promise<boolean> => (await ping(path, v4)).received === 0;
  await waitFor('what was lost to be silent', silent, { within: patience });
  // What starts containers has made its namespaces before weftd runs, or soon after.
  await host.sandbox('there').ensure();
  await using poller4 = startPoller(path, v4);
  await using poller6 = startPoller(path, v6);
  await pause(300 + Math.random() * 1000);
  const start = wallClock();
  await host.agent.start();
  const replies = await Promise.all([poller4.firstReply(patience), poller6.firstReply(patience)]);
  if (store === 'away') {
    await lab.store.start();
    await host.agent.waitReady();
  }
  return { v4: replies[0] - start, v6: replies[1] - start };
}

/** As a reboot does it, but for the underlay, which is the machine's own business. */
async function loseEverything(host: Host): Promise<void> {
  await host.agent.kill9();
  for (const path of host.networkNamespaces()) await unpin(path);
  for (const sandbox of host.sandboxes()) await sandbox.remove();
}

function rowsOf(what: string, sights: readonly Sight[]): readonly (readonly string[])[] {
  return (['v4', 'v6'] as const).map((family) => {
    const { median, least, most } = spread(sights.map((sight) => sight[family]));
    return [`${what}, IP${family}`, fixed(median, 0), fixed(least, 0), fixed(most, 0), String(sights.length)];
  });
}

const figures = (rows: readonly (readonly string[])[]): Figures => ({
  title:
    'Reboot of a node: start of weftd -> first reply of a sandbox there to a ping every 10 ms (ms, etcd)',
  head: ['what', 'median', 'least', 'most', 'reboots'],
  rows,
  notes: [
    'its namespaces and those of its sandboxes are gone; named sandboxes are there again when weftd starts',
    'store away: by the last good view on the disk. Docker shows no networks, and attaches nothing, while its store is away',
  ],
});
