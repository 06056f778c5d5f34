import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventKind } from '../../model/event.ts';
import type { EventJson, EventsJson } from '../../api/schemas/event.ts';
import type { NodeJson } from '../../api/schemas/node.ts';
import { call, endpointsSeenBy } from '../lab/call.ts';
import type { Host } from '../lab/host.ts';
import { waitFor } from '../lab/wait.ts';

/** What one host's agent knows of the nodes; those that are collected are not in it. */
export const nodesSeenBy = (host: Host): Promise<readonly NodeJson[]> =>
  call<readonly NodeJson[]>(host, 'GET', '/v1/nodes');

export const nodeSeenBy = async (host: Host, name: string): Promise<NodeJson | undefined> =>
  (await nodesSeenBy(host)).find((node) => node.name === name);

/** What one host's agent has told of this kind, earlier lives included. */
export const eventsOf = async (host: Host, kind: EventKind): Promise<readonly EventJson[]> =>
  (await call<EventsJson>(host, 'GET', '/v1/events')).events.filter((event) => event.kind === kind);

/** How often the agents of these hosts have told something of this kind, earlier lives included. */
export async function countEvents(hosts: readonly Host[], kind: EventKind): Promise<number> {
  const all = await Promise.all(hosts.map((host) => eventsOf(host, kind)));
  return all.flat().length;
}

/** Waits until a host sees a node in this state; `unknown`: it has no record any more. */
export async function until(
  host: Host,
  name: string,
  state: NodeJson['state'] | 'unknown',
  within = 20_000,
): Promise<void> {
  const look = async (): Promise<true> => {
    const seen = (await nodeSeenBy(host, name))?.state ?? 'unknown';
    if (seen === state) return true;
    throw new Error(`it is ${seen}`);
  };
  await waitFor(`${name} to be ${state} for ${host.name}`, look, { within, every: 50 });
}

/** The host dies as a machine does: its agent is killed and its cable is out. */
export async function die(host: Host): Promise<void> {
  await host.cable('down');
  await host.agent.kill9();
}

export async function revive(host: Host): Promise<void> {
  await host.cable('up');
  await host.agent.start();
  await host.agent.waitReady();
}

/**
 * Waits until the last good view of each of these agents is on its disk with all endpoints that it knows now: after a crash it knows
 * them still.
 */
export async function viewIsKept(hosts: readonly Host[]): Promise<void> {
  for (const host of hosts) {
    const ids = (await endpointsSeenBy(host)).map(({ id }) => id);
    const isThere = (): boolean => {
      const text = readFileSync(join(host.directory, 'state', 'view.jsonl'), 'utf8');
      return ids.every((id) => text.includes(id));
    };
    await waitFor(`the view of ${host.name} to be kept`, isThere, { within: 20_000, every: 50 });
  }
}
