import type { DrainedNodeJson, NodeJson } from '../../api/schemas/node.ts';
import { keys, prefixes } from '../../kvstore/keys.ts';
import { decodeEndpoint } from '../../kvstore/records/endpoint.ts';
import { hasCode } from '../../model/errors.ts';
import type { Node, NodeId } from '../../model/node.ts';
import type { Agent } from '../agent.ts';
import { nodeJson } from '../present.ts';
import { askToDrain } from './drain.ts';
import type { ForgetPorts } from './forget.ts';

/** @throws NOT_READY unless the view may be believed. */
export function nodeWordPorts(agent: Agent): ForgetPorts {
  const { view, collector, ports } = agent;
  const self = agent.self().node;
  if (view.state !== 'insync') throw agent.notReady('the store is out of reach');
  return { self, view, store: ports.store, collector };
}

/** All nodes, sorted by name. */
export function nodesOf({ view, id, collector }: Agent): readonly NodeJson[] {
  const joined = new Set(view.joined());
  const knowsAll = view.networks().every((n) => joined.has(n.id));
  const counts = new Map<string, number>();
  for (const network of joined) {
    for (const { value } of view.endpoints(network)?.records.values() ?? []) {
      counts.set(value.node, (counts.get(value.node) ?? 0) + 1);
    }
  }
  const standing = (node: Node): Pick<NodeJson, 'alive' | 'state'> & { readonly why?: string } => {
    if (!view.isAlive(node.id)) return { alive: false, ...collector.standing(node.id) };
    const isDrained = view.fences.get(keys.fence(node.id))?.value.kind === 'drain';
    return { alive: true, state: isDrained ? 'draining' : 'alive' };
  };
  return view
    .nodeList()
    .toSorted((a, b) => (a.name < b.name ? -1 : 1))
    .map((node) => {
      const self = node.id === id;
      const endpoints = self || knowsAll ? (counts.get(node.id) ?? 0) : null;
      return nodeJson(node, { ...standing(node), self, endpoints });
    });
}

/** Asks the node, waits for it as long as the signal lasts, and tells how far it has come. */
export async function drain(
  word: string,
  confirm: string | undefined,
  agent: Agent,
  signal: AbortSignal,
): Promise<DrainedNodeJson> {
  const { view } = agent;
  const meant = await askToDrain(word, confirm, nodeWordPorts(agent), signal);
  const isDone = (): true | undefined =>
    view.fences.get(keys.fence(meant.id)) === undefined ? true : undefined;
  try {
    await view.until(isDone, signal);
    return { ...meant, state: 'drained', endpoints: 0 };
  } catch (error) {
    if (!hasCode(error, 'TIMEOUT')) throw error;
    return { ...meant, state: 'draining', endpoints: await endpointsLeft(meant.id, agent) };
  }
}

const countPatience = 10_000;

async function endpointsLeft(node: NodeId, agent: Agent): Promise<number> {
  const signal = agent.deadline(countPatience);
  const { view, ports } = agent;
  const lists = view.networks().map(({ id }) => ports.store.list(prefixes.endpoints(id), { signal }));
  const entries = (await Promise.all(lists)).flatMap((list) => list.entries);
  return entries.filter(({ key, value }) => {
    try {
      return decodeEndpoint(key, value).node === node;
    } catch {
      return false;
    }
  }).length;
}
