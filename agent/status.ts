import type { ReadinessJson, StatusJson } from '../api/schemas/status.ts';
import { keys } from '../kvstore/keys.ts';
import type { Decision } from '../linux/errno-decisions.ts';
import { showPool } from '../model/address-pool.ts';
import type { Endpoint } from '../model/endpoint.ts';
import type { Cluster } from '../model/node.ts';
import { fullMark, poolsAbove } from './addresses/fullness.ts';
import type { Agent } from './agent.ts';
import { clusterIn } from './boot.ts';
import { nodesOf } from './dead/service.ts';
import { objectText } from './drift/repair-log.ts';
import { acceptedOverlaps } from './networks/overlap.ts';
import { goneJson } from './present.ts';
import { conflictsOf, endpointText } from './returns/conflicts.ts';
import type { View } from './view/view.ts';

/** About an object that the kernel refused. */
const whatIsDone: Readonly<Record<Decision, string>> = {
  news: 'it is as wished',
  retry: 'it is tried again by itself',
  terminal: 'it is tried again every five minutes, and when the endpoint is attached again',
  ours: 'this is a bug of Weft: please report it',
};

type Problem = StatusJson['problems'][number];

/** Most problems of one kind that are listed; the rest is counted. */
const most = 20;

const hints = {
  lost:
    'traffic goes on, nothing is changed; the agents put back what they know unless rebuildStore is false; ' +
    '`weft store accept --yes` takes the store as it is',
  foreign:
    'traffic goes on, nothing is written; give this node the store of its cluster, or let it go over with `weft store join --yes`',
} as const;

/** Why an attach would not work now; empty: it would. */
export function readinessOf(agent: Agent): ReadinessJson {
  const { view, phase, membership, ports } = agent;
  const reasons: string[] = [];
  if (phase !== 'ready') {
    reasons.push(phase === 'reading' ? 'the store is still being read' : 'the cluster is not joined yet');
  }
  if (view.state !== 'insync') {
    const what = view.state === 'stale' ? 'is out of reach' : 'has not been read yet';
    reasons.push(`the store ${ports.store.description} ${what}`);
  }
  if (phase === 'ready' && membership.state.kind !== 'joined') reasons.push('this node has lost its lease');
  return { ready: reasons.length === 0, reasons };
}

const clusterJson = ({ id, underlay, port, pools }: Cluster): StatusJson['cluster'] => {
  return { id, underlay, port, pools: pools.map(showPool) };
};

/** How this node is, for people and monitors. */
export function statusOf(agent: Agent): StatusJson {
  const { ports, view, cluster, reconciler, ownNode } = agent;
  const { clock, version, store, settings } = ports;
  const known = view.joined().flatMap((id) => [...(view.endpoints(id)?.records.values() ?? [])]);
  const all = known.filter(({ value }) => !agent.operations.intents.isGone(value.id));
  const local = all.filter(({ value }) => value.node === agent.id).length;
  const networks = [...reconciler.networks().values()];
  const sum = (of: (one: (typeof networks)[number]) => number): number =>
    networks.reduce((total, one) => total + of(one), 0);
  return {
    phase: agent.phase,
    node: { id: agent.id, name: settings.config.name, vteps: ownNode.known?.vteps ?? [] },
    cluster: cluster === undefined ? null : clusterJson(clusterIn(view) ?? cluster),
    store: {
      description: store.description,
      state: view.state,
      since: new Date(view.since ?? agent.startedAt).toISOString(),
    },
    networks: view.networks().length,
    endpoints: { local, remote: all.length - local },
    objects: {
      desired: sum((one) => one.desired.size),
      failed: sum((one) => one.refused.length),
      pending: sum((one) => one.pending),
    },
    repairs: Object.fromEntries(reconciler.repairs.counts),
    problems: problemsOf(agent),
    warnings: warningsOf(agent),
    version,
    uptime: Math.max(0, clock.wall() - agent.startedAt) / 1000,
  };
}

function problemsOf(agent: Agent): readonly Problem[] {
  const { view, membership, ownNode, reconciler, ports, trust } = agent;
  const problems: Problem[] = [];
  if (trust.standing.kind !== 'ours') {
    const why = `${ports.store.description}: ${view.trouble ?? ''}`;
    problems.push({ what: 'store', why, hint: hints[trust.standing.kind] });
  } else if (membership.state.kind === 'joining' && membership.state.error !== undefined) {
    problems.push({ what: 'cluster', why: membership.state.error.message });
  }
  if (agent.phase === 'joining' || view.state === 'stale') {
    const why = `no contact with ${ports.store.description}`;
    problems.push({ what: 'store', why, hint: 'traffic goes on; changes wait for its return' });
  }
  problems.push(...shorten(staleNetworks(agent)));
  if (agent.trouble !== undefined) problems.push({ what: 'start', why: agent.trouble });
  if (ownNode.trouble !== undefined) problems.push({ what: 'underlay', why: ownNode.trouble });
  const bad = [...view.bad()].map(([key, error]) => ({
    what: `record ${key}`,
    why: error.message,
    hint: 'mend or delete this key in the store; `weft store check` reads every record',
  }));
  const held = view.held().map((key) => {
    const refusal = trust.refused.get(key);
    const why = `the store has lost it, it is kept here${refusal === undefined ? '' : `, and cannot be put back: ${refusal}`}`;
    const hint = '`weft store accept --yes` gives up what is kept, on every node';
    return { what: `record ${key}`, why, hint };
  });
  const conflicts = conflictsOf(agent.id, view).losers.map((endpoint) => {
    const holder = endpoint.state.kind === 'conflict' ? endpoint.state.holder : '';
    return {
      what: `endpoint ${endpoint.name ?? endpoint.sandbox.key} of network ${networkText(endpoint, view)}`,
      why: `is in conflict with ${holder}; its port is down`,
      hint: 'detach it, and attach it again for another address',
    };
  });
  const missing = agent.returner.missing().map(({ endpoint, why }) => ({
    what: `endpoint ${endpoint.name ?? endpoint.sandbox.key} of network ${networkText(endpoint, view)}`,
    why: `is missing from the store, and stays in the kernel until it is put back: ${why}`,
  }));
  const refused = [...view.networkStates.records.values()].flatMap(({ value }): Problem[] => {
    if (!('id' in value)) return [{ what: `declaration of network ${value.name}`, why: value.why }];
    const edit = value.phase.kind === 'active' ? value.phase.refused : undefined;
    return edit === undefined ? [] : [{ what: `edited declaration of network ${value.name}`, why: edit.why }];
  });
  const broken = [...reconciler.networks()].flatMap(([id, one]) => {
    if (one.broken === undefined) return [];
    const what = `network ${view.networkById(id)?.name ?? id}`;
    return [{ what, why: `cannot be programmed: ${one.broken.message}`, hint: whatIsDone.retry }];
  });
  const failed = [...reconciler.networks().values()].flatMap((one) =>
    one.refused.map(({ key, error, decision }) => {
      const what = `kernel object ${key}`;
      return { what, why: error.message, hint: whatIsDone[decision] };
    }),
  );
  const fought = [...reconciler.repairs.feuds()].map(({ network, key, feud }) => ({
    what: `kernel object ${objectText(key)} of network ${view.networkById(network)?.name ?? network}`,
    why: `somebody else keeps changing it: ${feud.repairs} repairs; the next one ${feud.pause / 1000} s after the last`,
    hint: 'find out who: everything in our network namespaces is for weftd alone; `weft events` tells what was changed',
  }));
  return [...problems, ...[bad, held, conflicts, missing, refused, broken, failed, fought].flatMap(shorten)];
}

/** Networks of this node whose endpoints are known as they once were. */
function staleNetworks({ view }: Agent): readonly Problem[] {
  return view.networks().flatMap(({ id, name }): Problem[] => {
    const endpoints = view.endpoints(id);
    if (endpoints?.state !== 'stale') return [];
    return [{ what: `network ${name}`, why: `its endpoints are as last heard: ${endpoints.trouble ?? ''}` }];
  });
}

const networkText = ({ network }: Endpoint, view: View): string => view.networkById(network)?.name ?? network;

function warningsOf(agent: Agent): readonly Problem[] {
  const { view } = agent;
  const undeclared = view.networks().filter(({ name, phase }) => {
    return phase.kind === 'active' && view.wishes.get(keys.network(name)) === undefined;
  });
  const orphans = undeclared.map(({ name }) => ({
    what: `network ${name}`,
    why: 'its declaration was deleted; it stays until its last endpoint has gone',
    hint:
      `\`weft network apply\`, or writing the key ${keys.network(name)} again, keeps it; ` +
      `\`weft network rm --force ${name}\` removes it`,
  }));
  const overlapping = acceptedOverlaps(view.networks()).map(({ one, other, subnets: [a, b] }) => ({
    what: `network ${one.name}`,
    why: `its subnet ${a} overlaps ${b} of network ${other.name}: they were accepted by different states of the store`,
    hint: 'each works for itself; remove one of them and create it again with another subnet',
  }));
  const kept = nodesOf(agent).flatMap(({ name, state, why }) => {
    if (why === undefined) return [];
    const hint = `\`weft node forget ${name}\` gives its endpoints up`;
    return [{ what: `node ${name}`, why: `is ${state} and kept: ${why}`, hint }];
  });
  const contested = conflictsOf(agent.id, view).winners.map(({ endpoint, others }) => ({
    what: `endpoint ${endpoint.name ?? endpoint.sandbox.key} of network ${networkText(endpoint, view)}`,
    why: `holds what others had, which are down: ${others.map((other) => endpointText(other, view)).join(', ')}`,
  }));
  const full = view
    .networks()
    .flatMap((network) => poolsAbove(fullMark, network, view))
    .map(({ network, pool, used, total }) => ({
      what: `pool ${pool} of network ${network.name}`,
      why: `${used} of ${total} addresses are used`,
      hint: `\`weft ip ls --network ${network.name}\` shows by whom`,
    }));
  return [orphans, overlapping, kept, contested, abandoned(agent), homeless(agent), full].flatMap(shorten);
}

/** Own endpoints whose sandbox is gone, for as long as it may come back. */
function abandoned({ view, returner, sandboxWatch, operations }: Agent): readonly Problem[] {
  const own = returner.own().filter((endpoint) => !operations.intents.isGone(endpoint.id));
  return own.flatMap((endpoint): readonly Problem[] => {
    const vanished = sandboxWatch.vanished(endpoint);
    if (vanished === undefined) return [];
    const { since, until } = goneJson(vanished);
    const { name, sandbox } = endpoint;
    const network = networkText(endpoint, view);
    const detach = `\`weft detach --network ${network} ${sandbox.key.replace(/^netns:/, '')}\``;
    const what = `endpoint ${name ?? sandbox.key} of network ${network}`;
    const why = `its sandbox ${sandbox.path} is gone since ${since}`;
    const hint =
      until === undefined
        ? `it waits for a namespace of this name, as after a reboot; ${detach} gives it up`
        : `it is detached soon after ${until}, unless it is attached again before`;
    return [{ what, why, hint }];
  });
}

/** Endpoints of others that cannot be sent to yet. */
function homeless({ view, reconciler }: Agent): readonly Problem[] {
  return view.joined().flatMap((network) =>
    Array.from(view.endpoints(network)?.records.values() ?? []).flatMap(({ value }): readonly Problem[] => {
      const progress = reconciler.progress(network, value.id);
      if (progress?.kind !== 'pending' || progress.why === undefined) return [];
      const what = `endpoint ${value.name ?? value.sandbox.key} of network ${networkText(value, view)}`;
      return [{ what, why: `is not programmed: ${progress.why}` }];
    }),
  );
}

function shorten(list: readonly Problem[]): readonly Problem[] {
  if (list.length <= most) return list;
  return [...list.slice(0, most), { what: 'more', why: `and ${list.length - most} more of this kind` }];
}
