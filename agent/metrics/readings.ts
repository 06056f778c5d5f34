import type { LabelsOf, MetricName } from '../../model/metric.ts';
import type { Agent } from '../agent.ts';
import { nodesOf } from '../dead/service.ts';
import { readinessOf } from '../status.ts';
import type { View } from '../view/view.ts';
import { reading, type Family } from './exposition.ts';

const syncStates = ['syncing', 'insync', 'stale'] as const;
const standings = ['ours', 'lost', 'foreign'] as const;

/** Everything about an agent that can be read when somebody asks; nothing of it is kept. */
export function readingsOf(agent: Agent): readonly Family[] {
  const { view, ports, trust, startedAt } = agent;
  return [
    reading('weft_build_info', { version: ports.version }, 1),
    reading('weft_ready', {}, Number(readinessOf(agent).ready)),
    reading('process_start_time_seconds', {}, startedAt / 1000),
    ...syncStates.map((state) => reading('weft_store_state', { state }, Number(view.state === state))),
    ...standings.map((standing) =>
      reading('weft_store_standing', { standing }, Number(trust.standing.kind === standing)),
    ),
    reading('weft_store_held_keys', {}, view.held().length),
    reading('weft_store_bad_records', {}, view.bad().size),
    reading('weft_view_revision', {}, view.revision),
    ...networkReadings(view),
    ...endpointReadings(agent),
    ...nodeReadings(agent),
    ...objectReadings(agent),
  ];
}

function networkReadings(view: View): readonly Family[] {
  const states = Array.from(view.networkStates.records.values(), ({ value }) =>
    'id' in value ? value.phase.kind : 'refused',
  );
  const joined = view.joined().map((id) => view.endpoints(id)?.state ?? 'syncing');
  return [
    ...tally(['active', 'removing', 'refused'], states, 'weft_networks', (state) => ({ state })),
    ...tally(syncStates, joined, 'weft_networks_joined', (state) => ({ state })),
  ];
}

const progressKinds = ['programmed', 'pending', 'failed', 'conflict'] as const;
const places = ['local', 'remote'] as const;

function endpointReadings({ view, reconciler, id: self, operations }: Agent): readonly Family[] {
  const found: string[] = [];
  for (const network of view.joined()) {
    for (const { value } of view.endpoints(network)?.records.values() ?? []) {
      if (operations.intents.isGone(value.id)) continue;
      const location = value.node === self ? 'local' : 'remote';
      const isConflict = value.state.kind === 'conflict';
      const progress = reconciler.progress(network, value.id)?.kind ?? 'pending';
      found.push(`${location} ${isConflict ? 'conflict' : progress}`);
    }
  }
  const all = places.flatMap((location) => progressKinds.map((state) => `${location} ${state}` as const));
  return tally(all, found, 'weft_endpoints', (one) => {
    const [location = '', state = ''] = one.split(' ');
    return { location, state };
  });
}

function nodeReadings(agent: Agent): readonly Family[] {
  const states = ['alive', 'draining', 'down', 'unmanaged', 'collecting'];
  const found = nodesOf(agent).map((node) => node.state);
  return tally(states, found, 'weft_nodes', (state) => ({ state }));
}

function objectReadings({ reconciler }: Agent): readonly Family[] {
  const networks = [...reconciler.networks().values()];
  const sum = (of: (one: (typeof networks)[number]) => number): number =>
    networks.reduce((total, one) => total + of(one), 0);
  return [
    reading(
      'weft_kernel_objects',
      { state: 'desired' },
      sum((one) => one.desired.size),
    ),
    reading(
      'weft_kernel_objects',
      { state: 'refused' },
      sum((one) => one.refused.length),
    ),
  ];
}

/** How many of `found` there are of each kind, noughts included. */
function tally<N extends MetricName>(
  kinds: readonly string[],
  found: readonly string[],
  name: N,
  labels: (kind: string) => LabelsOf<N>,
): readonly Family[] {
  const counts = new Map<string, number>(kinds.map((kind) => [kind, 0]));
  for (const kind of found) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return Array.from(counts, ([kind, count]) => reading(name, labels(kind), count));
}
