import { keys, prefixes } from '../../../kvstore/keys.ts';
import { networkScope, sandboxScope } from '../../../linux/objects/scope.ts';
import { ObjectSet } from '../../../linux/objects/object-set.ts';
import { describeStep } from '../../../linux/plan/print.ts';
import { plan } from '../../../linux/plan/plan.ts';
import type { Kernel } from '../../../linux/kernel.ts';
import type { Endpoint, Sandbox } from '../../../model/endpoint.ts';
import type { NetworkId } from '../../../model/network.ts';
import type { NodeId } from '../../../model/node.ts';
import { expectedObjects, type Content } from './expected.ts';
import type { Machine } from './machine.ts';
import type { Sea } from './sea.ts';

/** What is still not as it must be when nothing happens any more. Empty: all is well. */
export async function unrest(sea: Sea): Promise<readonly string[]> {
  const content = sea.content();
  const found: string[] = [];
  for (const machine of sea.machines) if (machine.isOn) found.push(...ofAgent(machine));
  if (found.length > 0) return found;
  for (const machine of sea.machines) if (machine.isOn) found.push(...ofNews(machine, content));
  found.push(...ofStore(content), ...ofNodes(sea, content), ...ofPromises(sea, content));
  for (const machine of sea.machines) if (machine.isOn) found.push(...(await ofKernel(machine, content)));
  return found;
}

function ofAgent(machine: Machine): readonly string[] {
  const { name } = machine;
  if (machine.running === undefined || machine.isStopping) return [`${name} does not run`];
  const { phase, view, trust, membership, operations, returner } = machine.agent;
  if (phase !== 'ready') return [`the agent of ${name} is ${phase}`];
  if (view.state !== 'insync')
    return [`the view of ${name} is ${view.state}: ${view.trouble ?? 'no word why'}`];
  const found: string[] = [];
  const behind = view.joined().filter((id) => view.endpoints(id)?.state !== 'insync');
  if (behind.length > 0) found.push(`${name} does not have all news of ${behind.join(', ')}`);
  if (trust.standing.kind !== 'ours')
    found.push(`${name} does not believe the store: ${trust.standing.kind}`);
  if (membership.state.kind !== 'joined') found.push(`${name} is not joined`);
  if (view.held().length > 0) found.push(`${name} holds ${view.held().join(', ')}`);
  const open = operations.intents.open();
  if (open.length > 0) found.push(`${name} has open intents: ${JSON.stringify(open)}`);
  for (const { endpoint, why } of returner.missing()) found.push(`${name} misses ${endpoint.id}: ${why}`);
  return found;
}

/** Does an agent know what the store says of its own endpoints? */
function ofNews({ name, agent }: Machine, { endpoints }: Content): readonly string[] {
  const own = endpoints.filter((e) => e.node === agent.id);
  const unseen = own.filter(
    (e) => agent.view.endpoints(e.network)?.get(keys.endpoint(e.network, e.id)) === undefined,
  );
  return unseen.map((e) => `${name} does not know its endpoint ${e.id} (${e.sandbox.path})`);
}

function ofStore({ entries, networks }: Content): readonly string[] {
  const found: string[] = [];
  const ids = new Set<string>(networks.map((n) => n.id));
  for (const key of entries.keys()) {
    if (key === 'restoring' || key.startsWith(prefixes.fences)) found.push(`${key} is left`);
    const network = /^net\/([^/]+)\//.exec(key)?.[1];
    if (network !== undefined && !ids.has(network)) found.push(`${key} is of a network that is gone`);
  }
  for (const { name, phase } of networks)
    if (phase.kind === 'removing') found.push(`network ${name} is still being removed`);
  return found;
}

/** The nodes are those that live. */
function ofNodes({ machines }: Sea, { entries, nodes, endpoints }: Content): readonly string[] {
  const found: string[] = [];
  const living = new Set<NodeId>(
    machines.flatMap((m) => (m.isOn && m.running !== undefined ? [m.agent.id] : [])),
  );
  for (const id of living) if (!nodes.has(id)) found.push(`node ${id} has no record`);
  for (const { id, name } of nodes.values())
    if (!living.has(id)) found.push(`node ${name} (${id}) is gone and has a record`);
  for (const { id, node } of endpoints)
    if (!living.has(node)) found.push(`endpoint ${id} is of ${node}, which is gone`);
  for (const key of entries.keys()) {
    if (!key.startsWith(prefixes.nodeClaims)) continue;
    const owner = new TextDecoder().decode(entries.get(key)?.value);
    if (!nodes.has(owner as NodeId)) found.push(`${key} is claimed by ${owner}, which is no node`);
  }
  return found;
}

function ofPromises({ ledger, drained }: Sea, { networks, endpoints }: Content): readonly string[] {
  const found: string[] = [];
  const there = new Map<string, (typeof endpoints)[number]>(endpoints.map((e) => [e.id, e]));
  for (const { machine, sandbox, network, endpoint, id } of ledger.attached()) {
    if (drained.has(machine) || !networks.some((n) => n.id === id)) continue;
    if (!there.has(endpoint))
      found.push(`${sandbox} on ${machine} was attached to ${network}, and ${endpoint} is gone`);
  }
  for (const id of ledger.detached())
    if (there.has(id)) found.push(`endpoint ${id} was detached, and is there`);
  return found;
}

function isThere(kernel: Kernel, { path, bootId, cookie }: Sandbox): boolean {
  try {
    const now = kernel.identify(sandboxScope(path));
    return now.bootId === bootId && now.cookie === cookie;
  } catch {
    return false;
  }
}

async function ofKernel(
  { name, agent, kernel, sandboxes }: Machine,
  content: Content,
): Promise<readonly string[]> {
  const found: string[] = [];
  const lives = ({ id, sandbox }: Endpoint): boolean => {
    if (isThere(kernel, sandbox)) return true;
    // After a reboot it may come back under its name, however late.
    if (sandbox.bootId === kernel.bootId())
      found.push(`${name} still has endpoint ${id} of ${sandbox.path}, which is gone`);
    return false;
  };
  const expected = expectedObjects(content, agent.id, lives);
  const there = (await kernel.namespaces()).map(({ scope }) => scope.slice('network:'.length) as NetworkId);
  const known = [...sandboxes].map((each) => sandboxScope(`/run/netns/${each}`));
  for (const id of new Set([...there, ...expected.keys()])) {
    const { objects } = await kernel.observe(networkScope(id), known);
    const steps = plan(expected.get(id) ?? new ObjectSet(), objects);
    if (steps.length > 0)
      found.push(
        `the kernel of ${name} differs: ${steps.slice(0, 5).map(describeStep).join('; ')} (${steps.length})`,
      );
  }
  return found;
}
