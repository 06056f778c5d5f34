import type { StatusJson } from '../../../api/schemas/status.ts';
import { call, endpointsSeenBy } from '../../lab/call.ts';
import type { Host } from '../../lab/host.ts';
import { waitFor } from '../../lab/wait.ts';
import { countEvents, until } from '../nodes.ts';
import type { Scene } from '../scene.ts';
import { demandSilence } from './silence.ts';
import { convergence, except, goes, pairsOf, patience, underTraffic, type Recovery } from './story.ts';

const touched = pairsOf('h3');

/** h3 hears nobody for longer than its lease, and is back before its grace is over: nobody writes to a kernel. */
export function cutOffAndBack(scene: Scene): Promise<Recovery> {
  return underTraffic(scene, 'node cut off, back before it is collected', touched, async (traffic) => {
    const [h1, h3] = [scene.host('h1'), scene.host('h3')];
    const silence = await demandSilence(scene.hosts);
    await h3.cable('down');
    await until(h1, 'h3', 'down', patience);
    await traffic.goesOn(50, { among: except(touched) });
    const begun = performance.now();
    await h3.cable('up');
    await until(h1, 'h3', 'alive', patience);
    const converged = await convergence(scene, begun);
    await traffic.goesOn(50, { within: 30_000 });
    return { converged, complaints: await silence.broken() };
  });
}

/** What two endpoints of h3 have, one of which somebody else wants meanwhile. */
const wanted = '10.7.0.50';

/**
 * h3 hears nobody until it is collected, and somebody takes an address of it. Its kernel stays as it is. When it is back, it puts its
 * endpoints back; who lost his address is in conflict: his port is down, and both sides say so.
 */
export function cutOffAndCollected(scene: Scene): Promise<Recovery> {
  return underTraffic(scene, 'node cut off, collected, and back', touched, async (traffic) => {
    const [h1, h2, h3] = ['h1', 'h2', 'h3'].map((name) => scene.host(name)) as [Host, Host, Host];
    await scene.join('h3', 'loser', 'blue', { addresses: [wanted] });
    await scene.settled();
    const collectedBefore = await countEvents([h1, h2], 'node-collected');
    const backBefore = await countEvents([h3], 'endpoint-put-back');
    const silence = await demandSilence([h3]);
    await h3.cable('down');
    for (const host of [h1, h2]) await until(host, 'h3', 'unknown', patience);
    await convergence(scene, performance.now(), ['h3']);
    const complaints: string[] = [...(await silence.broken())];
    const collected = (await countEvents([h1, h2], 'node-collected')) - collectedBefore;
    if (collected !== 1) complaints.push(`h3 was collected ${collected} times`);
    await scene.join('h1', 'heir', 'blue', { addresses: [wanted] });
    await traffic.goesOn(50, { among: except(touched) });

    const begun = performance.now();
    await h3.cable('up');
    await until(h1, 'h3', 'alive', patience);
    const settled = async (): Promise<boolean> => {
      const states = (await endpointsSeenBy(h3)).filter((e) => e.local).map((e) => e.state);
      return states.toSorted().join() === 'active,conflict';
    };
    await waitFor('both endpoints of h3 to be back', settled, { within: 30_000 });
    complaints.push(...(await conflictComplaints(scene)));
    await scene.leave('h3', 'loser', 'blue');
    const converged = await convergence(scene, begun);
    const putBack = (await countEvents([h3], 'endpoint-put-back')) - backBefore;
    if (putBack !== 1) complaints.push(`h3 has put back ${putBack} endpoints`);
    await goes(scene, 'heir');
    await h3.sandbox('loser').remove();
    return { converged, complaints };
  });
}

/** What is not as it should be while `loser` of h3 and `heir` of h1 both have an address. */
async function conflictComplaints(scene: Scene): Promise<readonly string[]> {
  const [h1, h2, h3] = ['h1', 'h2', 'h3'].map((name) => scene.host(name)) as [Host, Host, Host];
  const heard = async (host: Host): Promise<StatusJson> => call<StatusJson>(host, 'GET', '/v1/status');
  const says = async (): Promise<boolean> => {
    const [loser, holder] = [await heard(h3), await heard(h1)];
    return (
      loser.problems.some(({ why }) => why.includes('its port is down')) &&
      holder.warnings.some(({ why }) => why.includes('on node h3'))
    );
  };
  const isSaid = await waitFor('both sides to say so', says, { within: 10_000 }).catch(() => false);
  const link = await h3.sandbox('loser').mustRun(['ip', '-br', 'address', 'show', 'eth0']);
  const { reached } = await h2.sandbox('c1').ping(wanted);
  const conflict = (await endpointsSeenBy(h3)).find((e) => e.state === 'conflict');
  return [
    ...(isSaid ? [] : ['not both sides say that they are in conflict']),
    ...(/ UP |10\.7\.0\.50/.test(link) ? [`the port of the loser is up: ${link}`] : []),
    ...(reached ? [] : [`h2 does not reach ${wanted} at h1`]),
    ...(conflict?.conflictWith?.includes(`on node h1 (address ${wanted}`) === true
      ? []
      : [`the conflict is not told as it is: ${JSON.stringify(conflict)}`]),
  ];
}
