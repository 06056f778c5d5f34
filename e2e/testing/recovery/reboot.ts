import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { StatusJson } from '../../../api/schemas/status.ts';
import { attach, call, endpointsSeenBy } from '../../lab/call.ts';
import type { Host } from '../../lab/host.ts';
import { mustRunIn, unpin } from '../../lab/netns.ts';
import { mapBounded, waitFor } from '../../lab/wait.ts';
import { viewIsKept } from '../nodes.ts';
import type { Scene } from '../scene.ts';
import { strays, takeStock } from '../stock.ts';
import { demandSilence } from './silence.ts';
import { convergence, goes, stay, type Recovery } from './story.ts';

/**
 * Every host is rebooted while the store is away: agents, namespaces, runtime directories and processes are gone, the state on disk is
 * there. Named namespaces are plumbed when they appear, at once or later; the endpoint of a process is given up, since its number
 * means nothing any more. `converged` is the time from the start of the agents until all talk, the store being away.
 */
export async function allRebooted(scene: Scene): Promise<Recovery> {
  const { hosts, lab } = scene;
  const { store } = lab;
  const story = 'all hosts rebooted, the store away';
  const before = await takeStock(scene);
  const [h1, h2] = [scene.host('h1'), scene.host('h2')];
  await scene.join('h1', 'late', 'blue');
  const container = await startContainer(h2);
  await scene.settled();
  await viewIsKept(hosts);
  await store.stop();
  await mapBounded(hosts, hosts.length, (host) => host.agent.kill9());
  await end(container);
  for (const host of hosts) await loseMemory(host);

  const begun = performance.now();
  await mapBounded(hosts, hosts.length, (host) => host.agent.start());
  for (const host of hosts) await host.sandbox(stay).ensure();
  const staying = scene.members.filter(({ sandbox }) => sandbox === stay);
  const talk = async (): Promise<boolean> => (await scene.wrongPings(staying)).length === 0;
  await waitFor('all who are back to talk', talk, { within: 60_000, every: 100 });
  const converged = (performance.now() - begun) / 1000;
  await h1.sandbox('late').ensure();
  await waitFor('the late one to talk', async () => (await scene.wrongPings()).length === 0, {
    within: 30_000,
    every: 100,
  });
  const isOver = async (): Promise<boolean> => (await ofProcesses(h2)).length === 0;
  await waitFor('the endpoint of the process to be given up', isOver, { within: 30_000, every: 100 });
  const complaints = await mapBounded(hosts, hosts.length, async (host) => {
    const { state } = (await call<StatusJson>(host, 'GET', '/v1/status')).store;
    return state === 'stale' ? [] : [`the store is ${state} for ${host.name}, and is away`];
  });
  // Those who have not to hear of anything new have nothing to write when it is back.
  const silence = await demandSilence([h2]);
  await store.start();
  await convergence(scene, performance.now());
  const silent = await silence.broken();
  await goes(scene, 'late');
  return {
    story,
    converged,
    sent: 0,
    lost: [],
    lostByTouched: 0,
    gap: Number.NaN,
    pause: Number.NaN,
    complaints: [...complaints.flat(), ...silent, ...(await strays(scene, before))].map(
      (line) => `${story}: ${line}`,
    ),
  };
}

/** A process in a network namespace that has no name, attached by its number. */
async function startContainer(host: Host): Promise<ChildProcess> {
  const child = spawn('unshare', ['--net', 'sh', '-c', 'echo there; exec sleep 3600'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await attach(host, { network: 'blue', sandbox: String(child.pid) });
  return child;
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}

/** What a machine does not know any more when it comes up again. */
async function loseMemory(host: Host): Promise<void> {
  for (const path of host.networkNamespaces()) await unpin(path);
  for (const sandbox of host.sandboxes()) await sandbox.remove();
  rmSync(join(host.directory, 'run'), { recursive: true });
  await mustRunIn(host.path, ['ip', 'neigh', 'flush', 'all']);
}

const ofProcesses = async (host: Host): Promise<readonly string[]> =>
  (await endpointsSeenBy(host))
    .filter(({ local, sandbox }) => local && !sandbox.key.startsWith('netns:'))
    .map(({ sandbox }) => sandbox.key);
