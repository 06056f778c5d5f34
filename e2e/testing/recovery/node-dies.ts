import { defaultPrefix, prefixes } from '../../../kvstore/keys.ts';
import { decodeFence } from '../../../kvstore/records/fence.ts';
import type { Host } from '../../lab/host.ts';
import { watchKeys } from '../../lab/key-watch.ts';
import { mustRunIn, runIn } from '../../lab/netns.ts';
import { underlayInterface } from '../../lab/underlay.ts';
import { waitFor } from '../../lab/wait.ts';
import { countEvents, die, eventsOf, nodesSeenBy, revive, until } from '../nodes.ts';
import type { Scene } from '../scene.ts';
import { keysBelow } from '../store-keys.ts';
import { convergence, except, goes, pairsOf, patience, underTraffic, type Recovery } from './story.ts';

const touched = pairsOf('h3');
/** Endpoints of h3 besides the one that stays, and how many of all are gone when the collector is killed. */
const extras = 11;
const gone = 3;

/**
 * h3 dies right after it was given endpoints, and so does the agent that collects it, in the middle of its work. The next one goes on
 * with the rest, and nobody does anything twice. When h3 is back, it puts back all that it had, the newest as well.
 */
export function collectorDies(scene: Scene): Promise<Recovery> {
  return underTraffic(scene, 'node dies, and its collector half-way', touched, async (traffic) => {
    const h3 = scene.host('h3');
    const names = Array.from({ length: extras }, (_, n) => `extra${n}`);
    for (const name of names) await scene.join('h3', name, 'blue');
    await scene.settled();
    const others = [scene.host('h1'), scene.host('h2')];
    const before = await countEvents(others, 'node-collected');
    const backBefore = await countEvents([h3], 'endpoint-put-back');
    const { collector, left } = await killCollector(scene, h3);
    const survivor = collector.name === 'h1' ? scene.host('h2') : scene.host('h1');
    await until(survivor, 'h3', 'unknown', patience);
    await traffic.goesOn(50, { among: except(touched) });
    const complaints: string[] = [];
    if (left <= 0 || left >= extras + 1)
      complaints.push(`the collector was not killed half-way: ${left} were left`);
    const rest = await keysBelow(scene.lab.store, prefixes.endpoints(networkOf(scene)));
    if (rest.length !== 2) complaints.push(`endpoints after the collection: ${rest.join(', ')}`);

    await collector.agent.start();
    await convergence(scene, performance.now(), ['h3']);
    const done = (await countEvents(others, 'node-collected')) - before;
    const last = (await eventsOf(survivor, 'node-collected')).at(-1);
    if (done !== 1 || last?.fields['endpoints'] !== left)
      complaints.push(
        `${left} endpoints were left; told ${done} times, at last: ${last?.message ?? 'nothing'}`,
      );

    const begun = performance.now();
    await revive(h3);
    const converged = await convergence(scene, begun);
    const back = (await countEvents([h3], 'endpoint-put-back')) - backBefore;
    if (back !== extras + 1) complaints.push(`h3 has put back ${back} of ${extras + 1}`);
    for (const name of names) await goes(scene, name);
    return { converged, complaints };
  });
}

const networkOf = (scene: Scene) => scene.network('blue').id as Parameters<typeof prefixes.endpoints>[0];

/**
 * The host dies, and the agent that raises its fence is killed once it has removed some endpoints. Meanwhile the store's line is
 * slow, so that an agent has not long done all before anybody hears of the first.
 */
async function killCollector(
  scene: Scene,
  dead: Host,
): Promise<{ readonly collector: Host; readonly left: number }> {
  const { store } = scene.lab;
  const nodes = await nodesSeenBy(scene.host('h1'));
  const fence = `${defaultPrefix}${prefixes.fences}`;
  const endpoints = `${defaultPrefix}${prefixes.endpoints(networkOf(scene))}`;
  const seen = { by: '', removed: 0, killed: undefined as Host | undefined };
  await using _ = await watchKeys(store, ({ kind, key, value }) => {
    if (kind === 'put' && key.startsWith(fence)) {
      const { by } = decodeFence(key.slice(defaultPrefix.length), value);
      seen.by = nodes.find(({ id }) => id === by)?.name ?? by;
    }
    if (seen.by === '' || seen.killed !== undefined || kind !== 'delete' || !key.startsWith(endpoints))
      return;
    seen.removed += 1;
    const { pid } = scene.host(seen.by).agent;
    if (seen.removed < gone || pid === undefined) return;
    process.kill(pid, 'SIGKILL');
    seen.killed = scene.host(seen.by);
  });
  await die(dead);
  await until(scene.host('h1'), dead.name, 'down', patience);
  const slow = ['root', 'tbf', 'rate', '160kbit', 'burst', '2kb', 'latency', '10s'] as const;
  await mustRunIn(store.netns, ['tc', 'qdisc', 'add', 'dev', underlayInterface, ...slow]);
  try {
    const collector = await waitFor('the collector to be killed', () => seen.killed, { within: patience });
    await collector.agent.kill9();
    const rest = await keysBelow(store, prefixes.endpoints(networkOf(scene)));
    return { collector, left: rest.length - 2 };
  } finally {
    await runIn(store.netns, ['tc', 'qdisc', 'del', 'dev', underlayInterface, 'root']);
  }
}
