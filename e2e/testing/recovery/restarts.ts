import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseTrace } from '../../lab/kernel-writes.ts';
import { mapBounded } from '../../lab/wait.ts';
import { countEvents, nodeSeenBy, until } from '../nodes.ts';
import type { Scene } from '../scene.ts';
import { convergence, goes, nobody, patience, underTraffic, type Recovery } from './story.ts';

/** Every agent is killed at the same time and started again: nothing is lost, and nobody writes to a kernel. */
export function allRestarted(scene: Scene): Promise<Recovery> {
  return underTraffic(scene, 'all agents killed and started', nobody, async (traffic) => {
    const { hosts } = scene;
    await mapBounded(hosts, hosts.length, (host) => host.agent.kill9());
    await traffic.goesOn(50);
    const begun = performance.now();
    const traceOf = (directory: string): string => join(directory, 'trace');
    await mapBounded(hosts, hosts.length, (host) => host.agent.start({ trace: traceOf(host.directory) }));
    const converged = await convergence(scene, begun);
    const complaints = hosts.flatMap(({ name, directory }) => {
      const { writes, netlinkReads } = parseTrace(readFileSync(traceOf(directory), 'utf8'));
      return [
        ...writes.map(({ line }) => `${name} wrote to its kernel: ${line}`),
        ...(netlinkReads === 0 ? [`${name} did not even look at its kernel`] : []),
      ];
    });
    return { converged, complaints };
  });
}

export interface Absence {
  /**
   * `stopped`: its agent ends and is started again. `killed`: the same, without a word. `frozen`: it stands still (SIGSTOP), and goes on
   * as if nothing had been.
   */
  readonly how: 'stopped' | 'killed' | 'frozen';
  /** For how long, in seconds. */
  readonly seconds: number;
  /** How many endpoints come and go on the other hosts meanwhile. */
  readonly comers: number;
}

/** How many of them stay until it is back. */
const stayers = 6;

/**
 * The agent of h3 is away while many endpoints come and go elsewhere, one leaves and one moves that it knew. Its node is kept, as
 * *unmanaged*, and is up to date soon after its return. Its own traffic goes on.
 */
export function agentAway(scene: Scene, { how, seconds, comers }: Absence): Promise<Recovery> {
  return underTraffic(scene, `agent ${how} for ${seconds} s`, nobody, async (traffic) => {
    const h1 = scene.host('h1');
    const h3 = scene.host('h3');
    const others = [h1, scene.host('h2')];
    const before = await countEvents(others, 'node-collected');
    const moving = { addresses: ['10.7.0.40', 'fd00:7::40'] };
    await scene.join('h1', 'leaver', 'blue');
    await scene.join('h1', 'mover', 'blue', moving);
    await scene.settled();
    const frozen = how === 'frozen' ? h3.agent.pid : undefined;
    if (frozen !== undefined) process.kill(frozen, 'SIGSTOP');
    else await (how === 'killed' ? h3.agent.kill9() : h3.agent.stop());
    const begun = performance.now();
    await scene.leave('h1', 'leaver', 'blue');
    await scene.leave('h1', 'mover', 'blue');
    await scene.join('h2', 'mover', 'blue', moving);
    for (let n = 0; n < comers; n += 1) {
      const host = n % 2 === 0 ? 'h1' : 'h2';
      await scene.join(host, `comer${n}`, 'blue');
      if (n >= stayers) await goes(scene, `comer${n - stayers}`);
      await pause(Math.max(0, (seconds * 1000 * n) / comers - (performance.now() - begun)));
    }
    await traffic.goesOn(20);
    await until(h1, 'h3', 'unmanaged', patience);
    const kept = await nodeSeenBy(h1, 'h3');
    const back = performance.now();
    if (frozen === undefined) await h3.agent.start();
    else process.kill(frozen, 'SIGCONT');
    await until(h1, 'h3', 'alive', patience);
    const converged = await convergence(scene, back);
    const collections = (await countEvents(others, 'node-collected')) - before;
    for (let n = comers - stayers; n < comers; n += 1) await goes(scene, `comer${n}`);
    await goes(scene, 'mover');
    await h1.sandbox('leaver').remove();
    await h1.sandbox('mover').remove();
    const complaints =
      collections === 0 ? [] : [`h3 was collected ${collections} times: ${JSON.stringify(kept)}`];
    return { converged, complaints };
  });
}
