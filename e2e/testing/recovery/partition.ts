import { endpointsSeenBy } from '../../lab/call.ts';
import type { Host } from '../../lab/host.ts';
import { setPartition } from '../../lab/underlay.ts';
import { waitFor } from '../../lab/wait.ts';
import { countEvents, nodesSeenBy, until } from '../nodes.ts';
import type { Scene } from '../scene.ts';
import { keysBelow } from '../store-keys.ts';
import { demandSilence } from './silence.ts';
import { convergence, except, pairsOf, patience, underTraffic, type Recovery } from './story.ts';

const left: readonly string[] = ['h1', 'h2', 'h3'];
const right: readonly string[] = ['h4', 'h5'];

/** Pairs of which one is among these hosts, and the other one is not. */
const across =
  (apart: readonly string[]) =>
  (from: string, to: string): boolean =>
    apart.includes(from) !== apart.includes(to);

const collections = (hosts: readonly Host[]): Promise<number> => countEvents(hosts, 'node-collected');

/**
 * Two of five hosts are apart, and the store is with the other three: those collect the two, who go on talking to each other, and
 * who themselves do nothing. When all are together again, each puts back what it had. From then on they know that they were given
 * up: until the other one is back as well, they may miss each other for a moment.
 */
export function minorityApart(scene: Scene): Promise<Recovery> {
  const cut = across(right);
  return underTraffic(scene, 'two of five apart, without the store', pairsOf(...right), async (traffic) => {
    const majority = left.map((name) => scene.host(name));
    const minority = right.map((name) => scene.host(name));
    const before = [await collections(majority), await collections(minority)] as const;
    const silence = await demandSilence(minority);
    await setPartition(scene.lab.name, right);
    for (const host of majority)
      for (const { name } of minority) await until(host, name, 'unknown', patience);
    await convergence(scene, performance.now(), right);
    await traffic.goesOn(50, { among: except(cut) });
    const complaints = [
      ...traffic.lostSoFar(except(cut)).map((line) => `lost while they were apart: ${line}`),
      ...(await silence.broken()),
    ];
    for (const host of minority) {
      const states = (await nodesSeenBy(host)).map(({ state }) => state);
      const seen = await endpointsSeenBy(host);
      if (states.length !== 5 || seen.length !== 5)
        complaints.push(`${host.name} knows ${states.length} nodes and ${seen.length} endpoints of 5`);
    }
    const begun = performance.now();
    await setPartition(scene.lab.name, []);
    for (const { name } of minority) await until(scene.host('h1'), name, 'alive', patience);
    const converged = await convergence(scene, begun);
    const after = [await collections(majority), await collections(minority)] as const;
    if (after[0] - before[0] !== 2)
      complaints.push(`the majority has collected ${after[0] - before[0]} nodes of 2`);
    if (after[1] !== before[1]) complaints.push(`the minority has collected ${after[1] - before[1]} nodes`);
    return { converged, complaints };
  });
}

/** The store is with two of five: they see three go, and keep everything. Nobody writes to a kernel, then or afterwards. */
export function majorityApart(scene: Scene): Promise<Recovery> {
  const cut = across(left);
  return underTraffic(scene, 'three of five apart, without the store', cut, async (traffic) => {
    const few = right.map((name) => scene.host(name));
    const before = await collections(scene.hosts);
    const endpoints = await keysBelow(scene.lab.store, 'net/');
    const silence = await demandSilence(scene.hosts);
    await setPartition(scene.lab.name, left);
    for (const host of few) {
      const kept = async (): Promise<boolean> => {
        const gone = (await nodesSeenBy(host)).filter(({ name }) => left.includes(name));
        return gone.length === 3 && gone.every(({ why }) => why?.startsWith('only 2 of 5 nodes are alive'));
      };
      await waitFor(`${host.name} to say why it keeps all`, kept, { within: patience, every: 100 });
    }
    await traffic.goesOn(50, { among: except(cut) });
    const complaints: string[] = [];
    if (String(await keysBelow(scene.lab.store, 'net/')) !== String(endpoints))
      complaints.push('the store has lost endpoints or claims');
    const begun = performance.now();
    await setPartition(scene.lab.name, []);
    for (const name of left) await until(scene.host('h4'), name, 'alive', patience);
    const converged = await convergence(scene, begun);
    const collected = (await collections(scene.hosts)) - before;
    if (collected !== 0) complaints.push(`${collected} nodes were collected`);
    complaints.push(...(await silence.broken()));
    return { converged, complaints };
  });
}
